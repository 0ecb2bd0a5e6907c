"""What a decision is made on: a light outline of whole sources, and the full rows of the few clips it can touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.clip_rows import clip_numbers, clips_by_id, read_clips
from heaters.catalog.transaction import Transaction
from heaters.domain import commands
from heaters.domain.commands import Board, Change, Decision
from heaters.domain.model import Clip
from heaters.domain.states import CLIP_STATES
from heaters.errors import CatalogDamaged

if TYPE_CHECKING:
    import numpy.typing as npt

_AHEAD: Final = 2
"""Pending clips behind the touched ones to read along: one of them is what the reviewer sees next."""
_PLACES: Final = {name: place for place, name in enumerate(CLIP_STATES)}

_MAKES_NO_CLIPS: Final = frozenset(
    {"approve", "skip", "archive", "reset", "merge", "move-cut", "group", "ungroup", "annotate", "label"}
)
"""Actions that need no free numbers."""


@dataclass(frozen=True, slots=True)
class Outline:
    """All live clips of some sources as columns, by source and start frame.

    A source may have thousands of clips; as columns they cost a tenth of what they cost as rows.

    Attributes:
        group: 0 where there is none.
        state: place in `CLIP_STATES`.
    """

    id: npt.NDArray[Any]
    source: npt.NDArray[Any]
    start: npt.NDArray[Any]
    end: npt.NDArray[Any]
    group: npt.NDArray[Any]
    state: npt.NDArray[Any]

    @property
    def pending(self) -> npt.NDArray[Any]:
        """Which clips are to be decided on."""
        mask: npt.NDArray[Any] = self.state == _PLACES["pending"]
        return mask

    def counts(self, source_id: int) -> dict[str, int]:
        """How many clips of a source are in each state."""
        import numpy as np  # noqa: PLC0415

        found = np.bincount(self.state[self.source == source_id], minlength=len(CLIP_STATES))
        return {name: int(found[place]) for name, place in _PLACES.items() if name != "superseded"}

    def around(self, clip_ids: Iterable[int]) -> list[int]:
        """Ids of the clips that a change of these can concern.

        From the one before the first of them to the last of them in each source, the next pending ones, and all
        members of every group among them.
        """
        import numpy as np  # noqa: PLC0415 - 0.1 s that runs without decisions need not pay

        places = np.flatnonzero(np.isin(self.id, list(clip_ids)))
        wanted = np.zeros(len(self.id), dtype=bool)
        for source_id in np.unique(self.source[places]):
            own = places[self.source[places] == source_id]
            wanted[max(own[0] - 1, 0) : own[-1] + 1] = True
            wanted[own[-1] + 1 :][np.flatnonzero(self.pending[own[-1] + 1 :])[:_AHEAD]] = True
        named = self.group[wanted]
        wanted |= np.isin(self.group, named[named > 0])
        return [int(one) for one in self.id[wanted]]

    def after(self, change: Change) -> Outline:
        """The outline as a change leaves it."""
        import numpy as np  # noqa: PLC0415

        kept = ~np.isin(self.id, [clip.id for clip in (*change.before, *change.after)])
        live = [clip for clip in change.after if clip.state != "superseded"]
        rows = [
            (
                one.id,
                one.source_video_id,
                one.start_frame,
                one.end_frame,
                one.group_id or 0,
                _PLACES[one.state],
            )
            for one in live
        ]
        fresh = np.array(rows, dtype=np.int64).reshape(len(rows), 6).T
        columns = (self.id, self.source, self.start, self.end, self.group, self.state)
        return _ordered(*(np.concatenate([old[kept], new]) for old, new in zip(columns, fresh, strict=True)))

    def sound(self, n_frames: Mapping[int, int]) -> bool:
        """Tell whether the clips tile their sources and every group is named after the lowest of several members."""
        import numpy as np  # noqa: PLC0415

        if not len(self.id):
            return True
        first = np.append(True, self.source[1:] != self.source[:-1])
        last = np.append(first[1:], True)
        lengths = np.array(
            [n_frames.get(int(source_id)) or -1 for source_id in self.source[last]], dtype=np.int64
        )
        tiled = (
            not self.start[first].any()
            and bool((self.end[last] == lengths).all())
            and bool(((self.start[1:] == self.end[:-1]) | first[1:]).all())
            and bool((self.end > self.start).all())
        )
        return tiled and self._grouped_well()

    def _grouped_well(self) -> bool:
        import numpy as np  # noqa: PLC0415

        grouped = self.group > 0
        group, clip, source = self.group[grouped], self.id[grouped], self.source[grouped]
        names, members = np.unique(group, return_counts=True)
        return (
            not (clip < group).any()
            and bool(np.isin(names, clip[clip == group]).all())
            and bool((members > 1).all())
            and len(np.unique(np.stack([group, source]), axis=1).T) == len(names)
        )


def read_outline(tx: Transaction, source_ids: Sequence[int]) -> Outline:
    """The outline of some sources."""
    marks = ", ".join("?" for _ in source_ids) or "NULL"
    where = f"source_video_id IN ({marks})" if len(source_ids) != 1 else "source_video_id = ?"
    found = tx.arrays(
        "SELECT id, source_video_id, start_frame, end_frame, coalesce(group_id, 0) AS group_id, "
        f"list_position({list(CLIP_STATES)}, state)::BIGINT - 1 AS state FROM clips WHERE {where} AND state <> 'superseded'",
        list(source_ids),
    )  # fmt: skip
    return _ordered(
        *(found[name] for name in ("id", "source_video_id", "start_frame", "end_frame", "group_id", "state"))
    )


def full_board(tx: Transaction, source_ids: Sequence[int]) -> Board:
    """A board with every live clip of some sources, for what replaces many of them."""
    marks = ", ".join("?" for _ in source_ids) or "NULL"
    clips = read_clips(tx, f"source_video_id IN ({marks}) AND state <> 'superseded'", source_ids)
    lengths = tx.tuples(f"SELECT id, n_frames FROM source_videos WHERE id IN ({marks})", source_ids)
    return _board(tx, clips, dict(lengths))


def partial_board(
    tx: Transaction, outline: Outline, decision: Decision, n_frames: Mapping[int, int]
) -> Board:
    """A board with the clips that a decision can read or touch."""
    clips = clips_by_id(tx, outline.around(decision.clip_ids))
    if decision.action in _MAKES_NO_CLIPS:
        return Board(tuple(clips), n_frames, next_id=0, next_no={}, now=tx.now)
    return _board(tx, clips, n_frames)


def _board(tx: Transaction, clips: Sequence[Clip], n_frames: Mapping[int, int]) -> Board:
    names = ["clips", *(clip_numbers(source_id) for source_id in n_frames)]
    marks = ", ".join("?" for _ in names)
    values = dict(tx.tuples(f"SELECT name, value FROM counters WHERE name IN ({marks})", names))
    return Board(
        clips=tuple(clips), n_frames=n_frames, next_id=values.get("clips", 0) + 1, now=tx.now,
        next_no={source_id: values.get(clip_numbers(source_id), 0) + 1 for source_id in n_frames},
    )  # fmt: skip


def fault(tx: Transaction, outline: Outline, n_frames: Mapping[int, int]) -> str | None:
    """Say which gap, overlap or broken group a change has left, if any.

    Args:
        outline: the sources as the change leaves them.
        n_frames: their lengths, by source id.
    """
    if not outline.sound(n_frames):
        try:
            commands.check(full_board(tx, sorted(n_frames)).clips, n_frames)
        except AssertionError as error:
            return str(error)
    return None


def hold_invariants(tx: Transaction, outline: Outline, n_frames: Mapping[int, int]) -> None:
    """Let nothing be committed that leaves a gap, an overlap or a broken group.

    Raises:
        CatalogDamaged: one was left. A command never does that to a sound catalog.
    """
    found = fault(tx, outline, n_frames)
    if found is not None:
        raise CatalogDamaged(f"{found}; nothing was changed, look with `heaters catalog check`")


def _ordered(*columns: npt.NDArray[Any]) -> Outline:
    import numpy as np  # noqa: PLC0415

    ids, source, start, *rest = columns
    order = np.lexsort((ids, start, source))
    return Outline(*(column[order] for column in (ids, source, start, *rest)))
