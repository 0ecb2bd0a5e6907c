"""A film of the sample show, and a server of byte ranges that can misbehave, for `browser_check.py`."""

from __future__ import annotations

import json
import pickle
import re
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from heaters.media.prepare import Prepared, PrepareSpec, prepare
from heaters.media.sample import make_sample

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = b"""<!doctype html><meta charset="utf-8"><title>player</title><link rel="icon" href="data:,"><div style="position:relative">
<canvas style="width:640px"></canvas></div><script type="module" src="/harness.js"></script>"""


@dataclass(eq=False)
class Film:
    """A prepared source: its files and what the kernel would say of it."""

    proxy: bytes
    audio: bytes
    facts: dict[str, Any]
    avcc: bytes
    columns: Mapping[str, Any]

    @classmethod
    def make(cls, folder: Path, seconds: float) -> Film:
        """Prepare a sample show of this length in seconds, or take the one that the folder has."""
        kept = folder / "film.pickle"
        if kept.exists():
            return cls(**pickle.loads(kept.read_bytes()))
        original = folder / "sample.mp4"
        make_sample(original, seconds=seconds)
        paths = {name: folder / name for name in ("proxy.mp4", "audio.m4a")}
        spec = PrepareSpec(str(original), None, str(paths["proxy.mp4"]), str(paths["audio.m4a"]))
        done = prepare(spec)
        proxy, audio = (path.read_bytes() for path in paths.values())
        columns = {
            "pts": np.append(done.pts, done.end_pts).astype("<f8") - done.start_pts,
            "offset": done.offset.astype("<f8"), "size": done.size.astype("<u4"), "crc32": done.crc32.astype("<u4"),
        }  # fmt: skip
        film = cls(proxy, audio, _facts(done, len(proxy), len(audio)), done.avcc, columns)
        kept.write_bytes(pickle.dumps(vars(film)))
        return film

    def rows(self, first: int, end: int) -> bytes:
        """Rows `[first, end)` as a message has them."""
        return b"".join(
            column[first : end + (name == "pts")].tobytes() for name, column in self.columns.items()
        )

    def show(self) -> dict[str, Any]:
        """The kernel's message."""
        return {
            "kind": "show", "show": 1, "source": self.facts, "clip": None, "rows_first": 0,
            "rows_end": self.facts["frames"], "urls": None, "webcodecs": True, "frame": 0,
            "paths": {"proxy": "media/proxy", "audio": "media/audio"},
        }  # fmt: skip


def _facts(done: Prepared, proxy_bytes: int, audio_bytes: int) -> dict[str, Any]:
    base, fps = Fraction(done.time_base), Fraction(done.fps)
    return {
        "id": 1, "title": "sample", "frames": done.n_frames, "fps": [fps.numerator, fps.denominator],
        "time_base": [base.numerator, base.denominator], "width": done.proxy_width, "height": done.proxy_height,
        "codec": done.codec, "proxy_bytes": proxy_bytes, "version": done.sha256["proxy"][:12],
        "audio": True, "audio_bytes": audio_bytes,
    }  # fmt: skip


@dataclass(eq=False)
class Server:
    """Serves a film on a free port, and notes each range of the proxy that was asked for.

    Attributes:
        ranges: `(start, end)` in bytes.
        fault: what is wrong with answers: `whole` (200), `login` (redirect), `short`, `flipped`, `gone` (404), or nothing.
        trickles: long answers come at 400 kB a second.
    """

    film: Film
    script: bytes
    ranges: list[tuple[int, int]] = field(default_factory=list)
    fault: str = ""
    trickles: bool = False
    port: int = 0

    def start(self) -> None:
        """Listen, on the port of before where there was one."""
        answering = type("Answering", (_Answering,), {"world": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), answering)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # pages leave in the middle of answers
        self.port = self._server.server_address[1]
        self.open: list[Any] = []
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self.open:
            try:
                connection.shutdown(2)
            except OSError:
                continue

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self.port}/"


class _Answering(BaseHTTPRequestHandler):
    world: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(6, 1, 1)  # TCP_NODELAY
        self.world.open.append(self.connection)

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        film, path = self.world.film, split.path
        if path in {"/media/proxy", "/media/audio"}:
            return self._media(film.proxy if path.endswith("proxy") else film.audio, path.endswith("proxy"))
        if path == "/read":
            data = film.proxy if query["file"] == "proxy" else film.audio
            start = int(query["offset"])
            return self._send(200, data[start : start + int(query["size"])], "application/octet-stream")
        if path == "/rows":
            return self._send(
                200, film.rows(int(query["first"]), int(query["end"])), "application/octet-stream"
            )
        answers = {
            "/": (PAGE, "text/html"), "/harness.js": (self.world.script, "text/javascript"),
            "/show.json": (json.dumps(film.show()).encode(), "application/json"),
            "/avcc": (film.avcc, "application/octet-stream"), "/login": (b"<p>Who are you?", "text/html"),
        }  # fmt: skip
        body, kind = answers.get(path, (b"", ""))
        return self._send(200 if kind else 404, body, kind or "text/plain")

    def _media(self, data: bytes, is_proxy: bool) -> None:  # noqa: FBT001
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        assert asked
        start, end = int(asked[1]), int(asked[2] or len(data) - 1) + 1
        if is_proxy:
            self.world.ranges.append((start, end))
        part, fault = data[start:end], self.world.fault
        if fault == "gone":
            return self._send(404, b"", "text/plain")
        if fault == "whole":
            return self._send(200, data, "video/mp4")
        if fault == "login":
            return self._send(302, b"", "text/plain", {"Location": "/login"})
        if fault == "flipped" and len(part) > 1_000:
            part = bytes([*part[:500], part[500] ^ 1]) + part[501:]
        if fault == "short" and len(part) > 1_000:
            part = part[:-100]
        headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}", "Accept-Ranges": "bytes"}
        kind = "video/mp4" if is_proxy else "audio/mp4"
        return self._send(206, part, kind, headers | {"Cache-Control": "max-age=31536000, immutable"})

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                **(headers or {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            pieces = range(0, len(body), 40_000)
            for at in pieces:
                self.wfile.write(body[at : at + 40_000])
                time.sleep(0.1 if self.world.trickles and len(pieces) > 1 else 0)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
