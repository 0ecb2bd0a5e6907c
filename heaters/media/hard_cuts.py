"""Hard cuts: changes that the adaptive rule sees, confirmed by the small pictures, less flashes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from heaters.media.frame_scores import FrameScores
from heaters.media.small_pictures import Layouts, Vectors, block_means, every_third

# Chosen on the same footage as the constants of `dissolves`, which tells what was held out.
_PEAK: Final = 2.5  # times the neighbours: a peak that needs no other layout on its two sides
_PEAK_WITH_CHANGE: Final = 1.5  # times the neighbours, where the layout changes
_STILL: Final = 1e-3  # content value of standing pictures
_CHANGE: Final = 0.4  # one minus correlation across the cut: another layout
_SAME: Final = 0.03  # below it only brightness changes, or nothing (a keyframe of the source pulses)
_STEP: Final = 1.5  # times the neighbouring steps in grey level
_RETURN: Final = 0.5  # part of the jump; nearer than that, the picture has come back
_FLASH_FRAMES: Final = 5  # the longest flash; as long as the shortest shot
_NEAR: Final = np.arange(-_FLASH_FRAMES - 1, _FLASH_FRAMES + 1)  # frames around a cut
_FIRST: Final = _FLASH_FRAMES + 1  # among these, the first of the new shot
# [i, j]: the frames _NEAR[i] before and _NEAR[_FIRST + j] after a cut are no further apart than a flash and its ends
_WITHIN_A_FLASH: Final = np.add.outer(-_NEAR[:_FIRST], _NEAR[_FIRST:]) <= _FLASH_FRAMES + 1

Indices = NDArray[np.int64]
Curve = NDArray[np.float64]


def find_hard_cuts(scores: FrameScores, value: Curve, candidates: Indices) -> Indices:
    """Those of the candidates that are hard cuts.

    Args:
        scores: of the whole source.
        value: content value of each frame.
        candidates: frames where the adaptive rule sees a change, sorted; not among the first or last two.
    """
    neighbours = np.max([value[candidates + k] for k in (-2, -1, 1, 2)], axis=0)
    peak = value[candidates] / np.maximum(neighbours, _STILL)
    candidates, peak = candidates[peak >= _PEAK_WITH_CHANGE], peak[peak >= _PEAK_WITH_CHANGE]
    if not len(candidates):
        return candidates
    around = every_third(scores.picture, np.clip(candidates[:, None] + _NEAR, 0, len(scores) - 1))
    keep = _is_cut(scores, candidates, peak) & _is_step(around) & ~_is_flash(around)
    return candidates[keep]


def _is_cut(scores: FrameScores, frames: Indices, peak: Curve) -> NDArray[np.bool_]:
    """A clear peak, or a lesser one with another layout after it; not a mere change of brightness."""
    before = Layouts.of(block_means(scores.picture[frames - 1]))
    change = 1 - before.correlation(Layouts.of(block_means(scores.picture[frames])))
    return np.asarray((change >= _CHANGE) | ((peak >= _PEAK) & (change >= _SAME)))


def _is_step(around: Vectors) -> NDArray[np.bool_]:
    """The grey levels jump, too: in the last steps of a fade only the hue of nearly black pixels does."""
    steps = np.abs(np.diff(around[:, _FIRST - 3 : _FIRST + 3], axis=1)).mean(axis=2)
    jump = steps[:, 2].copy()
    steps[:, 2] = 0
    return np.asarray(jump >= _STEP * steps.max(axis=1))


def _is_flash(around: Vectors) -> NDArray[np.bool_]:
    """The picture from before is back within five frames: what lies between is a flash, not a shot."""
    before, after = around[:, :_FIRST], around[:, _FIRST:]
    squares = [np.einsum("mkp,mkp->mk", side, side) for side in (before, after)]
    apart = squares[0][:, :, None] + squares[1][:, None] - 2 * np.matmul(before, after.transpose(0, 2, 1))
    nearest = np.where(_WITHIN_A_FLASH, apart, np.inf).min(axis=(1, 2))
    return np.asarray(nearest < _RETURN**2 * apart[:, -1, 0])
