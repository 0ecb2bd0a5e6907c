"""The options that yt-dlp is given, all of them: no other one, no configuration file and no plug-in has a say."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heaters.errors import SettingsError

if TYPE_CHECKING:
    from heaters.media.download import Rules

BLOCKED_MODULES: Final = ("curl_cffi", "requests", "urllib3", "websockets", "secretstorage")
"""What yt-dlp would use where it is installed. The first connects in C, unseen by the guard; none is needed."""
_RETRIES: Final = 3
_SILENCE: Final = 20.0
"""Seconds without a byte after which a connection is given up."""
_BUFFER: Final = 1 << 14
_MOST_COOKIES: Final = 1 << 20


def options(rules: Rules, logger: Any) -> dict[str, Any]:
    """The parameters of `YoutubeDL`.

    Raises:
        SettingsError: the file of cookies can't be read.
    """
    return {
        "allowed_extractors": ["default"], "cachedir": False, "cookiefile": _cookies(rules.cookies_file), "continuedl": True,
        "buffersize": _BUFFER, "color": "never", "concurrent_fragment_downloads": 1, "enable_file_urls": False,
        "extract_flat": "in_playlist", "extractor_retries": _RETRIES, "file_access_retries": 0, "fixup": "never",
        "format": _first, "fragment_retries": _RETRIES, "geo_bypass": False, "js_runtimes": {}, "logger": logger,
        "noplaylist": True, "noprogress": True, "overwrites": None,
        "playlistend": rules.playlist_limit + 1, "proxy": "", "quiet": True, "remote_components": [], "retries": _RETRIES,
        "retry_sleep_functions": dict.fromkeys(("http", "fragment", "extractor"), _wait),
        "skip_unavailable_fragments": False, "socket_timeout": _SILENCE, "subtitleslangs": ["all", "-live_chat"],
        "updatetime": False, "usenetrc": False, "writesubtitles": True,
    }  # fmt: skip


def _wait(n: int) -> float:
    """Seconds before the next try."""
    return float(min(0.25 * 2**n, 8.0))


def _first(context: dict[str, Any]) -> list[dict[str, Any]]:
    """A selection that never fails: what is taken is decided later, by selections that are noted."""
    return list(context["formats"][-1:])


def _cookies(file: str) -> io.StringIO | None:
    """The cookies as text, since yt-dlp would write a file anew when it ends."""
    if not file:
        return None
    try:
        with Path(file).expanduser().open(encoding="utf-8") as stream:
            return io.StringIO(stream.read(_MOST_COOKIES))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the setting cookies_file names {file}, which can't be read: {error}", path=file
        ) from error
