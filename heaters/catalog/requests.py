"""The commands of the pipeline, as data. (Reviewers' decisions are `heaters.domain.commands.Decision`.)

Each is carried out by `heaters.catalog.perform.perform` in one transaction. All are JSON-able.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back this reviewer's latest command that can be undone, of one source if it is named."""

    op_id: str
    reviewer: str
    source_id: int | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Redo:
    """Carry out again what this reviewer undid last, unless a new decision came after it."""

    op_id: str
    reviewer: str
    source_id: int | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class AddSource:
    """Note a new source before its bytes are copied. Known bytes (same sha256) give the row that is there."""

    sha256: str
    title: str
    origin: str
    origin_url: str
    needs_splicing: bool
    allow_truncated: bool
    original_bytes: int
    probe: Mapping[str, Any]
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Artifact:
    """A published file: what `clip_artifacts` keeps of it."""

    kind: str
    uri: str
    bytes: int
    sha256: str
    params_hash: str = ""
    clip_id: int | None = None
    frame: int | None = None
    storage_class: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class StartStage:
    """A stage begins on a source: its state says so, and its job counts the attempt."""

    stage: str
    source_id: int
    input_hash: str
    params_hash: str
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class FinishStage:
    """A stage ended well: columns, artefacts and shots in one transaction. A second one for the same job does nothing.

    Attributes:
        columns: columns of `source_videos` to set.
        artifacts: replace the live ones of the same kinds of this source.
        cuts: first frames of shots to lay; None where the stage lays none.
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
    pts: Sequence[int] | None = None
    warnings: Sequence[str] = ()
    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class FailStage:
    """A stage failed. The source is parked when trying again can't help or was tried often enough."""

    stage: str
    source_id: int
    input_hash: str
    params_hash: str
    error: str
    permanent: bool
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Park:
    """Take a source out of all runs until `Retry`."""

    source_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Let parked or failed sources be tried again from where they stand; clears their counts."""

    source_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class StartExport:
    """A clip begins to be exported; refused unless it is still what the caller saw."""

    clip_id: int
    version: int
    input_hash: str
    params_hash: str
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class FinishExport:
    """A clip was exported, or its file was found to be there already."""

    op_id: str
    clip_id: int
    input_hash: str
    params_hash: str
    filepath: str
    main: bool
    artifacts: Sequence[Artifact] = ()
    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class FailExport:
    """A clip could not be exported."""

    clip_id: int
    input_hash: str
    params_hash: str
    error: str


@dataclass(frozen=True, slots=True)
class AddKeyframes:
    """Thumbnails of shots were published."""

    source_id: int
    artifacts: Sequence[Artifact]


@dataclass(frozen=True, slots=True)
class DropArtifacts:
    """Forget artefacts whose files a janitor has removed or found missing."""

    artifact_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class StartRun:
    """A run begins; runs that died are closed."""

    verb: str
    pid: int
    host: str


@dataclass(frozen=True, slots=True)
class FinishRun:
    """A run ended."""

    run_id: int
    state: str
    done: int = 0
    failed: int = 0
    waiting: int = 0
    bytes: int = 0
