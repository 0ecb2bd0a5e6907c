"""Shot detection: from stored scores to cuts. Nothing is decoded, but by detectors that say so."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from heaters.domain.nearest import did_you_mean
from heaters.errors import SettingsError, UsageError
from heaters.media.content_rules import (
    CONTENT_FLOOR,
    adaptive_cuts,
    adaptive_ratio,
    content_cuts,
    content_value,
)
from heaters.media.dissolves import MARGIN, SEPARATION, find_gradual
from heaters.media.frame_scores import FrameScores
from heaters.media.gaps import find_gaps
from heaters.media.hard_cuts import find_hard_cuts

DEFAULT_RATIO: Final = 3.0
Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector found.

    Attributes:
        cuts: first frames of new shots, sorted, never 0. Shots tile the source: what is no cut drops no frame.
        detector: its name, a key of `DETECTORS`.
        params: what it was called with, JSON-able.
        replayed: the proxy was decoded again.
        note: a sentence for the user, or None.
        score: float32[n], the curve that the threshold was laid on.
    """

    cuts: list[int]
    detector: str
    params: dict[str, Any]
    replayed: bool
    note: str | None
    score: NDArray[np.float32] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Detector:
    """A row of `DETECTORS`: default threshold, the range it may have, both ends included, and what it does."""

    threshold: float
    low: float
    high: float
    about: str
    replays: bool = False


DETECTORS: Final[Mapping[str, Detector]] = MappingProxyType(
    {
        "heaters": Detector(DEFAULT_RATIO, 1.0, 100.0, "adaptive rule with flash, fade and dissolve rules"),
        "content": Detector(27.0, 0.1, 255.0, "PySceneDetect's ContentDetector, from stored scores"),
        "adaptive": Detector(3.0, 0.1, 255.0, "PySceneDetect's AdaptiveDetector, from stored scores"),
        "threshold": Detector(12.0, 1.0, 255.0, "PySceneDetect's ThresholdDetector", replays=True),
        "hash": Detector(0.35, 0.01, 1.0, "PySceneDetect's HashDetector", replays=True),
        "histogram": Detector(0.2, 0.01, 1.0, "PySceneDetect's HistogramDetector", replays=True),
    }
)


def detect(
    scores: FrameScores,
    detector: str = "heaters",
    threshold: float | None = None,
    min_shot_frames: int = 5,
    proxy: Path | None = None,
) -> Detection:
    """Find the cuts of a source.

    `threshold` of `heaters` is the adaptive ratio of a hard cut (default 3); the least content value (15) and the
    least margin of a dissolve (0.45) go up and down with it in proportion. Lower finds more.

    Args:
        scores: of the whole source.
        detector: a key of `DETECTORS`.
        threshold: default: the detector's own.
        min_shot_frames: a cut nearer than that to a stronger one, or to an end of the source, is dropped
            (PySceneDetect's detectors: `min_scene_len`); its frames stay in the shot around it.
        proxy: the review proxy, for detectors that replay it.

    Raises:
        SettingsError: an unknown detector, or a threshold or length out of range.
        UsageError: the detector replays the proxy and none was given.
        MediaError: the proxy does not hold as many frames as there are scores.
    """
    row = _row(detector)
    value = _in_range(detector, row, threshold)
    if (
        isinstance(min_shot_frames, bool)
        or not isinstance(min_shot_frames, numbers.Integral)
        or min_shot_frames < 1
    ):
        raise SettingsError(
            f"the shortest shot is {min_shot_frames!r} frames; it takes a whole number from 1",
            name="min_shot_frames",
        )
    if row.replays:
        return _replay(scores, detector, value, min_shot_frames, proxy)
    params = {"threshold": value, "min_shot_frames": min_shot_frames}
    cuts, curve = _STORED[detector](scores, value, min_shot_frames)
    return Detection(cuts, detector, params, replayed=False, note=None, score=curve.astype(np.float32))


