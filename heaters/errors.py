"""Everything that heaters raises on purpose, in one tree.

    HeatersError                      exit 1
    ├── UsageError                    exit 2: the call is wrong
    │   ├── WorkspaceNotFound         no workspace here or above
    │   ├── UnknownReference          no such source or clip
    │   ├── FrameOutsideClip          a frame number that is not inside its clip
    │   └── SettingsError             an unknown setting or a value it does not take
    ├── DecisionRefused               exit 1: the state of the clips forbids it
    │   ├── StaleVersion              a clip has changed since the caller looked
    │   ├── ClipFrozen                exported, exporting or archived
    │   ├── ClipLeased                another reviewer holds the clip
    │   └── NothingToUndo             no command of this reviewer is left to undo or redo
    ├── MediaError                    exit 1: one source can't be processed
    │   ├── NotAVideo                 permanent: never was or never will be a readable video
    │   ├── DamagedMedia              permanent unless allowed: part of the pictures can't be decoded
    │   ├── NotAvailable              permanent: an address of the web gives no film, or may not be asked
    │   ├── DownloadFailed            the network failed; trying again goes on from what is there
    │   └── VerificationFailed        an artefact differs from what was recorded
    ├── StageFailed                   exit 1: a stage died for another reason (killed worker, I/O)
    ├── RefusedToStart                exit 3
    │   ├── NotEnoughSpace            the projection is over 80 % of the free space
    │   ├── StoreUnavailable          the store can't be read or written
    │   │   └── Archived              the object has to be restored from the archive first
    │   └── CatalogError              the catalog can't be used
    │       ├── CatalogLocked         another process keeps it locked
    │       ├── CatalogNewer          written by a newer heaters
    │       └── CatalogDamaged        unreadable or inconsistent
    ├── RunActive                     exit 75: another run works on this workspace
    └── Interrupted                   exit 130: stopped by the user; only .part files are left

An error says what happened, to which file, and what to do next.
"""

from __future__ import annotations

from typing import Any, ClassVar


class HeatersError(Exception):
    """Base of every error that heaters raises on purpose.

    Attributes:
        facts: what the message is made of, by name, for programs.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts

    @property
    def message(self) -> str:
        """The sentence for people."""
        return str(self.args[0])

    def as_json(self) -> dict[str, str]:
        """The `error` member of a JSON answer."""
        return {"type": type(self).__name__, "message": self.message}

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, self.facts))


def _rebuild(kind: type[HeatersError], message: str, facts: dict[str, Any]) -> HeatersError:
    return kind(message, **facts)


class UsageError(HeatersError):
    """The call is wrong: an argument, a name, a combination."""

    exit_code = 2


class WorkspaceNotFound(UsageError):
    """No workspace at the given folder, nor in a folder above."""


class UnknownReference(UsageError):
    """No source or clip has this id or ref."""


class FrameOutsideClip(UsageError):
    """A frame number is not where the action needs it."""


class SettingsError(UsageError):
    """A setting is unknown or has a value that it does not take."""


class DecisionRefused(HeatersError):
    """The state of the clips forbids the decision; nothing was changed."""


class StaleVersion(DecisionRefused):
    """A clip has changed since the caller read its version."""


class ClipFrozen(DecisionRefused):
    """The clip is exporting, exported or archived and takes no such decision."""


class ClipLeased(DecisionRefused):
    """Another reviewer holds the clip right now."""


class NothingToUndo(DecisionRefused):
    """This reviewer has no command left to undo (or redo)."""


class MediaError(HeatersError):
    """A source can't be processed.

    Attributes:
        permanent: True where trying again can't help, so the source is parked at once.
    """

    permanent: ClassVar[bool] = False


class NotAVideo(MediaError):
    """The file is not a video that can be read."""

    permanent = True


class DamagedMedia(MediaError):
    """A part of the pictures can't be decoded, and the source does not allow that."""

    permanent = True


class NotAvailable(MediaError):
    """An address of the web gives no film that can be taken, or the settings forbid to ask it."""

    permanent = True


class DownloadFailed(MediaError):
    """A film could not be fetched for now; what has come of it is kept."""


class VerificationFailed(MediaError):
    """An artefact differs from what was recorded when it was made."""


class StageFailed(HeatersError):
    """A stage ended for a reason outside of the media: a killed worker, an I/O error."""


class RefusedToStart(HeatersError):
    """Nothing was started, because it could not have ended well."""

    exit_code = 3


class NotEnoughSpace(RefusedToStart):
    """The projected bytes are over the allowed part of the free space."""


class StoreUnavailable(RefusedToStart):
    """The store can't be read or written."""


class Archived(StoreUnavailable):
    """The object lies in an archive class and can't be read before it is restored; facts: `key`, `restoring`."""


class CatalogError(RefusedToStart):
    """The catalog can't be used."""


class CatalogLocked(CatalogError):
    """Another process kept the catalog locked for longer than we wait."""


class CatalogNewer(CatalogError):
    """The catalog was written by a newer heaters."""


class CatalogDamaged(CatalogError):
    """The catalog is unreadable or inconsistent."""


class RunActive(HeatersError):
    """Another run works on this workspace."""

    exit_code = 75


class Interrupted(HeatersError):
    """The user stopped it; finished work is kept, unfinished work is left as `.part` files."""

    exit_code = 130
