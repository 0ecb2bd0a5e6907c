"""The one server of the player's benchmark: byte ranges with the headers of our own handler, each request noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from heaters.storage.ranges import RangeRefused, parse_range

CHUNK: Final = 1 << 16
_TYPES: Final = {
    ".mp4": "video/mp4", ".m4a": "audio/mp4", ".js": "text/javascript", ".html": "text/html", ".jpg": "image/jpeg",
    ".json": "application/json",
}  # fmt: skip


@dataclass(slots=True)
class Request:
    """One request for a film's bytes.

    Attributes:
        who: the player and round that asked, as its addresses say.
        began: by the wall clock, in seconds.
        start: first byte.
        asked: bytes that the range covers.
        sent: bytes that the player let the server write.
    """

    who: str
    path: str
    began: float
    start: int
    asked: int
    sent: int = 0


class Log:
    """Requests of all players, in order."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def of(self, who: str, path: str) -> list[Request]:
        """Those of one player in one round for one file."""
        return [one for one in self.requests if (one.who, one.path) == (who, path)]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, files: Mapping[str, Path | bytes], log: Log, *arguments: Any) -> None:
        self._files, self._log = files, log
        super().__init__(*arguments)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path = address.path.lstrip("/") or "index.html"
        found = self._files.get(path)
        if found is None:
            self.send_error(404)
        elif isinstance(found, bytes):
            self._send_whole(found, _TYPES[Path(path).suffix])
        else:
            who = parse_qs(address.query).get("who", [""])[0]
            self._send_part(found, path, who)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send_whole(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _send_part(self, file: Path, path: str, who: str) -> None:
        try:
            wanted = parse_range(self.headers.get("Range"), file.stat().st_size)
        except RangeRefused:
            self.send_error(416)
            return
        note = Request(who, path, time.time(), wanted.start, wanted.length)
        self._log.requests.append(note)
        self.send_response(206)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", _TYPES[file.suffix])
        self.send_header("Content-Range", wanted.content_range)
        self.send_header("Content-Length", str(wanted.length))
        self.send_header("Cache-Control", "private, max-age=31536000, immutable")
        self.send_header("ETag", f'"{path}"')
        self.end_headers()
        try:
            with file.open("rb") as opened:
                opened.seek(wanted.start)
                while note.sent < wanted.length:
                    chunk = opened.read(min(CHUNK, wanted.length - note.sent))
                    self.wfile.write(chunk)
                    note.sent += len(chunk)
                self.wfile.flush()
        except ConnectionError:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Players leave connections as they like."""


@contextmanager
def serving(files: Mapping[str, Path | bytes]) -> Iterator[tuple[str, Log]]:
    """Serve files by name: a path in byte ranges, bytes as they are. Yields the address, and the log of ranges."""
    log = Log()
    server = _Server(("127.0.0.1", 0), partial(_Answer, files, log))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", log
    finally:
        server.shutdown()
        server.server_close()
