"""The guarded process that talks to the web: `python -m heaters.media.web_child`, one JSON request on stdin, JSON lines on stdout.

It lives as long as its stdin is open, so it ends with whoever started it. yt-dlp is imported here and nowhere else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heaters.errors import HeatersError, NotAvailable
from heaters.media.download import Rules
from heaters.media.limits import limit_this_process
from heaters.media.web_errors import as_ours
from heaters.media.web_guard import Guard
from heaters.media.web_options import BLOCKED_MODULES, options

if TYPE_CHECKING:
    from yt_dlp import YoutubeDL

    from heaters.media.web_taking import Taking

_MEMORY: Final = 2 << 30
_ROOM: Final = 16 << 20
"""Bytes over the limit that a file may have: more than one write, so that it is refused with a sentence before the system does."""
_SCHEMES: Final = ("http", "https", "data")


class Said:
    """What goes back, as JSON lines; also what yt-dlp takes for its logger.

    Attributes:
        warnings: those that were told, each once, one line each.
        refused: addresses that the guard has refused.
    """

    _INTERVAL: Final = 0.25

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.refused: list[str] = []
        self._last = 0.0

    def say(self, **members: Any) -> None:
        """Write a line."""
        sys.stdout.write(json.dumps(members) + "\n")
        sys.stdout.flush()

    def progress(self, done: int) -> None:
        """Say how many bytes have come, a few times a second."""
        now = time.monotonic()
        if now - self._last >= self._INTERVAL:
            self._last = now
            self.say(progress=done)

    def debug(self, text: str) -> None:
        """yt-dlp's chatter is not passed on."""

    info = debug

    def warning(self, text: str) -> None:
        """Keep a warning, as one line."""
        line = " ".join(text.removeprefix("WARNING: ").split())[:300]
        if line not in self.warnings and "generic information extractor" not in line:  # that is no news
            self.warnings.append(line)

    def error(self, text: str) -> None:
        """Errors are raised too; that is where they are heard."""


def main() -> None:
    """Answer the request on stdin, and no other one."""
    request, said = json.loads(sys.stdin.readline()), Said()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    said.refused = guarded(request).refused
    answer(request, said)


def guarded(request: Mapping[str, Any]) -> Guard:
    """Hold this process to the rules of a request until it ends."""
    for name in BLOCKED_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    import yt_dlp  # noqa: F401, PLC0415 - before the limits: compiled once, it is kept

    rules, folder = Rules(**request["rules"]), _folder_of(request)
    limit_this_process(request["seconds"], _MEMORY, rules.max_bytes + _ROOM if folder else 0)
    guard = Guard(folder, allow_private=rules.allow_private)
    guard.install()
    return guard


def answer(request: dict[str, Any], said: Said) -> None:
    """Say what there is to say of a request: its `answer`, or the `error` with its `facts`."""
    folder = _folder_of(request)
    try:
        found = _answer(request, Rules(**request["rules"]), folder, said)
        said.say(answer={**found, "warnings": said.warnings})
    except BaseException as error:  # noqa: BLE001 - whatever it is, it goes back as data
        ours = error if isinstance(error, HeatersError) else as_ours(
            request["shown"], error, said.refused, looking=folder is None)  # fmt: skip
        said.say(error=ours.as_json(), facts={"url": request["shown"]})


def _folder_of(request: Mapping[str, Any]) -> Path | None:
    return Path(request["folder"]) if request.get("folder") else None


def _answer(request: dict[str, Any], rules: Rules, folder: Path | None, said: Said) -> dict[str, Any]:
    from heaters.media import web_taking  # noqa: PLC0415 - needs yt-dlp

    with _open(rules, said) as ydl:
        info = request.get("info") or _extract(ydl, request["url"])
        if entries := web_taking.entries_of(info):
            return {"playlist": info.get("title") or request["shown"], "entries": entries}
        web_taking.refuse_unfit(info, rules, request["shown"])
        answer = {"facts": web_taking.facts(info)}
        if folder is None:
            expected = {"bytes": web_taking.expected_bytes(ydl, info)}
            return {"facts": answer["facts"] | expected, "info": ydl.sanitize_info(info)}
        taking: Taking = web_taking.take(ydl, info, rules, folder, request["shown"], said)
        return {**answer, **taking._asdict(), "subtitles": web_taking.subtitles(ydl, info, said)}


def _extract(ydl: YoutubeDL, url: str) -> dict[str, Any]:
    info = ydl.extract_info(url, download=False)
    if not info:
        raise NotAvailable(f"{url} has no video")
    return dict(info)


def _open(rules: Rules, said: Said) -> YoutubeDL:
    """yt-dlp with one way to ask for pages: Python's own sockets, http and https only, no proxy."""
    from yt_dlp import YoutubeDL  # noqa: PLC0415
    from yt_dlp.networking._urllib import UrllibRH  # noqa: PLC0415

    class PlainWebRH(UrllibRH):  # type: ignore[misc]
        """Requests by http and https, on the way of redirects too."""

        _SUPPORTED_URL_SCHEMES = _SCHEMES

        def _create_instance(self, *arguments: Any, **named: Any) -> Any:
            opener = super()._create_instance(*arguments, **named)
            for scheme in {*opener.handle_open} - {*_SCHEMES, "unknown"}:
                del opener.handle_open[scheme]
            return opener

    ydl = YoutubeDL(options(rules, said))
    ydl._request_director = ydl.build_request_director([PlainWebRH])  # noqa: SLF001 - there is no public way
    return ydl


def _end_with_parent() -> None:
    while os.read(0, 1):  # not sys.stdin: its lock would be held while the interpreter ends
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
