"""Pictures of clips for notebooks: single frames straight from the review proxy's bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from heaters.catalog import parquet
from heaters.errors import HeatersError
from heaters.media import thumbnails
from heaters.stages.stage import Row, StoreOf
from heaters.storage import Store

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image


_READERS: Final = 8
_RUN_BYTES: Final = 1 << 20
_GAP_BYTES: Final = 1 << 16
"""Sound lies between the pictures of a run; further apart another request costs less."""


class _Place(NamedTuple):
    """A row of the frame index."""

    frame: int
    offset: int
    size: int
    crc: int

    @property
    def end(self) -> int:
        return self.offset + self.size


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
    chosen = (columns[name][list(frames)].tolist() for name in ("offset", "size", "crc32"))
    places = [_Place(*place) for place in zip(frames, *chosen, strict=True)]
    return base64.b64decode(footer["avcc"]), _read(store, source["proxy_filepath"], places)


def _read(store: Store, key: str, places: Sequence[_Place]) -> Iterator[bytes]:
    """The bytes of each place: neighbours in one range, some ranges at a time, since each may be an answer from far away."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - brings logging along

    runs = _runs(places)
    with ThreadPoolExecutor(min(_READERS, len(runs)) or 1, "heaters-pictures") as readers:
        reads = readers.map(lambda run: store.read(key, run[0].offset, run[-1].end - run[0].offset), runs)
        for run, found in zip(runs, reads, strict=True):
            for frame, offset, size, crc in run:
                packet = found[offset - run[0].offset :][:size]
                thumbnails.refuse_damaged(packet, store.uri(key), frame, offset, size, crc)
                yield packet


def _runs(places: Iterable[_Place]) -> list[list[_Place]]:
    runs: list[list[_Place]] = []
    for place in places:
        joins = runs and 0 <= place.offset - runs[-1][-1].end <= _GAP_BYTES
        if joins and place.end - runs[-1][0].offset <= _RUN_BYTES:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs
