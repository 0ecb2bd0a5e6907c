"""The commands of the pipeline, as data. Those of reviewers are `heaters.domain.commands.Decision`.

Each is carried out by `heaters.catalog.perform.perform` in one transaction. All are JSON-able.

Named tuples, not dataclasses: making sixteen of those costs 40 ms at every start of the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple


class Undo(NamedTuple):
    """Take back this reviewer's latest command that can be undone: of one source, or a certain one, if that is named.

    Attributes:
        of: the op_id of the command to take back.
    """

    op_id: str
    reviewer: str
    source_id: int | None = None
    session: str | None = None
    of: str | None = None


class Redo(NamedTuple):
    """Carry out again what this reviewer undid last, unless a new decision came after it. Attributes as of `Undo`."""

    op_id: str
    reviewer: str
    source_id: int | None = None
    session: str | None = None
    of: str | None = None


class Seat(NamedTuple):
    """Who works at a review page, and what the page knows.

    Attributes:
        session: of the browser tab or notebook cell; a reload keeps it.
        token: of this opening of it. Leases carry it, so that what an earlier opening still sends holds nothing.
        source_id: what is reviewed; 0 before there is anything.
        held: the clips that the page believes to hold.
        seen: number of the last event that it knows of.
        seconds: how long its leases last.
        clips: how many it is handed at a time.
    """

    session: str
    token: str
    reviewer: str
    source_id: int
    held: Sequence[int]
    seen: int
    seconds: float
    clips: int


class BeginReview(NamedTuple):
    """A page opens, or goes to another clip or source: hand out a run of clips.

    Attributes:
        clip_id: begin there.
        source_id: begin in this source, where the session was last in it.
    """

    seat: Seat
    clip_id: int | None = None
    source_id: int | None = None


class ReviewDecision(NamedTuple):
    """A decision at a page. Attributes as of `heaters.domain.decision.Decision`."""

    seat: Seat
    op_id: str
    action: str
    clip_ids: Sequence[int]
    frame: int | None = None
    versions: Mapping[int, int] | None = None
    values: Mapping[str, Any] | None = None


class ReviewUndo(NamedTuple):
    """Take back the reviewer's latest command on the source; not one of another window of his that is open.

    Attributes:
        down_to: number of an event of his: take back all commands down to and with it, or none of them.
    """

    seat: Seat
    op_id: str
    down_to: int | None = None


class ReviewRedo(NamedTuple):
    """Carry out again what the reviewer undid last on the source."""

    seat: Seat
    op_id: str


class Beat(NamedTuple):
    """A page lives: its leases go on, and it hears what others did.

    Attributes:
        shown: the clip on its screen; a reload begins there.
        active: somebody has done something at the page since the last beat.
    """

    seat: Seat
    shown: int | None
    active: bool


class TakeOver(NamedTuple):
    """Take a clip that another session holds.

    Attributes:
        whole_run: take everything that this other session holds on the source.
    """

    seat: Seat
    clip_id: int
    whole_run: bool = False


class GiveBack(NamedTuple):
    """A page goes: its clips are free when its seat says, `seconds` from now, or as soon as their leases run out."""

    seat: Seat


class SetPreferences(NamedTuple):
    """Keep what a reviewer prefers, on top of what is kept already."""

    reviewer: str
    values: Mapping[str, Any]


class AddSource(NamedTuple):
    """Note a new source before its bytes are copied. Known bytes (same sha256) give the row that is there.

    Attributes:
        sha256: None while nobody knows the bytes; then `web_key` says what is known already.
        store: where its files will lie, as of the column; None for the folder of the workspace.
        web_key: by what a source from the web is known again; some object in `probe` has it too.
    """

    sha256: str | None
    title: str
    origin: str
    origin_url: str
    needs_splicing: bool
    allow_truncated: bool
    original_bytes: int | None
    probe: Mapping[str, Any]
    warnings: Sequence[str] = ()
    store: str | None = None
    web_key: str | None = None


class Artifact(NamedTuple):
    """A published file: what `clip_artifacts` keeps of it."""

    kind: str
    uri: str
    bytes: int
    sha256: str
    params_hash: str = ""
    clip_id: int | None = None
    frame: int | None = None
    storage_class: str = "STANDARD"


class StartStage(NamedTuple):
    """A stage begins on a source: its state says so, and its job counts the attempt."""

    stage: str
    source_id: int
    input_hash: str
    params_hash: str
    run_id: int | None = None


class FinishStage(NamedTuple):
    """A stage ended well: columns, artefacts and shots in one transaction. A second one for the same job does nothing.

    Attributes:
        columns: columns of `source_videos` to set.
        artifacts: replace the live ones of the same kinds of this source.
        cuts: first frames of shots to lay; None where the stage lays none.
        clip_filepath: the file that a clip of all frames already is; None where there is none.
        pts: exact times for `frame_pts`; None for evenly spaced sources.
    """

    stage: str
    source_id: int
    input_hash: str
    params_hash: str
    columns: Mapping[str, Any]
    artifacts: Sequence[Artifact] = ()
    cuts: Sequence[int] | None = None
    detector: str | None = None
    clip_filepath: str | None = None
    pts: Sequence[int] | None = None
    warnings: Sequence[str] = ()
    seconds: float = 0.0
    bytes: int = 0


class FailStage(NamedTuple):
    """A stage failed. The source is parked when trying again can't help or was tried often enough."""

    stage: str
    source_id: int
    input_hash: str
    params_hash: str
    error: str
    permanent: bool
    max_attempts: int


