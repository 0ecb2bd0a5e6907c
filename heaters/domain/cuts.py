"""Cut points: half-open frame ranges that tile a source.

Every range here is half-open: `[start_frame, end_frame)` holds `start_frame` and does not hold `end_frame`,
so neighbours share one number and a length is a difference. Frames are 0-based, in presentation order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol


class Ranged(Protocol):
    """Whatever has cut points: a clip, or the cut points themselves."""

    @property
    def start_frame(self) -> int:
        """First frame."""

    @property
    def end_frame(self) -> int:
        """The frame after the last one."""


@dataclass(frozen=True, slots=True, order=True)
class CutPoints:
    """A half-open range of frames, never empty.

    >>> CutPoints(0, 10).split(4)
    (CutPoints(start_frame=0, end_frame=4), CutPoints(start_frame=4, end_frame=10))
    """

    start_frame: int
    end_frame: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_frame < self.end_frame:
            raise ValueError(f"cut points need 0 <= start < end, not [{self.start_frame}, {self.end_frame})")

    def __len__(self) -> int:
        return self.end_frame - self.start_frame

    def __contains__(self, frame: int) -> bool:
        return self.start_frame <= frame < self.end_frame

    def split(self, frame: int) -> tuple[CutPoints, CutPoints]:
        """Part the range; `frame` becomes the first frame of the right part.

        Raises:
            ValueError: unless `start_frame < frame < end_frame`.
        """
        return CutPoints(self.start_frame, frame), CutPoints(frame, self.end_frame)

    def merge(self, right: CutPoints) -> CutPoints:
        """Join with the range that begins where this one ends.

        Raises:
            ValueError: if there is a gap or an overlap between the two.
        """
        if self.end_frame != right.start_frame:
            raise ValueError(f"{self} and {right} are not neighbours")
        return CutPoints(self.start_frame, right.end_frame)

    def move_cut(self, right: CutPoints, frame: int) -> tuple[CutPoints, CutPoints]:
        """Move the cut between this range and its right neighbour to `frame`.

        Raises:
            ValueError: if they are not neighbours or one of them would become empty.
        """
        return self.merge(right).split(frame)


def tiling(cuts: Iterable[int], n_frames: int) -> list[CutPoints]:
    """Ranges that tile `[0, n_frames)`, one for each shot.

    Args:
        cuts: first frames of new shots, in any order; 0 is implied, those outside `(0, n_frames)` are dropped.
        n_frames: frames in the source, at least 1.
    """
    inside = {cut for cut in cuts if 0 < cut < n_frames}
    return [CutPoints(a, b) for a, b in pairwise([0, *sorted(inside), n_frames])]


def find_tiling_fault(ranges: Iterable[Ranged], n_frames: int) -> str | None:
    """Say where `ranges`, sorted by start, fail to tile `[0, n_frames)`; None where they do not fail."""
    frame = 0
    for one in ranges:
        start, end = one.start_frame, one.end_frame
        if start != frame:
            kind = "gap" if start > frame else "overlap"
            return f"{kind} between frames {min(frame, start)} and {max(frame, start)}"
        if end <= start:
            return f"a range of no frames at frame {start}"
        frame = end
    return None if frame == n_frames else f"the clips end at frame {frame}, the source at {n_frames}"
