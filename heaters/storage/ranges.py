"""Byte ranges: what one HTTP `Range` header asks for of a file of known size (RFC 9110, section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from heaters.errors import UsageError

_LONGEST_NUMBER: Final = 18  # digits: more than any file has, less than int() would take minutes for
_ONE_RANGE: Final = re.compile(
    rf"[ \t]*bytes[ \t]*=[ \t]*([0-9]{{0,{_LONGEST_NUMBER}}})-([0-9]{{0,{_LONGEST_NUMBER}}})[ \t]*",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`[start, end)` in bytes of a file of `size` bytes; never empty."""

    start: int
    end: int
    size: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= self.size:
            raise ValueError(f"bytes [{self.start}, {self.end}) are not inside of {self.size}")

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.end - self.start

    @property
    def content_range(self) -> str:
        """The header `Content-Range` of the answer, whose last byte is included."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


class RangeRefused(UsageError):
    """No single range of the file was asked for; the answer is status 416.

    Attributes:
        content_range: the header `Content-Range` of that answer, which tells the size.
    """

    @property
    def content_range(self) -> str:
        """`bytes */SIZE`."""
        return f"bytes */{self.facts['size']}"


def parse_range(header: str | None, size: int) -> ByteRange:
    """The bytes that a `Range` header asks for.

    HTTP lets a server answer a header that it does not understand with the whole file. This one refuses it: a page
    that asked for one frame must not be sent a film.

    Args:
        header: `bytes=10-19`, `bytes=10-`, `bytes=-10`, or None for the whole file.
        size: of the file in bytes.

    Raises:
        RangeRefused: the header is malformed, names several ranges or another unit, or begins behind the end of the
            file; any header, if the file is empty.
    """
    first, last = _numbers("bytes=0-" if header is None else header, size)
    if first is None:
        start, end = size - min(last or 0, size), size
    else:
        start, end = first, size if last is None else min(last + 1, size)
    if not start < end:
        raise RangeRefused(f"{header or 'the whole file'}: no such bytes in a file of {size}", size=size)
    return ByteRange(start, end, size)


def _numbers(header: str, size: int) -> tuple[int | None, int | None]:
    found = _ONE_RANGE.fullmatch(header)
    first, last = (int(text) if text else None for text in found.groups()) if found else (None, None)
    backwards = first is not None and last is not None and last < first
    if backwards or (first is None and last is None):
        raise RangeRefused(
            f"{header[:80]!r} is not one range of bytes, such as bytes=0-99, bytes=100- or bytes=-100",
            size=size,
        )
    return first, last
