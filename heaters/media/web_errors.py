"""What yt-dlp raises, as one of our errors: one sentence, the way out, and whether trying again can help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from heaters.errors import DownloadFailed, MediaError, NotAvailable

_GONE: Final = (404, 410)
_CLOSED: Final = (401, 402, 403, 407, 451)
_CLIENT_ERRORS: Final = range(400, 500)
_BUSY: Final = (408, 425, 429)
_AGAIN: Final = {True: "try it again later", False: "`heaters run` or another ingest tries it again"}
"""By whether the page was looked at: what could not be looked at has no source yet that a run would take up."""
_COOKIES: Final = (
    "export the cookies of a browser that may see it and name them with the setting cookies_file"
)
_WORDS: Final = (
    (r"\bDRM\b|protected by", "is protected (DRM) and can't be taken: get a copy without protection"),
    (r"geo.?restrict|your (?:country|location|region)", "is not shown in this country: ingest it from where it is, or a file of it"),
    (r"log ?in|sign ?in|logged|cookies|members.only|private video|age.restricted|subscri|password",
     f"is for people who are logged in: {_COOKIES}"),
    (r"Unsupported URL|no video (?:formats )?found|No media found|no video in this|There is no video",
     "has no video that yt-dlp knows to find: give the address of the film itself, or download it and ingest the file"),
    (r"Requested format is not available|no formats", "offers nothing that can be downloaded: download it otherwise and ingest the file"),
    (r"live event|is offline|will begin|premieres", "is not there yet: ingest it when it has ended"),
)  # fmt: skip
"""What the messages of yt-dlp's 1,800 extractors have in common."""
_SIGNS: Final = re.compile(
    r"timed? ?out|timeout|connection|reset|refused|unreachable|name resolution|name or service|temporary|"
    r"incomplete|bytes read|IncompleteRead|EOF|certificate|SSL", re.IGNORECASE,
)  # fmt: skip


def as_ours(url: str, error: BaseException, refused: Sequence[str], *, looking: bool) -> MediaError:
    """The error for people.

    Args:
        url: what was asked for.
        error: from yt-dlp, or from below it.
        refused: addresses that the guard has refused to connect to.
        looking: the page was looked at; else a film was downloaded, of which a link may have run out.
    """
    if isinstance(error, MediaError):
        return error
    if refused:
        return NotAvailable(
            f"{url} leads to {refused[-1]}, which is no public address; for a server of your own set allow_private_addresses = true",
            url=url, address=refused[-1],
        )  # fmt: skip
    causes, text = _causes(error), _plain(error)
    status = next((one for one in (_status(cause) for cause in causes) if one), None) or _status_in(text)
    return (
        _by_status(url, status, text, looking=looking)
        if status
        else _by_words(url, text, causes, looking=looking)
    )


def _by_words(url: str, text: str, causes: Sequence[BaseException], *, looking: bool) -> MediaError:
    said = next((said for pattern, said in _WORDS if re.search(pattern, text, re.IGNORECASE)), None)
    if said:
        return NotAvailable(f"{url} {said} (yt-dlp: {text})", url=url)
    if _SIGNS.search(text) or any(
        isinstance(one, OSError) or type(one).__name__ == "TransportError" for one in causes
    ):
        return DownloadFailed(f"{url} could not be reached: {text}; {_AGAIN[looking]}", url=url)
    if any(getattr(one, "expected", False) for one in causes):
        return NotAvailable(f"{url} can't be taken: {text}", url=url)
    return DownloadFailed(
        f"{url} could not be read: {text}; a newer yt-dlp may know how (pip install -U yt-dlp), then try it again",
        url=url,
    )


def _by_status(url: str, status: int, text: str, *, looking: bool) -> MediaError:
    facts = {"url": url, "status": status}
    if status in _GONE:
        return NotAvailable(f"there is nothing at {url} (HTTP {status}): check the address", **facts)
    if status in _CLOSED and looking:
        return NotAvailable(f"{url} is refused (HTTP {status}): if it needs a login, {_COOKIES}", **facts)
    if status in _CLIENT_ERRORS and status not in (*_BUSY, *_CLOSED):
        return NotAvailable(f"{url} is refused (HTTP {status}): {text}", **facts)
    return DownloadFailed(
        f"{url} could not be downloaded (HTTP {status}); {_AGAIN[looking]}",
        **facts,
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and what it came from, by every way that yt-dlp keeps it."""
    found: list[BaseException] = []
    queue: list[Any] = [error]
    while queue:
        one = queue.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            kept = getattr(one, "exc_info", None) or ()
            queue += [getattr(one, "cause", None), one.__cause__, *kept[1:2], one.__context__]
    return found


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status", None)
    return status if isinstance(status, int) else None


def _status_in(text: str) -> int | None:
    """The status in a message: of a fragment that was tried several times yt-dlp tells no more."""
    found = re.search(r"HTTP Error (\d{3})", text)
    return int(found[1]) if found else None


def _plain(error: BaseException) -> str:
    """The message as one short sentence, without yt-dlp's prefixes and its plea for bug reports."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"^(?:ERROR: )?(?:\[[^\]]+\] )?(?:[\w.-]+: )?", "", text.strip())
    text = re.split(r"; please report|\(caused by|\. Use --|; See +http|Please report", text)[0]
    return " ".join(text.split())[:300].rstrip(" .;:") or type(error).__name__
