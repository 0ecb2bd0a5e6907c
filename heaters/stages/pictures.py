"""Pictures of clips for notebooks: single frames straight from the review proxy's bytes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from heaters.catalog import parquet
from heaters.media import thumbnails
from heaters.stages.stage import Row
from heaters.storage import Store

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image


def clip_pictures(store: Store, source: Row, start_frame: int, end_frame: int) -> np.ndarray[Any, Any]:
    """Frames `[start_frame, end_frame)` as uint8[frames, height, width, 3], RGB."""
    import numpy as np  # noqa: PLC0415 - only where pictures are asked for

    return np.stack(
        [np.asarray(one.convert("RGB")) for one in _pictures(store, source, range(start_frame, end_frame))]
    )


def thumbnail_of(store: Store, source: Row, clip: Row, width: int = 320) -> Image.Image:
    """The middle frame of a clip, scaled to a width in pixels."""
    middle = (clip["start_frame"] + clip["end_frame"]) // 2
    picture = _pictures(store, source, range(middle, middle + 1))[0]
    return picture.resize((width, max(1, round(picture.height * width / picture.width))))


def _pictures(store: Store, source: Row, frames: range) -> list[Image.Image]:
    columns, footer = parquet.read_columns(
        store.local_path(source["frame_index_filepath"]), ("offset", "size", "crc32")
    )
    chosen = {name: values[frames.start : frames.stop].tolist() for name, values in columns.items()}
    avcc = base64.b64decode(footer["avcc"])
    packets = thumbnails.read_packets(
        store.local_path(source["proxy_filepath"]), chosen["offset"], chosen["size"], chosen["crc32"], frames
    )
    return [thumbnails.decode_frame(avcc, packet) for packet in packets]
