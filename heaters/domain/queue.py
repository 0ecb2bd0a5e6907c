"""The queue of one source as one session sees it: what to take next, and what to show next. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

REFILL_AT: Final = 3
"""With so many clips left, a session takes more: the next ones are there before they are needed."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The pending clips of a source, and who holds which.

    Attributes:
        starts: first frames of the pending clips, ascending.
        ids: their ids, in the same order.
        mine: those that this session holds.
        others: those that other sessions hold.

    >>> queue = Queue([0, 10, 20, 30], [1, 2, 3, 4], mine=set(), others={2})
    >>> queue.refill(0, 10), queue.refill(20, 10), queue.next_clip(0)
    ([1], [3, 4], None)
    """

    starts: Sequence[int]
    ids: Sequence[int]
    mine: AbstractSet[int]
    others: AbstractSet[int]

    def refill(self, at: int, length: int) -> list[int]:
        """Clips to take so that this session holds `length`: a run of neighbours, of which nobody holds any.

        The run is the first that begins at or behind frame `at`, else the first of the source. It ends where another
        session's clips begin, or at the end of the source. There is none while more than `REFILL_AT` are held.
        """
        wanted = length - len(self.mine)
        if len(self.mine) > REFILL_AT or wanted < 1:
            return []
        first = bisect_left(self.starts, at)
        return self._run(self.ids[first:], wanted) or self._run(self.ids[:first], wanted)

    def next_clip(self, at: int) -> int | None:
        """The clip to show: the first of ours that begins at or behind frame `at`, else the first of ours."""
        ahead = bisect_left(self.starts, at)
        ordered = (*self.ids[ahead:], *self.ids[:ahead])
        return next((clip_id for clip_id in ordered if clip_id in self.mine), None)

    def _run(self, ids: Sequence[int], wanted: int) -> list[int]:
        taken: list[int] = []
        for clip_id in ids:
            if len(taken) == wanted or (taken and clip_id in self.others):
                break
            if clip_id not in self.others and clip_id not in self.mine:
                taken.append(clip_id)
        return taken
