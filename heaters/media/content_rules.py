"""The rules of PySceneDetect's ContentDetector and AdaptiveDetector, computed from stored scores.

Written from their documented behaviour (PySceneDetect 0.7); a test compares the results. Lengths are frame counts,
never times, so that they also hold for a variable frame rate.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from heaters.media.frame_scores import FrameScores

WINDOW: Final = 2  # frames on each side whose mean is the measure; PySceneDetect's window_width
CONTENT_FLOOR: Final = 15.0  # PySceneDetect's min_content_val
_LARGEST_RATIO: Final = 255.0
_NO_MOTION: Final = 1e-5
_USUAL_RATIO: Final = 3.0  # PySceneDetect's adaptive_threshold

Curve = NDArray[np.float64]


def content_value(scores: FrameScores) -> Curve:
    """Mean of the differences of hue, saturation and luma to the frame before, float64[n], 0-255."""
    return (scores.hue.astype(np.float64) + scores.saturation + scores.luma) / 3


def adaptive_ratio(value: Curve) -> Curve:
    """Content value over the mean of its two neighbours on each side, float64[n], at most 255.

    The first and last two frames have no ratio: 0. A change in the midst of standing pictures has 255.
    """
    ratio = np.zeros(len(value))
    if len(value) <= 2 * WINDOW:
        return ratio
    middle = value[WINDOW:-WINDOW]
    around = (value[:-4] + value[1:-3] + value[3:-1] + value[4:]) / (2 * WINDOW)
    still = np.abs(around) < _NO_MOTION
    moving = np.minimum(middle / np.where(still, 1.0, around), _LARGEST_RATIO)
    ratio[WINDOW:-WINDOW] = np.where(still, np.where(middle >= CONTENT_FLOOR, _LARGEST_RATIO, 0.0), moving)
    return ratio


def cut_scores(
    hue: NDArray[np.float32], saturation: NDArray[np.float32], luma: NDArray[np.float32], detector: str | None, threshold: float | None
) -> NDArray[np.float32]:  # fmt: skip
    """How much each frame looks like the first of a new shot, float32[n]: 1 is what the detector asks for.

    Args:
        hue: differences as in `FrameScores`, like the next two.
        saturation: see `hue`.
        luma: see `hue`.
        detector: who found the cuts. One that does not work on these scores is measured by the usual ratio.
        threshold: what it was called with.
    """
    value = (hue.astype(np.float64) + saturation + luma) / 3
    if detector == "content" and threshold:
        return (value / threshold).astype(np.float32)
    asked = threshold if detector in {"heaters", "adaptive"} and threshold else _USUAL_RATIO
    return (adaptive_ratio(value) / asked).astype(np.float32)


def content_cuts(value: Curve, threshold: float, min_shot_frames: int) -> list[int]:
    """ContentDetector with its default filter: changes that come too close after a cut are merged into one.

    The merged cut stands at the last of them, once the picture has been quiet for `min_shot_frames`, and only if they
    took at least that long together.
    """
    above = np.flatnonzero(value >= threshold).tolist()
    cuts: list[int] = []
    last = 0
    merging_since: int | None = None
    for frame, following in zip(above, [*above[1:], len(value)], strict=False):
        far_enough = frame - last >= min_shot_frames
        last = frame
        if merging_since is None:
            if far_enough:
                cuts.append(frame)
            elif cuts:
                merging_since = frame
        quiet = frame + min_shot_frames < following
        if merging_since is not None and quiet and frame - merging_since >= min_shot_frames:
            merging_since = None
            cuts.append(frame)
    return cuts


def adaptive_cuts(value: Curve, threshold: float, min_shot_frames: int) -> list[int]:
    """AdaptiveDetector: the ratio and the floor are reached, and the last cut is far enough."""
    frames = np.flatnonzero((adaptive_ratio(value) >= threshold) & (value >= CONTENT_FLOOR))
    cuts: list[int] = []
    last = 0
    for frame in frames.tolist():
        if frame - last >= min_shot_frames:
            cuts.append(frame)
            last = frame
    return cuts
