"""Fades: shots that are parted by a gap of black or white pictures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from heaters.media.frame_scores import FrameScores
from heaters.media.small_pictures import Layouts, block_means, every_third

# Chosen on the same footage as the constants of `dissolves`, which tells what was held out.
DARK: Final = 10.0  # mean grey level below which a flat picture is black
BRIGHT: Final = 225.0  # and above which it is white
_BEYOND: Final = 6.0  # grey levels further on, a picture surely is no longer black (or white)
_FLAT: Final = 6.0  # largest standard deviation of a flat picture, in grey levels
_DRAWN: Final = 12.0  # a picture with more surely shows something
_SIDE: Final = 6  # frames from the gap to the pictures that are compared across it
_SAME: Final = 0.6  # correlation above which both sides are one shot
_STRUCTURED: Final = 0.7  # contrast; less is a flat picture
_BLINK: Final = 5  # frames; a shorter black gap inside one shot is a drop-out

Gaps = NDArray[np.int64]


def find_gaps(scores: FrameScores) -> Gaps:
    """Gaps between two shots, as half-open frame ranges int64[m, 2]; none at the ends of the source.

    A black gap parts any two pictures, unless it is shorter than five frames and has the same shot on both sides.
    White is also what a camera flash looks like: a white gap needs two shots that differ.
    """
    black = _flat_runs(scores, DARK - scores.mean_luma)
    length = black[:, 1] - black[:, 0]
    likeness, _ = _across(scores, black)
    black = black[(length >= _BLINK) | (likeness < _SAME)]
    white = _flat_runs(scores, scores.mean_luma - BRIGHT)
    likeness, contrast = _across(scores, white)
    white = white[(likeness < _SAME) & (contrast >= _STRUCTURED)]
    gaps = np.concatenate([black, white])
    return gaps[np.argsort(gaps[:, 0])]


def _flat_runs(scores: FrameScores, depth: NDArray[np.float32]) -> Gaps:
    """Runs of flat pictures with `depth` above 0 that have a picture which surely is no such on each side.

    Runs without one between them are one: a small light that moves over black does not part shots.
    """
    n = len(scores)
    deep, other = np.zeros(n, np.bool_), depth < -_BEYOND
    near = np.flatnonzero(~other)
    deviation = every_third(scores.picture, near).std(axis=1)
    deep[near] = (depth[near] > 0) & (deviation < _FLAT)
    other[near] = deviation >= _DRAWN
    others = np.concatenate([[0], np.cumsum(other)])
    runs = np.flatnonzero(np.diff(np.concatenate([[0], deep.view(np.int8), [0]]))).reshape(-1, 2)
    runs = runs[(others[runs[:, 0]] > 0) & (others[runs[:, 1]] < others[n])]
    parted = np.diff(others[runs[:, 0]], prepend=-1) > 0
    last = np.flatnonzero(np.append(parted[1:], True))[: len(runs)]
    return np.stack([runs[parted, 0], runs[last, 1]], axis=1)


def _across(scores: FrameScores, gaps: Gaps) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Correlation of the pictures on both sides of each gap, and the lesser contrast of the two (0 to 1)."""
    before = Layouts.of(block_means(scores.picture[np.maximum(gaps[:, 0] - _SIDE, 0)]))
    after = Layouts.of(block_means(scores.picture[np.minimum(gaps[:, 1] - 1 + _SIDE, len(scores) - 1)]))
    return before.correlation(after), np.minimum(before.contrast, after.contrast)
