"""The rows that the core works on, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from heaters.domain.cuts import CutPoints


@dataclass(frozen=True)
class Clip:
    """One reviewable row: a half-open range of frames of one source and what was decided about it.

    Attributes:
        clip_no: number within the source, never reused; the ref is `source.clip_no`.
        is_virtual: True until a file of exactly these frames has been exported.
        group_id: lowest clip id of its group, or None.
        version: grows by one at every change; the only field that undo does not restore.
        origin: `auto` (detected), `human` (cut points made by a reviewer) or `import`.
        reviewer: who touched it last; None while no human has.
    """

    id: int
    clip_no: int
    source_video_id: int
    start_frame: int
    end_frame: int
    state: str = "pending"
    is_virtual: bool = True
    clip_filepath: str | None = None
    group_id: int | None = None
    version: int = 1
    label: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    origin: str = "auto"
    detector: str | None = None
    reviewer: str | None = None
    decided_at: datetime | None = None

    @property
    def cut_points(self) -> CutPoints:
        """The frames of the clip."""
        return CutPoints(self.start_frame, self.end_frame)

    @property
    def ref(self) -> str:
        """What people call it, for example `12.47`."""
        return f"{self.source_video_id}.{self.clip_no}"

    @property
    def untouched(self) -> bool:
        """True while no human has decided, cut, grouped or annotated it."""
        return self.reviewer is None

    @property
    def replaceable_by_import(self) -> bool:
        """True while the cuts of another list may replace it: pending and untouched."""
        return self.untouched and self.state == "pending"

    @property
    def replaceable(self) -> bool:
        """True while new detected cuts may replace it: so may those of a list, and no list has laid it."""
        return self.replaceable_by_import and self.origin != "import"

    def same_content(self, other: Clip) -> bool:
        """Tell whether all but the version is equal."""
        return {**self.__dict__, "version": 0} == {**other.__dict__, "version": 0}

    def as_json(self) -> dict[str, Any]:
        """A JSON-able dict that `from_json` reads back to an equal clip."""
        row = dict(self.__dict__)
        row["tags"] = list(self.tags)
        row["decided_at"] = self.decided_at.isoformat() if self.decided_at else None
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Clip:
        """Read what `as_json` wrote.

        Raises:
            TypeError: a field that there is not, or one without a default that is missing.
        """
        at = row["decided_at"]
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return cls(**{**row, "tags": tuple(row["tags"] or ()), "decided_at": moment})

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Clip:
        """A clip from the values of all fields in the order of `CLIP_FIELDS`, as a database gives them.

        A command reads every live clip of a source, and the constructor of a frozen dataclass sets its fields one
        by one through `object.__setattr__`; filling them at once takes half the time.
        """
        clip = object.__new__(cls)
        values = clip.__dict__
        values.update(zip(CLIP_FIELDS, row, strict=True))
        values["tags"] = tuple(values["tags"] or ())
        return clip


CLIP_FIELDS: Final = tuple(one.name for one in fields(Clip))
"""Names of the fields of a clip, in order."""
