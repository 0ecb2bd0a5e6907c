"""The store protocol: what every kind of store does, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

STANDARD: Final = "STANDARD"
"""The storage class of what can be read at any time."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a store knows of one object without reading it: its key, its length in bytes, and when it was written.

    Attributes:
        written: seconds since the epoch.
        sha256: of its bytes, as hex, as it was told when it was published; None where the store does not keep it.
        storage_class: as the store names it.
        archived: it can't be read before a restore is done.
        restoring: a restore was asked for and is not done.
    """

    key: str
    bytes: int
    written: float
    sha256: str | None = None
    storage_class: str = STANDARD
    archived: bool = False
    restoring: bool = False


class Part(Protocol):
    """A file in the making. It is locked by its writer, so that a janitor can tell it from a dead one.

    Leaving the `with` block without `publish` removes it.
    """

    path: Path

    def publish(self, sha256: str | None = None) -> Head:
        """Make it durable, then visible under its key, replacing what was there.

        Args:
            sha256: of its bytes, as hex, by whoever has read them already: a store that keeps it need not do so again.

        Raises:
            StoreUnavailable: it can't be written.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Store(Protocol):
    """A place for artefacts. An absolute key is a file of a user's own and its own path in every store.

    Attributes:
        address: opens it again in any process by `open_store`; it holds every setting that is needed, and no secret.
        place: what `source_videos.store` says of it: None for the workspace's own folder.
    """

    address: str
    place: str | None

    def part(self, key: str) -> Part:
        """Begin to write the object `key`."""

    def local_path(self, key: str) -> Path:
        """A path on this machine from which the whole object can be read for as long as this store lives.

        There need be no file where the store is a folder and has no such object.

        Raises:
            Archived: it has to be restored first.
            StoreUnavailable: it can't be fetched, or there is none.
        """

    def read(self, key: str, start: int, length: int) -> bytes:
        """Exactly the bytes `[start, start + length)` of an object, whatever it took.

        Raises:
            Archived: it has to be restored first.
            StoreUnavailable: there is no such object, it has no such bytes, or they can't be read.
        """

    def head(self, key: str) -> Head | None:
        """What is known of the object; None if there is none."""

    def uri(self, key: str) -> str:
        """What a user would open: an absolute path, or a URI."""

    def url(self, key: str, seconds: int) -> str | None:
        """An address by which a browser may read the object, by ranges too, for so many seconds; None if there is no such way."""

    def restore(self, key: str, days: int = 7) -> None:
        """Ask for an archived object to be made readable for some days. Asking again, or for one that is readable, is harmless."""

    def delete(self, key: str) -> None:
        """Remove the object; no error if there is none."""

    def list(self, prefix: str) -> Iterator[Head]:
        """All published objects below a folder, without those in the making and mostly without `sha256`."""

    def remove_dead_parts(self) -> Sequence[str]:
        """Remove what was in the making when its writer died; returns what it was."""

    def free_bytes(self) -> int | None:
        """Free space; None where there is no limit."""
