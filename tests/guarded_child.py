"""The process that downloads, with a stand-in for the internet: 127.0.0.5 is public, and names are what is said here.

With `--each`, the request has many `urls`, which are answered one after another under the one guard.
"""

from __future__ import annotations

import json
import socket
import sys
from contextlib import nullcontext
from typing import Any

from heaters.media import web_child, web_guard
from heaters.media.download import Rules

PUBLIC = "127.0.0.5"
NAMES = {
    "outside.test": [[PUBLIC]],
    "inside.test": [["127.0.0.1"]],
    "rebound.test": [[PUBLIC], ["127.0.0.1"]],
    "several.test": [[PUBLIC, "127.0.0.1"]],
    "sixth.test": [["::1"]],
}

really_public, really_resolve = web_guard.is_public, socket.getaddrinfo
asked: dict[str, int] = {}


def is_public(host: str) -> bool:
    return host == PUBLIC or really_public(host)


def resolve(host: Any, *arguments: Any, **named: Any) -> Any:
    """Each time the next answer to a name, which may be several addresses; the last one stays."""
    answers = NAMES.get(host, [[host]])
    asked[host] = asked.get(host, -1) + 1
    addresses = answers[min(asked[host], len(answers) - 1)]
    return [found for one in addresses for found in really_resolve(one, *arguments, **named)]


def answer_each() -> None:
    """Take the film at each address; every one has a line with its `answer` or `error`.

    They share one `YoutubeDL`: to make it takes longer than the rest.
    """
    request, said = json.loads(sys.stdin.readline()), web_child.Said()
    said.refused = web_child.guarded(request).refused
    ydl = web_child._open(Rules(**request["rules"]), said)
    web_child._open = lambda *_: nullcontext(ydl)
    for url in request["urls"]:
        said.refused.clear()
        said.warnings.clear()
        web_child.answer({**request, "url": url, "shown": url}, said)


if __name__ == "__main__":
    web_guard.is_public = is_public
    socket.getaddrinfo = resolve
    answer_each() if "--each" in sys.argv else web_child.main()
