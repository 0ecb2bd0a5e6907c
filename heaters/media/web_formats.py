"""What a page offers, what is taken of it, and why: nothing here knows yt-dlp but its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Format = Mapping[str, Any]
"""One rendition as yt-dlp tells it."""

BEST: Final = "bv*[ext=mp4]+ba[ext=m4a]/b[ext=mp4]/bv*+ba/b"
PLAIN: Final = "bestvideo[ext=mp4][vcodec^=avc1]+bestaudio[ext=m4a]/best[ext=mp4]/best"
LARGEST: Final = "bv*+ba/b"
_TOLD: Final = (
    "format_id", "ext", "protocol", "vcodec", "acodec", "width", "height", "fps", "dynamic_range", "tbr", "asr", "language",
    "filesize", "format_note",
)  # fmt: skip
_PROTOCOLS: Final = frozenset({"http", "https", "m3u8", "m3u8_native", "http_dash_segments"})
"""What can be fetched over http(s) without another program."""


def choices(*, best_only: bool) -> list[tuple[str, str]]:
    """The selections to try, in order, each with why it is tried."""
    largest = [(LARGEST, "the largest pictures, in whatever container")] if best_only else []
    return [
        (BEST, "the best that is offered"),
        *largest,
        (PLAIN, "H.264 in MP4, since what is better failed"),
    ]


def can_be_fetched(one: Format) -> bool:
    """Tell whether a format comes by plain requests, and is not protected."""
    return one.get("protocol") in _PROTOCOLS and not one.get("has_drm")


def told(one: Format) -> dict[str, Any]:
    """What a note keeps of a format: no address, which may hold a key."""
    return {name: one[name] for name in _TOLD if one.get(name) is not None}


def largest(formats: Iterable[Format]) -> tuple[int, int] | None:
    """Width and height of the largest pictures; None where no format says them."""
    sizes = [(one["width"], one["height"]) for one in formats if one.get("width") and one.get("height")]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def is_less(taken: tuple[int, int] | None, offered: tuple[int, int] | None) -> bool:
    """Tell whether pictures are smaller than others; what is not known is not less."""
    return taken is not None and offered is not None and taken[0] * taken[1] < offered[0] * offered[1]


def in_words(size: tuple[int, int] | None) -> str:
    """A size for people."""
    return f"{size[0]}x{size[1]}" if size else "an unknown size"


def projected_bytes(chosen: Sequence[Format]) -> int:
    """How many bytes the formats say that they have; 0 where one does not say."""
    sizes = [one.get("filesize") or one.get("filesize_approx") or 0 for one in chosen]
    return int(sum(sizes)) if all(sizes) else 0
