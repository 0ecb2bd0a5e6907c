"""What goes into a decision and what comes out of it, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heaters.domain.model import Clip


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of one reviewer.

    Attributes:
        op_id: UUID text made by the client; the same op_id is carried out once.
        action: one of `ACTIONS`.
        clip_ids: what it is about, in the order given; empty only for `retune` and `import`.
        frame: absolute source frame, for `split` and `move-cut`.
        versions: clip id → version that the client saw; None means "whatever it is now".
        values: for `annotate`: label, tags, note; for `label`: each, clip id → those; for `retune` and `import`:
            source_id, cuts, detector.
    """

    op_id: str
    action: str
    clip_ids: tuple[int, ...]
    reviewer: str
    frame: int | None = None
    versions: Mapping[int, int] | None = None
    session: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """What a decision is made on: all live clips of the sources concerned, and what it may hand out.

    Attributes:
        clips: sorted by source and start frame; none is superseded.
        n_frames: source id → frames.
        next_id: first unused clip id.
        next_no: source id → first unused clip number.
        now: the time of the decision, UTC without a time zone.
    """

    clips: tuple[Clip, ...]
    n_frames: Mapping[int, int]
    next_id: int
    next_no: Mapping[int, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Rows before and after, by clip id. A clip that is only in `after` is new."""

    before: tuple[Clip, ...]
    after: tuple[Clip, ...]
