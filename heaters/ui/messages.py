"""What the kernel tells the page of a source: facts, and rows of its frame index. Twin of `widgets/src/protocol.ts`."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heaters.catalog import parquet
from heaters.errors import FrameOutsideClip, MediaError, UsageError
from heaters.stages.stage import store_of

if TYPE_CHECKING:
    from heaters.storage import Store
    from heaters.workspace import Workspace

ROWS_AROUND: Final = 250
"""Rows sent on each side of a clip: what the first steps out of it need."""
MOST_ROWS: Final = 5_000
"""Rows in one message: 120 kB."""
MOST_BYTES: Final = 4 << 20
"""Bytes in one answer over the widget's channel."""
VERSION_DIGITS: Final = 12
BYTES_ASKED: Final = frozenset({"rows", "read", "urls"})
"""Kinds of questions for bytes, and for where they are."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A prepared source as the player needs it.

    Attributes:
        source: its row.
        facts: `SourceFacts` of the protocol.
        avcc: the AVCDecoderConfigurationRecord of the proxy.
        store: where its files lie.
        keys: of the proxy, and where there is sound of the sound alone.
        url_seconds: for how long addresses of them work.
        columns: `pts` float64[n + 1] from the first frame on, with the end of the last one; `offset` float64[n];
            `size` and `crc32` uint32[n].
    """

    source: Row
    facts: Row
    avcc: bytes
    store: Store
    keys: dict[str, str]
    url_seconds: int
    columns: dict[str, np.ndarray[Any, Any]]

    @classmethod
    def of(cls, workspace: Workspace, source_id: int) -> Film:
        """Read the frame index of a source.

        Raises:
            UsageError: the source is not prepared yet.
            CatalogDamaged: its frame index can't be read.
            StoreUnavailable: nor can its store.
        """
        source = workspace.source(source_id)
        if source["proxy_filepath"] is None:
            raise UsageError(
                f"source {source_id} ({source['title']}) has no review proxy yet: `heaters run` makes it"
            )
        store = store_of(source, workspace.settings, workspace.root)
        columns, footer = parquet.read_columns(
            store.local_path(source["frame_index_filepath"]), ("pts", "offset", "size", "crc32")
        )
        start, end = int(footer["start_pts"]), int(footer["end_pts"])
        keys = {"proxy": source["proxy_filepath"], "audio": source["proxy_audio_filepath"]}
        return cls(
            source, _facts(source, footer, store), base64.b64decode(footer["avcc"]), store,
            {file: key for file, key in keys.items() if key}, workspace.settings.presigned_seconds,
            {
                "pts": np.append(columns["pts"], end).astype(np.float64) - start,
                "offset": columns["offset"].astype(np.float64),
                "size": columns["size"].astype(np.uint32), "crc32": columns["crc32"].astype(np.uint32),
            },
        )  # fmt: skip

    @property
    def n_frames(self) -> int:
        """Frames in the source."""
        return len(self.columns["size"])

    def rows(self, first: int, end: int) -> bytes:
        """Rows `[first, end)`: f64 pts[n + 1], f64 offset[n], u32 size[n], u32 crc32[n], little-endian.

        Raises:
            FrameOutsideClip: the source has no such frames, or these are more than `MOST_ROWS`.
        """
        if not 0 <= first < end <= self.n_frames or end - first > MOST_ROWS:
            raise FrameOutsideClip(
                f"rows {first} to {end} were asked for; source {self.source['id']} has {self.n_frames} frames, and a "
                f"message at most {MOST_ROWS}"
            )
        widths = {"pts": "<f8", "offset": "<f8", "size": "<u4", "crc32": "<u4"}
        ends = {"pts": end + 1}
        return b"".join(
            self.columns[name][first : ends.get(name, end)].astype(width).tobytes()
            for name, width in widths.items()
        )

    def read(self, file: str, offset: int, size: int) -> bytes:
        """Bytes of the proxy or of its sound, for pages that no server of ours can reach.

        Raises:
            MediaError: there is no such file, or the bytes are more than `MOST_BYTES`.
            StoreUnavailable: it has no such bytes, or they can't be read.
        """
        key = self.keys.get(file)
        if key is None:
            raise MediaError(f"source {self.source['id']} has no {file}")
        if offset < 0 or not 0 < size <= MOST_BYTES:
            raise MediaError(
                f"{size} bytes from {offset} were asked for; at most {MOST_BYTES} come in one message"
            )
        return self.store.read(key, offset, size)

    @property
    def places(self) -> dict[int, str | None]:
        """Where the server finds the source, if not in the folder of the workspace: an address for `open_store`."""
        return {self.source["id"]: self.store.address if self.source["store"] else None}

    def urls(self) -> Row | None:
        """Addresses by which the page reads the files without us, good from now on; None where they lie in a folder.

        A CDN may keep what it has sent, so its addresses change with the proxy.
        """
        found = {file: self.store.url(key, self.url_seconds) for file, key in self.keys.items()}
        proxy = found.get("proxy")
        if proxy is None:
            return None
        is_signed = "signature=" in proxy.lower()
        version = "" if "?" in proxy else f"?v={self.facts['version']}"
        urls = {file: f"{url}{version}" for file, url in found.items() if url}
        return {
            "from": "s3" if is_signed else "cdn", "proxy": urls["proxy"], "audio": urls.get("audio"), "seconds": self.url_seconds,
        }  # fmt: skip


