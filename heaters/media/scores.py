"""Taking frame scores: once, while the source is decoded; another detector or threshold never decodes again."""

from __future__ import annotations

import tempfile
import weakref
from array import array
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from heaters.media.frame_scores import PICTURE_SHAPE, FrameScores

__all__ = ["PICTURE_SHAPE", "FrameScores", "ScoreTaker", "scored_size"]

SCORE_WIDTH: Final = 256  # longer side of the scored picture; PySceneDetect 0.7 scales to the same size
_EDGE_KERNEL: Final[NDArray[np.uint8]] = np.ones((3, 3), np.uint8)
_CANNY_SIGMA: Final = 1 / 3  # Canny's limits are (1 ± sigma) * median, as in PySceneDetect's edge score


class ScoreTaker:
    """Takes the scores of pictures that come one by one, in presentation order, from one thread.

    Scaling and comparing release the GIL. Memory does not grow with the small pictures: they go to an unnamed
    temporary file, which disappears with the last array that shows it.

    Args:
        folder: where to put that file; default: the system's folder for temporary files.

    Raises:
        OSError: the folder is full.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        cv2.setNumThreads(1)  # OpenCV 5's own threads spin: twice the CPU for pictures as small as these
        self._reformatter = VideoReformatter()
        self._rows: dict[str, array[float]] = {
            one.name: array("f") for one in fields(FrameScores) if one.name != "picture"
        }
        self._size: tuple[int, int] | None = None
        self._last: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._pictures = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the taker
        weakref.finalize(self, self._pictures.close)

    def take(self, frame: av.VideoFrame) -> None:
        """Score one picture, of any size and pixel format; the size of the first one counts for all."""
        if self._size is None:
            self._size = scored_size(frame.width, frame.height)
        width, height = self._size
        # FAST_BILINEAR reads two neighbours, as the cv2.resize of PySceneDetect does: equal scores within 0.2 at
        # half the price of AREA, whose rounding gives grey pictures a random hue (libswscale 9).
        scaled = self._reformatter.reformat(
            frame, width, height, "bgr24", interpolation=Interpolation.FAST_BILINEAR, threads=1
        )
        bgr = scaled.to_ndarray()
        hsv = cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV)
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        half = cv2.resize(grey, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
        self._append(hsv, _edge_picture(half), cv2.mean(grey)[0])
        small = cv2.resize(half, PICTURE_SHAPE[::-1], interpolation=cv2.INTER_AREA)
        self._pictures.write(small.tobytes())

    def _append(self, hsv: NDArray[Any], edges: NDArray[Any], mean_luma: float) -> None:
        differences = (0.0, 0.0, 0.0, 0.0)
        if self._last is not None:
            hue, saturation, luma, _ = cv2.mean(cv2.absdiff(hsv, self._last[0]))
            differences = (hue, saturation, luma, cv2.norm(edges, self._last[1], cv2.NORM_L1) / edges.size)
        for rows, value in zip(self._rows.values(), (*differences, mean_luma), strict=True):
            rows.append(value)
        self._last = hsv, edges

    def finish(self) -> FrameScores:
        """The scores of all pictures taken; ends the taker."""
        scores = {name: np.array(values, np.float32) for name, values in self._rows.items()}
        n = len(scores["hue"])
        picture: NDArray[np.uint8] = np.empty((0, *PICTURE_SHAPE), np.uint8)
        if n:
            self._pictures.flush()
            picture = np.memmap(self._pictures, np.uint8, "r", shape=(n, *PICTURE_SHAPE))
        self._pictures.close()
        return FrameScores(picture=picture, **scores)


def scored_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the scored picture: the longer side becomes 256; a smaller picture is kept."""
    scale = max(1.0, max(width, height) / SCORE_WIDTH)
    return max(1, round(width / scale)), max(1, round(height / scale))


def _edge_picture(grey: NDArray[Any]) -> NDArray[Any]:
    """Dilated Canny edges, 0 or 255.

    PySceneDetect takes them from the scored picture; half its size costs a quarter and shows the same contours.
    """
    counts = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    median = int(np.searchsorted(counts, grey.size / 2))
    low, high = (1 - _CANNY_SIGMA) * median, min(255.0, (1 + _CANNY_SIGMA) * median)
    edges: NDArray[Any] = cv2.dilate(cv2.Canny(grey, int(low), int(high)), _EDGE_KERNEL)
    return edges
