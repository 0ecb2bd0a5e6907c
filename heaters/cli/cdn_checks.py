"""What `doctor --cdn` finds in the answers, and what is to be changed. What each of it is for stands in docs/cdn.md."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from typing import Any, Final

from heaters.cli.cdn_reads import HEAD_BYTES, MIDDLE_BYTES, Answer, Reads, address_of, origin_of, read_all

DEFAULT_ORIGIN: Final = "http://localhost:8866"
"""Of the review page on one's own machine."""
_PARTIAL: Final = 206
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DAY: Final = 86_400
_OF_CACHES: Final = ("X-Cache", "X-Cache-Status", "CF-Cache-Status", "Cache-Status", "X-Cache-Lookup")
_EXPOSED: Final = ("Content-Range", "Content-Length", "ETag", "Accept-Ranges")
_LONG: Final = "public, max-age=31536000, immutable"

Finding = tuple[str, str]
"""What was found, and what is to be changed: nothing where all is well."""


def examine_cdn(url: str, origin: str = DEFAULT_ORIGIN) -> list[dict[str, Any]]:
    """One row for each check: `check`, `ok`, `found`, `change`. No row has the query of the address, which may be a secret.

    Raises:
        UsageError: this is no address, or no origin.
    """
    address, asker = address_of(url), origin_of(origin)
    host = address.hostname or ""
    try:
        reads = read_all(address, asker)
    except (OSError, http.client.HTTPException) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return [
            _row(
                "answer",
                (f"{host} does not answer: {said}", "name and port of the address, certificate, firewall"),
            )
        ]
    return [_row("answer", (f"{host} answers", "")), *(_row(name, check(reads)) for name, check in _CHECKS.items())]  # fmt: skip


def _row(name: str, finding: Finding) -> dict[str, Any]:
    found, change = finding
    return {"check": name, "ok": not change, "found": found, "change": change}


def _https(reads: Reads) -> Finding:
    scheme, host = reads.address.scheme, reads.address.hostname or ""
    if scheme == "https":
        return "https", ""
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return "http, of this machine", ""
    return "http", "serve it over https: pages that were opened over https load nothing over http"


def _start(reads: Reads) -> Finding:
    refused = _refusal(reads.first, reads)
    return refused or _part(reads.first, 0, HEAD_BYTES)


def _whole(reads: Reads) -> Finding:
    refused, size = _refusal(reads.whole, reads), reads.first.size
    if refused or size is None:
        return refused or ("the size of the file is not told", "send Content-Range")
    told = reads.whole.header("Content-Range")
    if told == f"bytes 0-{size - 1}/{size}":
        return f"206 to bytes=0-, {size} bytes", ""
    return (
        f"{told or 'no Content-Range'} to bytes=0-",
        f"answer it by Content-Range: bytes 0-{size - 1}/{size}",
    )


def _middle(reads: Reads) -> Finding:
    if reads.middle is None or reads.inside is None:
        if reads.first.size is None:
            return "the size of the file is not told", "send Content-Range"
        return f"the file has {reads.first.size} bytes: too few to tell", ""
    half = (reads.first.size or 0) // 2
    found = _refusal(reads.middle, reads) or _part(reads.middle, half, MIDDLE_BYTES)
    if found[1]:
        return found
    if reads.inside.body != reads.middle.body[500:600]:
        return "the same bytes differ between two reads", "empty the cache: it joins parts of different files"
    return f"{MIDDLE_BYTES} bytes from {half}", ""


def _refusal(answer: Answer, reads: Reads) -> Finding | None:
    """Why an answer is no part of a file; None where it says that it is one."""
    if answer.status == _PARTIAL:
        return None
    changes = {
        200: "hand Range on to the storage and answer 206: nginx `proxy_force_ranges on`, or `slice`; CloudFront does it by itself",
        401: "let anybody read there, or sign the addresses: the player sends no login",
        403: "make a new address: this one may have expired" if reads.signed else
             "let the CDN read the bucket: origin access control, and the bucket's policy",
        404: "compare the path with that in the bucket: the CDN must be rooted where the bucket is, above the store's prefix",
        416: "name a file that is not empty",
    }  # fmt: skip
    if answer.status in _REDIRECTS:
        return (
            f"{answer.status}, a redirect",
            "name the address that answers itself, of S3 the one of the bucket's region",
        )
    change = changes.get(answer.status, "look into the log of the CDN or of the storage")
    return f"{answer.status} in the place of 206", change


def _part(answer: Answer, start: int, length: int) -> Finding:
    told, packed = answer.header("Content-Range"), answer.header("Content-Encoding")
    if packed and packed != "identity":
        return (
            f"packed by {packed}",
            "don't compress video: nginx `gzip off`, CloudFront `Compress objects: no`",
        )
    if not told:
        return "no Content-Range", "hand Content-Range of the storage on"
    if not re.fullmatch(rf"bytes {start}-{start + length - 1}/\d+", told):
        return told, f"send the bytes that were asked for: {start} to {start + length - 1}"
    if len(answer.body) != length:
        return f"{len(answer.body)} bytes for {length}", "send as many bytes as Content-Range says"
    return f"206, {told}", ""


