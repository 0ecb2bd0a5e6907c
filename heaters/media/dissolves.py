"""Gradual transitions, dissolves and wipes, found on the stored small pictures.

A dissolve never shows in the difference of two neighbouring frames. It shows in the difference of two pictures that
lie on both sides of it, and in how the pictures between get from one to the other. So every window of 12 to 48 frames
is asked four questions:

- *margin*: do its two ends resemble each other less than pictures as far apart before it and after it do?
- *path*: is the sum of all steps inside hardly longer than the direct way? Something that passes the camera goes
  there and back; a blend, or a wipe, changes every block once.
- *residual*: is every picture inside nearly a mix of the two ends (root mean square, as a part of the way)?
- *excess*: is the way longer than the motion around it explains? A steady pan is not a transition.

The constants were chosen on the labelled files of the shared footage, its single takes (nothing may be found there)
and one generated reel (seed 7). Held out was a second reel (seed 23: the same takes with other cuts, transitions,
order and framing); `benchmarks/bench_detection.py` builds it and prints what they give on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heaters.media.small_pictures import BATCH, BLOCKS, Layouts, Vectors, block_means, mean_distance, row_dots

STEP: Final = 6  # frames between two looks: what is over sooner is a cut
LAGS: Final = (12, 18, 30, 48)  # frames from end to end of a window; multiples of STEP
MARGIN: Final = 0.45
SEPARATION: Final = 12  # frames; what is found closer to something stronger is the same transition
_BLEND: Final = (1.5, 0.28, 0.5)  # longest path, largest residual, smallest excess
_SWEEP: Final = (1.15, 0.45, 0.75)  # half-way through a wipe no block is a mix: straighter, but less blended
_STRUCTURED: Final = 0.7  # contrast; a window may not end in black or white

Indices = NDArray[np.int64]
Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Gradual:
    """Gradual transitions: `frame` int64[m] is the middle of each (the first frame nearer to the new shot).

    `strength` float64[m] is margin minus residual; larger is surer.
    """

    frame: Indices
    strength: Curve


@dataclass(frozen=True, slots=True)
class _Grid:
    """Every STEP-th picture; for each the first and last row of its shot, and the steps up to it added up."""

    layouts: Layouts
    travelled: Curve
    first: Indices
    last: Indices


@dataclass(frozen=True, slots=True)
class _Windows:
    """Windows of one lag: grid row where each starts, length in grid rows, and margin."""

    start: Indices
    length: int
    margin: Vectors


def find_gradual(pictures: NDArray[np.uint8], cuts: Sequence[int], margin: float = MARGIN) -> Gradual:
    """Find gradual transitions between the given cuts.

    Args:
        pictures: uint8[n, 27, 48].
        cuts: first frames of shots found by other rules, sorted; no window reaches across one.
        margin: least margin, a difference of two correlations (0 to 2); smaller finds more.
    """
    grid = _grid(pictures, cuts)
    parts = [
        _examine(
            grid, _Windows(windows.start[at : at + BATCH], windows.length, windows.margin[at : at + BATCH])
        )
        for windows in _windows(grid, margin)
        for at in range(0, len(windows.start), BATCH)
    ]
    frame = np.concatenate([part.frame for part in parts]) if parts else np.empty(0, np.int64)
    strength = np.concatenate([part.strength for part in parts]) if parts else np.empty(0)
    return Gradual(frame, strength)


def _grid(pictures: NDArray[np.uint8], cuts: Sequence[int]) -> _Grid:
    looked_at = pictures[::STEP]
    n = len(looked_at)
    blocks = np.empty((n, BLOCKS), np.float32)
    travelled = np.zeros(n)
    for at in range(0, n, BATCH):
        batch = slice(at, at + BATCH)
        blocks[batch] = block_means(looked_at[batch])
        since = slice(max(at, 1), at + BATCH)
        travelled[since] = mean_distance(blocks[since], blocks[since.start - 1 : min(since.stop, n) - 1])
    bounds = np.array([0, *cuts, len(pictures)], np.int64)
    shot = np.searchsorted(bounds, np.arange(n) * STEP, side="right") - 1
    first, last = -(-bounds[shot] // STEP), (bounds[shot + 1] - 1) // STEP
    return _Grid(Layouts.of(blocks), np.cumsum(travelled), first, last)


def _windows(grid: _Grid, margin: float) -> list[_Windows]:
    """Of all windows around a picture, the one with the largest margin, where that is large enough."""
    n = len(grid.travelled)
    apart = {
        length: 1 - grid.layouts[:-length].correlation(grid.layouts[length:])
        for length in (1, 2, *(lag // STEP for lag in LAGS))
        if length < n
    }
    best, best_length = np.full(n, -np.inf, np.float32), np.zeros(n, np.int64)
    for lag in LAGS:
        length = lag // STEP
        if length in apart:
            margins = _margins(grid, apart, length)
            centre = slice(length // 2, length // 2 + len(margins))
            better = margins > best[centre]
            best[centre][better] = margins[better]
            best_length[centre][better] = length
    found = []
    for length in np.unique(best_length[best >= margin]).tolist():
        centres = np.flatnonzero((best >= margin) & (best_length == length))
        found.append(_Windows(centres - length // 2, length, best[centres]))
    return found


def _margins(grid: _Grid, apart: dict[int, Vectors], length: int) -> Vectors:
    """For each window start: ends apart, less the larger of pictures as far apart before and after.

    Near the ends of a shot the longest distance that fits stands in; -inf where the window leaves its shot.
    """
    n = len(grid.travelled)
    rows = np.arange(n)
    room_before, room_after = rows - grid.first, grid.last - rows
    before, after = np.full((2, n - length), np.inf, np.float32)
    for distance in sorted(apart):
        if distance <= length and distance + length < n:
            begin, end = slice(distance, n - length), slice(0, n - length - distance)
            np.copyto(
                before[begin], apart[distance][: n - length - distance], where=room_before[begin] >= distance
            )
            np.copyto(after[end], apart[distance][length:], where=room_after[end] >= length + distance)
    margins: Vectors = apart[length] - np.maximum(before, after)
    margins[room_after[: n - length] < length] = -np.inf
    return margins


def _examine(grid: _Grid, windows: _Windows) -> Gradual:
    """Keep the windows that go the direct way, by mixing, and further than the motion around."""
    start, length = windows.start, windows.length
    inside = grid.layouts.blocks[start[:, None] + np.arange(length + 1)]
    inside -= inside[:, :1].copy()
    way = inside[:, -1]
    squared = row_dots(way, way) + 1e-6
    part = np.matmul(inside, way[..., None])[..., 0] / squared[:, None]
    # What is left of each picture after its part of the way is at right angles to the way.
    left_over = np.einsum("mkp,mkp->m", inside, inside) / squared - (part * part).sum(axis=1)
    residual = np.sqrt(np.maximum(left_over, 0) / (length + 1))
    net = mean_distance(way, np.zeros_like(way)) + 1e-6
    travelled, around = _travelled(grid, start, length)
    contrast = np.minimum(grid.layouts.contrast[start], grid.layouts.contrast[start + length])
    keep = np.zeros(len(start), np.bool_)
    for longest, largest, smallest in (_BLEND, _SWEEP):
        keep |= (travelled <= longest * net) & (residual <= largest) & (travelled - around >= smallest * net)
    keep &= contrast >= _STRUCTURED
    frame = np.rint((start + _halfway(part)) * STEP).astype(np.int64)
    return Gradual(frame[keep], (windows.margin - residual)[keep])


def _travelled(grid: _Grid, start: Indices, length: int) -> tuple[Curve, Curve]:
    """Sum of the steps inside each window, and what the steps on both sides make in as many rows."""
    end = start + length
    low, high = np.maximum(start - length, grid.first[start]), np.minimum(end + length, grid.last[start])
    rows = np.maximum(1, (start - low) + (high - end))
    total = grid.travelled
    around = (total[start] - total[low] + total[high] - total[end]) * (length / rows)
    return total[end] - total[start], around


def _halfway(part: NDArray[np.floating]) -> Curve:
    """Grid rows from the start of each window to where half of the way is done, between two rows."""
    row = np.argmax(part >= 0.5, axis=1)  # noqa: PLR2004 - half; the last row always is 1
    rows = np.arange(len(part))
    low, high = part[rows, row - 1], part[rows, row]
    return np.asarray(row - 1 + np.clip((0.5 - low) / np.maximum(high - low, 1e-6), 0, 1), np.float64)
