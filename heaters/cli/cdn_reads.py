"""What `doctor --cdn` asks for: the requests that a player's page makes, from one origin, and those that set traps for a cache."""

from __future__ import annotations

import http.client
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from heaters.errors import UsageError

_SECONDS: Final = 20.0
_MOST: Final = 1 << 16  # of a body that is longer than asked for
HEAD_BYTES: Final = 12
"""The start of a file, by which the player knows an MP4."""
MIDDLE_BYTES: Final = 1000
_STRANGER: Final = "https://elsewhere.invalid"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; of a long body only the beginning."""

    status: int
    headers: Message
    body: bytes

    def header(self, name: str) -> str:
        """Its value, empty where it is missing; several of one name are joined as browsers do."""
        return ", ".join(self.headers.get_all(name) or ())

    @property
    def size(self) -> int | None:
        """Of the whole file, as `Content-Range` tells it."""
        found = re.fullmatch(r"bytes \d+-\d+/(\d+)", self.header("Content-Range"))
        return int(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Reads:
    """All answers.

    Attributes:
        signed: the address carries a signature, and is of no use to a cache.
        first: the start of the file, as the player's probe asks for it.
        whole: `bytes=0-`, as media elements ask.
        middle: 1000 bytes from the middle; None in a file that is too small, or of unknown size.
        inside: 100 bytes from within these.
        plain: of an address, or a range, that nobody has read before, without an origin.
        after: the same once more, now from the origin.
        stranger: the same, from another origin.
        again: the start of the file once more.
        renewed: the start of the file as of another version than all before; None for a signed address.
        preflight: what older browsers ask before they read by range.
    """

    address: SplitResult
    origin: str
    signed: bool
    first: Answer
    whole: Answer
    middle: Answer | None
    inside: Answer | None
    plain: Answer
    after: Answer
    stranger: Answer
    again: Answer
    renewed: Answer | None
    preflight: Answer


def address_of(url: str) -> SplitResult:
    """The parts of an address that a browser could read.

    Raises:
        UsageError: it is none.
    """
    try:
        parts = urlsplit(url.strip())
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        known = False
    if not known:
        raise UsageError(
            f"{url.partition('?')[0]!r} is no address of a file, such as https://cdn.example.org/review_proxies/video_1_proxy.mp4"
        )
    return parts


def origin_of(text: str) -> str:
    """The origin of a page, as browsers send it.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(https?://[^\s/?#@]+)/?", text.strip().lower())
    if not found:
        raise UsageError(f"{text!r} is no origin of a page, such as https://review.example.org")
    return found[1]


def read_all(address: SplitResult, origin: str) -> Reads:
    """Ask for everything, one after the other.

    Raises:
        OSError: nobody answers there.
        http.client.HTTPException: what answers is no web server.
    """
    signed = any("signature" in name.lower() for name, _ in parse_qsl(address.query))
    fresh = address if signed else _versioned(address)
    first = _range(address, 0, HEAD_BYTES, origin)
    size = first.size or 0
    half, untouched = size // 2, secrets.randbelow(max(1, size - HEAD_BYTES)) if signed else 0
    is_long = size >= 4 * MIDDLE_BYTES
    return Reads(
        address, origin, signed, first,
        whole=_ask(address, {"Range": "bytes=0-", "Origin": origin}),
        middle=_range(address, half, MIDDLE_BYTES, origin) if is_long else None,
        inside=_range(address, half + 500, 100, origin) if is_long else None,
        plain=_range(fresh, untouched, HEAD_BYTES),
        after=_range(fresh, untouched, HEAD_BYTES, origin),
        stranger=_range(fresh, untouched, HEAD_BYTES, _STRANGER),
        again=_range(address, 0, HEAD_BYTES, origin),
        renewed=None if signed else _range(_versioned(address), 0, HEAD_BYTES, origin),
        preflight=_ask(address, {
            "Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range",
        }, method="OPTIONS"),
    )  # fmt: skip


def _versioned(address: SplitResult) -> SplitResult:
    """The address of a version that there never was."""
    others = [(name, value) for name, value in parse_qsl(address.query) if name != "v"]
    return address._replace(query=urlencode([*others, ("v", secrets.token_hex(6))]))


def _range(address: SplitResult, start: int, length: int, origin: str | None = None) -> Answer:
    headers = {"Range": f"bytes={start}-{start + length - 1}"}
    return _ask(address, headers | ({"Origin": origin} if origin else {}))


def _ask(address: SplitResult, headers: Mapping[str, str], method: str = "GET") -> Answer:
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=_SECONDS)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        connection.request(method, target, headers={"Accept-Encoding": "identity", **headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read(_MOST))
    finally:
        connection.close()