def show(
    film: Film,
    clip: Row | None,
    frame: int,
    *,
    number: int,
    workspace_uuid: str,
    webcodecs: bool,
    playing: bool,
) -> tuple[Row, list[bytes]]:
    """The message that puts a source, and in it a clip, on the screen, and its buffers: avcC and rows around it."""
    start, end = (clip["start_frame"], clip["end_frame"]) if clip else (0, film.n_frames)
    first = max(0, min(start, frame) - ROWS_AROUND)
    last = min(film.n_frames, first + MOST_ROWS, max(end, frame + 1) + ROWS_AROUND)
    if not first <= frame < last:
        first, last = max(0, frame - ROWS_AROUND), min(film.n_frames, frame + ROWS_AROUND)
    message = {
        "kind": "show", "show": number, "source": film.facts, "clip": _clip_facts(clip) if clip else None,
        "rows_first": first, "rows_end": last, "paths": _paths(film, workspace_uuid), "urls": film.urls(),
        "webcodecs": webcodecs, "frame": frame, "playing": playing,
    }  # fmt: skip
    return message, [film.avcc, film.rows(first, last)]


def bytes_asked(film: Film, content: Row) -> tuple[Row, list[bytes]]:
    """Answer a question for rows of the frame index, bytes of the proxy, or new addresses: the answer and its buffers.

    Raises:
        FrameOutsideClip, MediaError, StoreUnavailable: see `Film.rows` and `Film.read`.
        UsageError: it is for another source.
    """
    if content["source"] != film.source["id"]:
        raise UsageError(f"source {content['source']} is not on the screen any more")
    if content["kind"] == "urls":
        return {"kind": "urls", "urls": film.urls()}, []
    if content["kind"] == "rows":
        return {"kind": "rows"}, [film.rows(int(content["first"]), int(content["end"]))]
    read = film.read(str(content["file"]), int(content["offset"]), int(content["size"]))
    return {"kind": "bytes"}, [read]


def unknown_question(content: Row) -> UsageError:
    """What a page of another heaters hears."""
    return UsageError(
        f"the page asked for {content.get('kind')!r}, which this heaters does not know: reload the page"
    )


def _facts(source: Row, footer: Row, store: Store) -> Row:
    audio = store.head(source["proxy_audio_filepath"]) if source["proxy_audio_filepath"] else None
    base = Fraction(footer["time_base"])
    return {
        "id": source["id"], "title": source["title"], "frames": source["n_frames"],
        "fps": [source["fps_num"], source["fps_den"]], "time_base": [base.numerator, base.denominator],
        "width": int(footer["width"]), "height": int(footer["height"]), "codec": footer["codec"],
        "proxy_bytes": int(footer["proxy_bytes"]), "version": footer["proxy_sha256"][:VERSION_DIGITS],
        "audio": audio is not None, "audio_bytes": audio.bytes if audio else 0,
    }  # fmt: skip


def _clip_facts(clip: Row) -> Row:
    facts = {name: clip[name] for name in ("id", "start_frame", "end_frame", "state")}
    return {**facts, "ref": f"{clip['source_video_id']}.{clip['clip_no']}"}


def _paths(film: Film, workspace_uuid: str) -> Row:
    version = film.facts["version"]
    return {
        file: f"heaters/media/{workspace_uuid}/{film.source['id']}/{file}?v={version}"
        if file in film.keys
        else None
        for file in ("proxy", "audio")
    }