class Park(NamedTuple):
    """Take a source out of all runs until `Retry`."""

    source_id: int
    reason: str


class ForgetSource(NamedTuple):
    """Take back a new source of which nothing could ever be fetched; its row goes."""

    source_id: int


class Retry(NamedTuple):
    """Let parked or failed sources be tried again from where they stand; clears their counts."""

    source_ids: Sequence[int]


class StartExport(NamedTuple):
    """A clip begins to be exported; refused unless it is still what the caller saw."""

    clip_id: int
    version: int
    input_hash: str
    params_hash: str
    run_id: int | None = None


class FinishExport(NamedTuple):
    """A clip was exported, or its file was found to be there already.

    Attributes:
        cut_points: `(start_frame, end_frame)` that the file holds; refused if the clip has others by now.
    """

    op_id: str
    clip_id: int
    input_hash: str
    params_hash: str
    filepath: str
    main: bool
    artifacts: Sequence[Artifact] = ()
    seconds: float = 0.0
    bytes: int = 0
    cut_points: tuple[int, int] | None = None


class FailExport(NamedTuple):
    """A clip could not be exported."""

    clip_id: int
    input_hash: str
    params_hash: str
    error: str


class AddKeyframes(NamedTuple):
    """Thumbnails of shots were published."""

    source_id: int
    artifacts: Sequence[Artifact]


class DropArtifacts(NamedTuple):
    """Forget artefacts that a janitor has found missing, and the files of clips that others have taken the place of."""

    artifact_ids: Sequence[int] = ()


LEFT: Final = "left."
"""In `meta`, before the id of a source: the store in which files of its old place are still to be removed."""
HOME: Final = "."
"""Stands in such a note for the folder of the workspace."""


class MoveSource(NamedTuple):
    """All files of a source have been copied to another store: from now on they are read there.

    Attributes:
        old: where the source was when its files were copied; as of the column `store`.
        new: where they are.
        classes: key → storage class there, of every file; None for a superseded one that is gone.
        leaves: note that the files at the old place are to be removed, until `FinishMove`.
    """

    source_id: int
    old: str | None
    new: str | None
    classes: Mapping[str, str | None]
    leaves: bool = True


class FinishMove(NamedTuple):
    """Nothing of a source is left at its old place."""

    source_id: int


class NoteRestore(NamedTuple):
    """Tell when an archived object was asked for.

    Attributes:
        fresh: it was asked for just now.
    """

    uri: str
    fresh: bool


class StartRun(NamedTuple):
    """A run begins; runs that died are closed."""

    verb: str
    pid: int
    host: str


class FinishRun(NamedTuple):
    """A run ended."""

    run_id: int
    state: str
    done: int = 0
    failed: int = 0
    waiting: int = 0
    bytes: int = 0
    report: str | None = None


REPEATABLE: Final = (BeginReview, Beat, TakeOver, GiveBack, SetPreferences, FinishMove, NoteRestore)
"""Commands without an `op_id` that do no harm when they are carried out twice, since they say how things are to be."""

ReviewCommand = BeginReview | ReviewDecision | ReviewUndo | ReviewRedo | Beat | TakeOver
"""What a page sends and is answered with where it stands."""
