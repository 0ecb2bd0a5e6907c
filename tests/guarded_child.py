"""The process that downloads, with a stand-in for the internet: 127.0.0.5 is public, and names are what is said here."""

from __future__ import annotations

import runpy
import socket
from typing import Any

from heaters.media import web_guard

PUBLIC = "127.0.0.5"
NAMES = {
    "outside.test": [PUBLIC],
    "inside.test": ["127.0.0.1"],
    "rebound.test": [PUBLIC, "127.0.0.1"],
    "sixth.test": ["::1"],
}

really_public, really_resolve = web_guard.is_public, socket.getaddrinfo
asked: dict[str, int] = {}


def is_public(host: str) -> bool:
    return host == PUBLIC or really_public(host)


def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
    """Each time the next address of a name; the last one stays."""
    addresses = NAMES.get(host)
    if addresses:
        asked[host] = asked.get(host, -1) + 1
        host = addresses[min(asked[host], len(addresses) - 1)]
    return really_resolve(host, *arguments, **named)


if __name__ == "__main__":
    web_guard.is_public = is_public
    socket.getaddrinfo = resolve
    runpy.run_module("heaters.media.web_child", run_name="__main__")
