"""How well detected cuts agree with what reviewers decided."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Detected cuts against decisions, where somebody has decided.

    Attributes:
        matched: pairs of a detected and a decided cut that are near enough, each used once.
        found: detected cuts that are matched or lie inside a clip that somebody has decided on.
        decided: cuts at both ends of these clips.
    """

    matched: int
    found: int
    decided: int

    @property
    def precision(self) -> float | None:
        """Share of the found cuts that stand; None where none was found."""
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the decided cuts that were found; None where nothing is decided."""
        return self.matched / self.decided if self.decided else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None where nothing is decided."""
        return 2 * self.matched / (self.found + self.decided) if self.decided else None

    def __str__(self) -> str:
        return (
            f"precision {_share(self.precision)} ({self.matched} of {self.found} found cuts), "
            f"recall {_share(self.recall)} ({self.matched} of {self.decided} decided cuts)"
        )


def agreement(
    cuts: Iterable[int], decided: Sequence[tuple[int, int]], n_frames: int, tolerance: int = 2
) -> Agreement:
    """Compare.

    A reviewer who decides on a clip says that it begins and ends at a cut, and that there is none between. Whoever was never
    shown a cut has not refused it, so nothing is said about the rest of the source.

    Args:
        cuts: first frames of shots, as detected.
        decided: `[start_frame, end_frame)` of the live clips that a human has touched.
        n_frames: of the source; its two ends are no cuts.
        tolerance: frames that a detected cut may be off.

    >>> print(agreement([10, 15, 21], [(0, 10), (10, 20)], 40))
    precision 0.67 (2 of 3 found cuts), recall 1.00 (2 of 2 decided cuts)
    """
    found = sorted(set(cuts))
    truth = sorted({frame for points in decided for frame in points} - {0, n_frames})
    hits = _matched(found, truth, tolerance)
    ranges = sorted(decided)
    false = sum(_is_inside(cut, ranges) for cut in found if cut not in hits)
    return Agreement(len(hits), len(hits) + false, len(truth))


def _is_inside(cut: int, ranges: Sequence[tuple[int, int]]) -> bool:
    place = bisect_right(ranges, (cut, sys.maxsize)) - 1
    return place >= 0 and cut < ranges[place][1]


def _matched(found: Sequence[int], truth: Sequence[int], tolerance: int) -> set[int]:
    """Those of `found` that have a partner; both are sorted, so taking the earliest pair gives the most pairs."""
    hits, one, other = set(), 0, 0
    while one < len(found) and other < len(truth):
        apart = found[one] - truth[other]
        if abs(apart) <= tolerance:
            hits.add(found[one])
        one += apart <= tolerance
        other += apart >= -tolerance
    return hits


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
