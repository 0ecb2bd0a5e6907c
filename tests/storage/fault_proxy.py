"""What a network does to requests: a proxy before an S3 server that breaks a share of them, always the same ones by a seed."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

FAULTS = ("none", "503", "reset", "stall", "truncated", "shorter", "flipped answer", "flipped request")
STALL = 3.0


class Request(NamedTuple):
    """One request that came: its place among all, its method and its path with the query."""

    number: int
    method: str
    path: str


class FaultProxy(ThreadingHTTPServer):
    """The proxy.

    Attributes:
        endpoint: its address.
        fault: one of `FAULTS`.
        share: of the requests that are broken.
        seen: the requests that came.
        watch: called with each before it is passed on.
    """

    daemon_threads = True

    def __init__(self, target: str, fault: str = "none", share: float = 0.3, seed: int = 1) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.target = urlsplit(target).netloc
        self.endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.fault, self.share, self.stall = fault, share, STALL
        self.seen: list[Request] = []
        self.watch: Callable[[Request], None] = lambda _: None
        self._random, self._lock = random.Random(seed), threading.Lock()

    def note(self, method: str, path: str) -> tuple[Request, str]:
        """Note a request; returns it, and what is to happen to it."""
        with self._lock:
            request = Request(len(self.seen) + 1, method, path)
            self.seen.append(request)
            return request, self.fault if self._random.random() < self.share else "none"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what this is for."""


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultProxy

    def _pass(self) -> None:
        body = bytearray(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        request, fault = self.server.note(self.command, self.path)
        self.server.watch(request)
        if fault == "503":
            self.close_connection = True
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "reset" and request.number % 2:
            self._reset()
            return
        if fault == "stall":
            time.sleep(self.server.stall)
        if fault == "flipped request" and body:
            body[len(body) // 2] ^= 1
        self._answer(fault, *self._asked(bytes(body)))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815 - as the library calls them

    def _asked(self, body: bytes) -> tuple[http.client.HTTPResponse, bytearray]:
        with contextlib.closing(http.client.HTTPConnection(self.server.target, timeout=60)) as there:
            there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"expect", "connection"}:
                    there.putheader(name, value)
            there.endheaders(body)
            answer = there.getresponse()
            return answer, bytearray(answer.read())

    def _answer(self, fault: str, answer: http.client.HTTPResponse, data: bytearray) -> None:
        if fault == "reset":  # what was asked for is done, and nobody hears of it
            self._reset()
            return
        length = len(data)
        read = self.command == "GET" and data and "?" not in self.path
        if fault == "flipped answer" and read:
            data[length // 2] ^= 1
        sent = data[: length // 2] if fault in {"truncated", "shorter"} and read else data
        told = str(len(sent) if fault == "shorter" else length)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() == "content-length":
                self.send_header(name, told if self.command != "HEAD" else value)
            elif name.lower() not in {"transfer-encoding", "connection"}:
                self.send_header(name, value)
        if (
            not any(name.lower() == "content-length" for name, _ in answer.getheaders())
            and answer.status != 204
        ):
            self.send_header("Content-Length", told)
        self.end_headers()
        self.wfile.write(sent)
        if fault == "truncated" and read:
            self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
        """Nothing."""


@contextmanager
def fault_proxy(target: str, fault: str = "none", share: float = 0.3, seed: int = 1) -> Iterator[FaultProxy]:
    """A proxy before a server, for the time of a block."""
    proxy = FaultProxy(target, fault, share, seed)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        with contextlib.suppress(OSError):
            proxy.shutdown()
            proxy.server_close()
        thread.join()