def _row(detector: str) -> Detector:
    if detector in DETECTORS:
        return DETECTORS[detector]
    hint = did_you_mean(str(detector), DETECTORS)
    raise SettingsError(
        f"there is no detector {detector!r}: choose one of {', '.join(DETECTORS)}{hint}", name="detector"
    )


def _in_range(detector: str, row: Detector, threshold: float | None) -> float:
    value = row.threshold if threshold is None else threshold
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not row.low <= value <= row.high:
        raise SettingsError(
            f"the threshold of {detector} is {value!r}; it takes a number from {row.low:g} to {row.high:g}"
            f" (default {row.threshold:g})",
            name="threshold",
        )
    return float(value)


def _heaters(scores: FrameScores, threshold: float, min_shot_frames: int) -> tuple[list[int], Curve]:
    """Hard cuts, then fades that no hard cut parts, then dissolves between those; each stronger cut first."""
    scale = threshold / DEFAULT_RATIO
    spacing = _Spacing(len(scores))
    value = content_value(scores)
    ratio = adaptive_ratio(value)
    hard = find_hard_cuts(
        scores, value, np.flatnonzero((ratio >= threshold) & (value >= CONTENT_FLOOR * scale))
    )
    spacing.add(hard, value[hard], min_shot_frames)
    gaps = find_gaps(scores)
    inside = np.searchsorted(hard, gaps[:, 1] + 1, side="right") - np.searchsorted(hard, gaps[:, 0] - 1)
    middles = gaps[inside == 0].sum(axis=1) // 2
    spacing.add(middles, np.ones(len(middles)), min_shot_frames)
    gradual = find_gradual(scores.picture, spacing.cuts(), MARGIN * scale)
    spacing.add(gradual.frame, gradual.strength, max(min_shot_frames, SEPARATION))
    return spacing.cuts(), ratio


def _content(scores: FrameScores, threshold: float, min_shot_frames: int) -> tuple[list[int], Curve]:
    value = content_value(scores)
    return content_cuts(value, threshold, min_shot_frames), value


def _adaptive(scores: FrameScores, threshold: float, min_shot_frames: int) -> tuple[list[int], Curve]:
    value = content_value(scores)
    return adaptive_cuts(value, threshold, min_shot_frames), adaptive_ratio(value)


_STORED: Final[Mapping[str, Callable[[FrameScores, float, int], tuple[list[int], Curve]]]] = {
    "heaters": _heaters,
    "content": _content,
    "adaptive": _adaptive,
}


class _Spacing:
    """Cuts of a source of `n` frames that keep their distance from each other and from both ends."""

    def __init__(self, n: int) -> None:
        self._taken = bytearray(n + 1)
        self._taken[0] = self._taken[n] = 1

    def add(self, frames: NDArray[np.int64], strength: Curve, distance: int) -> None:
        """Add the strongest first; one that is nearer than `distance` to a cut, or to an end, is left out."""
        for frame in frames[np.argsort(-strength, kind="stable")].tolist():
            if self._taken.find(1, max(0, frame - distance + 1), frame + distance) < 0:
                self._taken[frame] = 1

    def cuts(self) -> list[int]:
        inside = np.frombuffer(self._taken, np.uint8)[1:-1]
        return [frame + 1 for frame in np.flatnonzero(inside).tolist()]


def _replay(
    scores: FrameScores, detector: str, threshold: float, min_shot_frames: int, proxy: Path | None
) -> Detection:
    if proxy is None:
        raise UsageError(
            f"detector {detector} replays the review proxy: prepare the source first, or name its proxy"
        )
    from heaters.media.replay import replay  # noqa: PLC0415 - PySceneDetect costs 0.5 s to import

    cuts, curve = replay(proxy, detector, threshold, min_shot_frames, len(scores))
    note = f"{detector} needs more than the stored scores: the {len(scores)} frames of the proxy were decoded again"
    params = {"threshold": threshold, "min_shot_frames": min_shot_frames}
    return Detection(cuts, detector, params, replayed=True, note=note, score=curve)
