"""A web server for tests: films as one finds them on the web, and all that goes wrong there; and traps that nobody may reach."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import av

TYPES = {
    ".mp4": "video/mp4", ".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml", ".ts": "video/mp2t",
    ".m4s": "video/iso.segment", ".html": "text/html; charset=utf-8", ".vtt": "text/vtt",
}  # fmt: skip
_CHUNK = 1 << 14


class Site:
    """A folder that is served.

    Attributes:
        requests: method, path and `Range` of each request, in order.
        slow: paths with this in them get a pause in seconds after each 16 KiB.
        cuts: paths with this in them are cut off in the middle so many times.
        gone: paths with this in them are answered with this status.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.requests: list[tuple[str, str, str | None]] = []
        self.slow: dict[str, float] = {}
        self.cuts: dict[str, int] = {}
        self.gone: dict[str, int] = {}
        self.heard: dict[str, list[dict[str, str]]] = {}
        site = self

        class Answers(_Answers):
            pass

        Answers.site = site
        self.server = ThreadingHTTPServer((host, 0), Answers)
        self.server.daemon_threads = True
        self.address = f"http://{host}:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)  # fmt: skip
        self._thread.start()

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"

    def asked(self, path: str) -> list[tuple[str, str, str | None]]:
        """The requests for paths with this in them."""
        return [one for one in self.requests if path in one[1]]

    def headers_of(self, path: str) -> list[dict[str, str]]:
        """The headers of requests for paths with this in them, from now on."""
        return self.heard.setdefault(path, [])

    def write(self, name: str, text: str) -> str:
        """Put a file there; returns its address."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, "utf-8")
        return self.url(name)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        site, target = self.site, urlsplit(self.path)
        site.requests.append((self.command, self.path, self.headers.get("Range")))
        for part, heard in site.heard.items():
            if part in self.path:
                heard.append(dict(self.headers))
        status = next((status for part, status in site.gone.items() if part in self.path), None)
        if target.path == "/redirect":
            self._head(302, 0, Location=parse_qs(target.query)["to"][0])
        elif status or not (file := site.folder / target.path.lstrip("/")).is_file():
            self._head(status or 404, 0)
        else:
            with contextlib.suppress(ConnectionError):
                self._send(file, body=body)

    def _send(self, file: Path, *, body: bool) -> None:
        data, wanted = file.read_bytes(), re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        start = int(wanted[1]) if wanted else 0
        end = min(int(wanted[2]) + 1 if wanted and wanted[2] else len(data), len(data))
        if start >= len(data) > 0:
            self._head(416, 0, **{"Content-Range": f"bytes */{len(data)}"})
            return
        ranged = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"} if wanted else {}
        kind = TYPES.get(file.suffix, "application/octet-stream")
        self._head(206 if wanted else 200, end - start, **{"Content-Type": kind, "Accept-Ranges": "bytes", **ranged})  # fmt: skip
        if body:
            self._write(data[start:end])

    def _write(self, data: bytes) -> None:
        pause = next((pause for part, pause in self.site.slow.items() if part in self.path), 0.0)
        cut = next((part for part, left in self.site.cuts.items() if part in self.path and left > 0), None)
        if cut is not None and len(data) > 1:
            self.site.cuts[cut] -= 1
            data = data[: len(data) // 2]
            self.close_connection = True
        for place in range(0, len(data), _CHUNK):
            self.wfile.write(data[place : place + _CHUNK])
            if pause:
                self.wfile.flush()
                time.sleep(pause)

    def _head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True


class Trap:
    """Listens where nobody may come, and counts who does."""

    def __init__(self) -> None:
        self.visitors: list[tuple[str, str]] = []
        trap = self

        class Counts(BaseHTTPRequestHandler):
            def handle(self) -> None:
                trap.visitors.append((self.client_address[0], str(self.connection.recv(200))))

        first = ThreadingHTTPServer(("127.0.0.1", 0), Counts)
        self.port = first.server_port
        self._servers = [first]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self._servers.append(_Sixth(("::1", self.port), Counts))
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Sixth(ThreadingHTTPServer):
    address_family = __import__("socket").AF_INET6


@contextlib.contextmanager
def serving(folder: Path, host: str = "127.0.0.1") -> Iterator[Site]:
    site = Site(folder, host)
    try:
        yield site
    finally:
        site.close()


@contextlib.contextmanager
def trapping() -> Iterator[Trap]:
    trap = Trap()
    try:
        yield trap
    finally:
        trap.close()


# -- films as they are on the web -------------------------------------------------------------------------------------


def copy_streams(
    source: Path, target: Path, kinds: tuple[str, ...] = ("video", "audio"), shift: float = 0, **opening: Any
) -> Path:  # fmt: skip
    """Write the packets of some streams into another container, `shift` seconds later."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(source)) as film, av.open(str(target), "w", **opening) as copy:
        chosen = [one for one in film.streams if one.type in kinds]
        ways = {one.index: copy.add_stream_from_template(one, opaque=True) for one in chosen}
        for packet in film.demux(*chosen):
            if packet.dts is not None:
                moved = round(Fraction(shift) / packet.time_base)
                packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                packet.stream = ways[packet.stream.index]
                copy.mux(packet)
    return target


def make_hls(source: Path, folder: Path, kinds: tuple[str, ...] = ("video", "audio"), **options: str) -> Path:
    """A playlist of segments of a second or so."""
    segments = str(folder / "part%03d.ts")
    wanted = {"hls_time": "1", "hls_playlist_type": "vod", "hls_segment_filename": segments, **options}
    return copy_streams(source, folder / "index.m3u8", kinds, format="hls", options=wanted)


def make_hls_apart(source: Path, folder: Path) -> Path:
    """A master playlist with the sound in a playlist of its own, and pictures in two sizes, one of which is missing."""
    make_hls(source, folder / "pictures", ("video",))
    make_hls(source, folder / "sound", ("audio",))
    (folder / "master.m3u8").write_text(
        "#EXTM3U\n#EXT-X-VERSION:4\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="s",NAME="main",DEFAULT=YES,LANGUAGE="en",URI="sound/index.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=160x96,CODECS="avc1.64000b,mp4a.40.2",AUDIO="s"\npictures/index.m3u8\n',
        "utf-8",
    )
    return folder / "master.m3u8"


def make_dash(source: Path, folder: Path) -> Path:
    """A manifest with pictures and sound apart, in fragments."""
    options = {"seg_duration": "1", "use_template": "1", "use_timeline": "1"}
    return copy_streams(source, folder / "manifest.mpd", format="dash", options=options)
