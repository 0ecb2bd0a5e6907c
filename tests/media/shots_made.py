"""Made pictures for tests of detection: textured shots, and ways to get from one to the next."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from heaters.media.scores import FrameScores, ScoreTaker

HEIGHT, WIDTH = 180, 320
Pictures = list[NDArray[Any]]


@cache
def _scene(seed: int) -> NDArray[np.uint8]:
    rough = np.random.default_rng(seed).integers(20, 235, (6, 16, 3), np.uint8)
    size = (WIDTH * 3, HEIGHT)
    smooth = cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC)
    sharp = cv2.resize(rough[::-1], size, interpolation=cv2.INTER_NEAREST)
    return cv2.addWeighted(smooth, 0.6, sharp, 0.4, 0)


def shot(seed: int, frames: int, speed: float = 0.0) -> Pictures:
    """A scene of its own for each seed; `speed` pans it, in pixels per frame."""
    return [_scene(seed)[:, round(k * speed) : round(k * speed) + WIDTH].copy() for k in range(frames)]


def flat(level: int, frames: int) -> Pictures:
    return [np.full((HEIGHT, WIDTH, 3), level, np.uint8)] * frames


def mix(left: NDArray[Any], right: NDArray[Any], part: float) -> NDArray[Any]:
    return cv2.addWeighted(left, 1 - part, right, part, 0)


def dissolve(left: Pictures, right: Pictures) -> Pictures:
    n = len(left)
    return [mix(left[k], right[k], (k + 1) / (n + 1)) for k in range(n)]


def wipe(left: Pictures, right: Pictures) -> Pictures:
    edges = [round(WIDTH * (k + 1) / (len(left) + 1)) for k in range(len(left))]
    return [np.hstack([right[k][:, :edge], left[k][:, edge:]]) for k, edge in enumerate(edges)]


def fade(pictures: Pictures, level: int) -> Pictures:
    """To one grey level; backwards, from it."""
    ground = flat(level, 1)[0]
    return [mix(one, ground, (k + 1) / len(pictures)) for k, one in enumerate(pictures)]


def video_frame(picture: NDArray[Any], pixels: str = "yuv420p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24").reformat(format=pixels)


def scores_of(pictures: Iterable[NDArray[Any]]) -> FrameScores:
    taker = ScoreTaker()
    for picture in pictures:
        taker.take(video_frame(picture))
    return taker.finish()
