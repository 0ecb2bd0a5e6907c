"""Frame scores: what detection needs to know of every picture, taken once while the source is decoded.

The scores are stored, so that another detector or threshold never decodes anything again.
"""

from __future__ import annotations

import tempfile
import weakref
from array import array
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

SCORE_WIDTH: Final = 256  # longer side of the scored picture; PySceneDetect 0.7 scales to the same size
PICTURE_SHAPE: Final = (27, 48)  # rows, columns of the small picture
_EDGE_KERNEL: Final[NDArray[np.uint8]] = np.ones((3, 3), np.uint8)
_CANNY_SIGMA: Final = 1 / 3  # Canny's limits are (1 ± sigma) * median, as in PySceneDetect's edge score


@dataclass(frozen=True, slots=True, eq=False)
class FrameScores:
    """One row for every frame of a source; the field names are the column names in Parquet.

    Attributes:
        hue, saturation, luma: float32[n], mean absolute difference (0-255; hue 0-179) to the frame before, of the
            HSV channels of a picture 256 pixels wide; `luma` is V, as in PySceneDetect's ContentDetector.
        edges: float32[n], the same of an edge picture (0 or 255) of half that size.
        mean_luma: float32[n], mean grey level of the frame (0-255).
        picture: uint8[n, 27, 48], grey levels; may be a read-only memory map.

    The differences of frame 0 are 0.

    Raises:
        ValueError: the columns differ in length or the pictures in shape.
    """

    hue: NDArray[np.float32]
    saturation: NDArray[np.float32]
    luma: NDArray[np.float32]
    edges: NDArray[np.float32]
    mean_luma: NDArray[np.float32]
    picture: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = len(self.hue)
        shapes = {one.name: getattr(self, one.name).shape for one in fields(self)}
        expected = {name: (n, *PICTURE_SHAPE) if name == "picture" else (n,) for name in shapes}
        if shapes != expected:
            raise ValueError(f"frame scores have the shapes {shapes}, not {expected}")

    def __len__(self) -> int:
        return len(self.hue)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name, in order of declaration; no copies."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of_columns(cls, **columns: NDArray[Any]) -> Self:
        """Make scores from columns as read back; `picture` may also have the shape [n, 1296] or [n * 1296]."""
        scores = {name: np.asarray(one, np.float32) for name, one in columns.items() if name != "picture"}
        picture = np.asarray(columns["picture"], np.uint8).reshape(-1, *PICTURE_SHAPE)
        return cls(picture=picture, **scores)


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
        self._reformatter = VideoReformatter()
        self._rows: dict[str, array[float]] = {
            one.name: array("f") for one in fields(FrameScores) if one.name != "picture"
        }
        self._size: tuple[int, int] | None = None
        self._last: tuple[NDArray[Any], NDArray[Any]] | None = None
        self._pictures = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives as long as the taker
        weakref.finalize(self, self._pictures.close)

    def take(self, frame: av.VideoFrame) -> None:
        """Score one picture: any size and pixel format; the size of the first one counts for all."""
        if self._size is None:
            self._size = scored_size(frame.width, frame.height)
        width, height = self._size
        scaled = self._reformatter.reformat(
            frame, width, height, "bgr24", interpolation=Interpolation.AREA, threads=1
        )
        bgr = scaled.to_ndarray()
        hsv = cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV)
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        half = cv2.resize(grey, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
        edges = _edge_picture(half)
        self._append(hsv, edges, cv2.mean(grey)[0])
        small = cv2.resize(half, PICTURE_SHAPE[::-1], interpolation=cv2.INTER_AREA)
        self._pictures.write(small.tobytes())

    def _append(self, hsv: NDArray[Any], edges: NDArray[Any], mean_luma: float) -> None:
        differences = (0.0, 0.0, 0.0, 0.0)
        if self._last is not None:
            hue, saturation, luma, _ = cv2.mean(cv2.absdiff(hsv, self._last[0]))
            differences = (hue, saturation, luma, cv2.norm(edges, self._last[1], cv2.NORM_L1) / edges.size)
        for name, value in zip(self._rows, (*differences, mean_luma), strict=True):
            self._rows[name].append(value)
        self._last = hsv, edges

    def finish(self) -> FrameScores:
        """The scores of all pictures taken; ends the taker."""
        scores = {name: np.array(values, np.float32) for name, values in self._rows.items()}
        n = len(scores["hue"])
        self._pictures.flush()
        picture: NDArray[np.uint8] = (
            np.memmap(self._pictures, np.uint8, "r", shape=(n, *PICTURE_SHAPE))
            if n
            else np.empty((0, *PICTURE_SHAPE), np.uint8)
        )
        self._pictures.close()
        return FrameScores(picture=picture, **scores)


def scored_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the scored picture: the longer side becomes 256, a smaller picture is kept."""
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