def _content_type(reads: Reads) -> Finding:
    kind = reads.first.header("Content-Type").partition(";")[0]
    if kind == "text/html":
        return kind, "this is a page, perhaps of an error or a login: name the address of a review proxy"
    if reads.first.body[4:8] != b"ftyp":
        return "no MP4", "name the address of a review proxy"
    if kind in {"video/mp4", "audio/mp4"}:
        return kind, ""
    return kind or "no Content-Type", "set Content-Type of the object: video/mp4, of sound audio/mp4"


def _cors(reads: Reads) -> Finding:
    return _let_in(reads.first, reads.origin)


def _let_in(answer: Answer, origin: str) -> Finding:
    allowed = answer.header("Access-Control-Allow-Origin")
    if allowed in {"*", origin}:
        return f"Access-Control-Allow-Origin: {allowed}", ""
    if "," in allowed:
        return (
            f"Access-Control-Allow-Origin: {allowed}",
            "let one of them add the header, storage or CDN; browsers refuse two",
        )
    found = f"Access-Control-Allow-Origin is {allowed}" if allowed else "no Access-Control-Allow-Origin"
    return (
        found,
        f"add {origin} to AllowedOrigins of the bucket's CORS rules, or to the CDN's response headers",
    )


def _cors_cached(reads: Reads) -> Finding:
    by_origin = "make Origin part of the cache key, or let the CDN add the CORS headers to every answer"
    if not _let_in(reads.first, reads.origin)[1] and _let_in(reads.after, reads.origin)[1]:
        return "lost after a read without an origin", by_origin
    if reads.stranger.header("Access-Control-Allow-Origin") == reads.origin:
        return f"what {reads.origin} was told others are told too", by_origin
    return "each origin has its own answer", ""


def _exposed(reads: Reads) -> Finding:
    names = {one.strip().lower() for one in reads.first.header("Access-Control-Expose-Headers").split(",")}
    missing = [] if "*" in names else [one for one in _EXPOSED if one.lower() not in names]
    if _EXPOSED[0] in missing:
        return f"hidden: {', '.join(missing)}", f"add to ExposeHeaders: {', '.join(missing)}"
    return f"hidden, which is no harm: {', '.join(missing)}" if missing else ", ".join(_EXPOSED), ""


def _preflight(reads: Reads) -> Finding:
    answer = reads.preflight
    names = {one.strip().lower() for one in answer.header("Access-Control-Allow-Headers").split(",")}
    if answer.status not in {200, 204}:
        return (
            f"OPTIONS is answered by {answer.status}",
            "let OPTIONS and its headers through to the bucket, which needs CORS rules with Range in AllowedHeaders",
        )
    if _let_in(answer, reads.origin)[1]:
        return _let_in(answer, reads.origin)
    if not names & {"*", "range"}:
        return (
            "Range is not allowed",
            "add Range to AllowedHeaders: older browsers ask before they read by range",
        )
    return "Range is allowed", ""


def _lasting(reads: Reads) -> Finding:
    told = reads.first.header("Cache-Control")
    words = {one.strip().lower() for one in told.split(",")}
    age = re.search(r"max-age=(\d+)", told, re.IGNORECASE)
    if words & {"no-store", "no-cache"} or not age or int(age[1]) < _DAY:
        return (
            f"Cache-Control: {told}" if told else "no Cache-Control",
            f"set Cache-Control of the object: {_LONG}",
        )
    return f"Cache-Control: {told}", ""


def _cached(reads: Reads) -> Finding:
    if _is_hit(reads.again):
        return "the second read came from a cache", ""
    if reads.signed:
        return "no cache: a signed address leads to the storage", ""
    return "nothing says that the second read came from a cache", (
        "let the CDN cache answers to ranges and say so by Age or X-Cache; CloudFront: a cache policy with the query string v in its key"
    )  # fmt: skip


def _version(reads: Reads) -> Finding:
    if reads.renewed is None:
        return "a signed address is one of a kind", ""
    if _is_hit(reads.renewed):
        return (
            "an address with another v came from the cache",
            "make the query string v part of the cache key: it tells versions apart",
        )
    if reads.renewed.status != reads.first.status:
        return f"{reads.renewed.status} with ?v=...", "ignore unknown query parameters, as S3 does"
    return "v is part of the cache key", ""


def _is_hit(answer: Answer) -> bool:
    """Some caches send an Age of 0 with what they have not kept; they have another header beside it."""
    told = [answer.header(name).lower() for name in _OF_CACHES if answer.header(name)]
    return any("hit" in one for one in told) if told else answer.header("Age").isdigit()


_CHECKS: Final[dict[str, Callable[[Reads], Finding]]] = {
    "https": _https, "range": _start, "open range": _whole, "middle range": _middle, "content type": _content_type,
    "CORS": _cors, "CORS and cache": _cors_cached, "exposed headers": _exposed, "preflight": _preflight,
    "caching allowed": _lasting, "cached": _cached, "versions": _version,
}  # fmt: skip
