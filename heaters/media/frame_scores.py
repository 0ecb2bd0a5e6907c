"""Frame scores as data: what detection knows of every picture. numpy only, so that re-tuning loads no codec."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

PICTURE_SHAPE: Final = (27, 48)  # rows, columns of the small picture


@dataclass(frozen=True, slots=True, eq=False)
class FrameScores:
    """One row for every frame of a source; the field names are the column names in Parquet.

    Attributes:
        hue: float32[n], mean absolute difference (0-179) to the frame before, of a picture 256 pixels wide.
        saturation: float32[n], the same (0-255) of S.
        luma: float32[n], the same of V. These three are the components of PySceneDetect's ContentDetector.
        edges: float32[n], the same of an edge picture (0 or 255) of half that size.
        mean_luma: float32[n], mean grey level of the frame (0-255).
        picture: uint8[n, 27, 48], grey levels; may be a read-only memory map.

    The differences of frame 0 are 0.

    Raises:
        ValueError: the columns differ in length, or the pictures in shape.
    """

    hue: NDArray[np.float32]
    saturation: NDArray[np.float32]
    luma: NDArray[np.float32]
    edges: NDArray[np.float32]
    mean_luma: NDArray[np.float32]
    picture: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = len(self.hue)
        shapes = {name: column.shape for name, column in self.columns().items()}
        expected = {name: (n, *PICTURE_SHAPE) if name == "picture" else (n,) for name in shapes}
        if shapes != expected:
            raise ValueError(f"frame scores have the shapes {shapes}, not {expected}")

    def __len__(self) -> int:
        return len(self.hue)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name, in order of declaration; nothing is copied."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of_columns(cls, **columns: NDArray[Any]) -> Self:
        """Make scores from columns as read back; `picture` may also have the shape [n, 1296] or [n * 1296]."""
        scores = {name: np.asarray(one, np.float32) for name, one in columns.items() if name != "picture"}
        picture = np.asarray(columns["picture"], np.uint8).reshape(-1, *PICTURE_SHAPE)
        return cls(picture=picture, **scores)
