"""Pictures of clips for notebooks: single frames straight from the review proxy's bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from heaters.catalog import parquet
from heaters.errors import HeatersError
from heaters.media import thumbnails
from heaters.stages.stage import Row, StoreOf
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


def webp_pictures(store: Store, source: Row, frames: Sequence[int], width: int = 240) -> list[bytes]:
    """Frames as small WebP files, `width` pixels wide, in the order given; 3 to 5 kB each."""
    avcc, packets = _packets(store, source, frames)
    return [thumbnails.thumbnail(avcc, packet, width) for packet in packets]


def clip_images(
    store_of: StoreOf, sources: Iterable[Row], clips: Sequence[Row], width: int = 120
) -> list[str]:
    """The middle picture of each clip as of `images`."""
    places = [(clip["source_video_id"], (clip["start_frame"] + clip["end_frame"]) // 2) for clip in clips]
    return images(store_of, sources, places, width)


def images(
    store_of: StoreOf, sources: Iterable[Row], places: Sequence[tuple[int, int]], width: int = 120
) -> list[str]:
    """Pictures as HTML, each with its bytes inside, so that a saved notebook shows them anywhere.

    Args:
        sources: rows of at least those that are named.
        places: source id and frame of each picture.
        width: in pixels.

    Returns:
        An `<img>` for each place; in its stead some words where the proxy can't be read, and nothing where there is none yet.
    """
    by_id, made = {row["id"]: row for row in sources}, dict[tuple[int, int], str]()
    for source_id in {source_id for source_id, _ in places}:
        frames = sorted({frame for one, frame in places if one == source_id})
        source = by_id[source_id]
        if source["proxy_filepath"] is None:
            continue
        try:
            made |= {
                (source_id, frame): _image(webp, frame, width)
                for frame, webp in zip(
                    frames, webp_pictures(store_of(source), source, frames, width), strict=True
                )
            }
        except (
            HeatersError
        ):  # a table is worth showing without its pictures; `heaters verify` finds what is wrong
            made |= {(source_id, frame): "<em>no picture</em>" for frame in frames}
    return [made.get(place, "") for place in places]


def _image(webp: bytes, frame: int, width: int) -> str:
    data = base64.b64encode(webp).decode("ascii")
    return f'<img alt="frame {frame}" width="{width}" src="data:image/webp;base64,{data}">'


def _pictures(store: Store, source: Row, frames: Sequence[int]) -> list[Image.Image]:
    avcc, packets = _packets(store, source, frames)
    return [thumbnails.decode_frame(avcc, packet) for packet in packets]


def _packets(store: Store, source: Row, frames: Sequence[int]) -> tuple[bytes, Iterator[bytes]]:
    """What decodes the proxy, and these frames of it, undecoded."""
    columns, footer = parquet.read_columns(
        store.local_path(source["frame_index_filepath"]), ("offset", "size", "crc32")
    )
    chosen = {name: values[list(frames)].tolist() for name, values in columns.items()}
    proxy = store.local_path(source["proxy_filepath"])
    packets = thumbnails.read_packets(proxy, chosen["offset"], chosen["size"], chosen["crc32"], frames)
    return base64.b64decode(footer["avcc"]), packets
