"""The one server of the player's benchmark: byte ranges with the headers of our own handler, each request noted."""

from __future__ import annotations

import socket
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from heaters.storage.ranges import RangeRefused, parse_range

CHUNK: Final = 1 << 14
BYTES_PER_SECOND: Final = 12_500_000
"""Of each answer: 100 Mbit/s. Without it `<video>` reads a whole film over loopback while it rests, and no seek is cold."""
BURST: Final = 1 << 16
SEND_BUFFER: Final = 1 << 17
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
        times: when each chunk of them was written, as `began`.
    """

    who: str
    path: str
    began: float
    start: int
    asked: int
    sent: int = 0
    times: list[float] = field(default_factory=list)

    def sent_before(self, moment: float) -> int:
        """Bytes that were written before a time."""
        return min(self.sent, CHUNK * bisect_left(self.times, moment))


class Log:
    """Requests of all players, in order."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def has_sent(self, who: str, path: str, first: int, end: int, moment: float) -> bool:
        """Whether a player had all of `[first, end)` in one answer before a time."""
        return any(
            one.start <= first and end <= one.start + one.sent_before(moment) for one in self.of(who, path)
        )

    def of(self, who: str, path: str) -> list[Request]:
        """Those of one player in one round for one file."""
        return [one for one in self.requests if (one.who, one.path) == (who, path)]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        """Keep what is written close to what the player has taken: the system would hold some megabytes."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().setup()

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
                began = time.perf_counter()
                while note.sent < wanted.length:
                    chunk = opened.read(min(CHUNK, wanted.length - note.sent))
                    self.wfile.write(chunk)
                    self.wfile.flush()
                    note.sent += len(chunk)
                    note.times.append(time.time())
                    ahead = (note.sent - BURST) / BYTES_PER_SECOND - (time.perf_counter() - began)
                    if ahead > 0 and note.sent < wanted.length:
                        time.sleep(ahead)
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
