"""Films from the web, by a guarded child process: what a page offers, and its parts on disk.

Nothing of the web is touched in this process, and yt-dlp is not even imported in it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from heaters import errors
from heaters.errors import DownloadFailed, MediaError, UsageError
from heaters.media.limits import search_path

_SECRETS: Final = re.compile(
    r"^(?:x-(?:amz|goog)-.*|awsaccesskeyid|(?:access_?)?token|api_?key|auth.*|key-pair-id|hdn(?:ea|ts)|pass(?:word|wd)?|policy|"
    r"se|sig|sign|signature|sp|sr|sv|credential|jwt|session.*|secret)$", re.IGNORECASE,
)  # fmt: skip
"""Names of parameters by which object stores and CDNs sign an address, or let somebody in."""
_KEPT_ENVIRONMENT: Final = ("PYTHONPYCACHEPREFIX", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR")
_POLL: Final = 0.2
_READ: Final = 1 << 16
_MOST_ANSWER: Final = 64 << 20

CHILD: Final = ("-P", "-m", "heaters.media.web_child")
"""What Python is started with."""

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a download may do and take.

    Attributes:
        allow_private: connect to addresses that are not public, too.
        best_only: less than the largest pictures that are offered is an error.
        cookies_file: in Netscape's format; empty for none.
        lookup_seconds: longest time for looking at a page.
        max_bytes: of one film.
        max_hours: longest film.
        playlist_limit: most films of one playlist.
        seconds: longest time for one film.
    """

    allow_private: bool
    best_only: bool
    cookies_file: str
    lookup_seconds: float
    max_bytes: int
    max_hours: float
    playlist_limit: int
    seconds: float


def web_address(text: str) -> str:
    """An address as it is asked for: http or https, with a host, and without a password in it.

    Raises:
        UsageError: it is another one.
    """
    try:
        parts = urlsplit(text.strip())
        told = parts.scheme.lower() in {"http", "https"} and parts.hostname and (parts.port or True)
    except ValueError:
        told = False
    if not told or not text.strip().isprintable() or " " in text.strip():
        shown = text if text.isprintable() else repr(text)
        raise UsageError(f"{shown} is no address of the web: it begins with http:// or https:// and a host")
    if parts.username or parts.password:
        raise UsageError(
            f"put no name and password into an address ({parts.hostname}): name a file of cookies with the setting cookies_file"
        )
    return urlunsplit(parts._replace(fragment=""))


def without_secrets(url: str) -> str:
    """The address without what signs it or lets somebody in: what messages and the catalog have.

    >>> without_secrets("https://a.example/film.mp4?v=7&X-Amz-Signature=00ff")
    'https://a.example/film.mp4?v=7'
    """
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [pair for pair in pairs if not _SECRETS.match(pair[0])]
    return url if len(kept) == len(pairs) else urlunsplit(parts._replace(query=urlencode(kept)))


def look_up(url: str, rules: Rules) -> dict[str, Any]:
    """What is at an address.

    Returns:
        Of a film `facts`, `info` for `fetch` and `warnings`; of a playlist its title `playlist` and its `entries`.

    Raises:
        NotAvailable: nothing that can be taken, or it may not be reached.
        DownloadFailed: it could not be reached just now.
    """
    return _ask(url, {"url": url}, rules, rules.lookup_seconds)


def fetch(
    url: str, folder: Path, rules: Rules, info: Mapping[str, Any] | None, report: Report, *, keep_open: int | None = None
) -> dict[str, Any]:  # fmt: skip
    """Download a film, or what is missing of it, into a folder of its own.

    Args:
        url: of a single film.
        folder: there; a download that was killed goes on from what is in it.
        rules: hold for it.
        info: of `look_up`, where that was just now.
        report: is told the bytes that are there, several times a second.
        keep_open: a descriptor that the child holds as long as it lives: the lock on the folder.

    Returns:
        `facts`, `warnings`, `subtitles`, and the members of `web_taking.Taking`.

    Raises:
        NotAvailable: it can't be taken, or not by these rules.
        DownloadFailed: the network failed.
    """
    request = {"url": url, "folder": str(folder), "info": info}
    return _ask(url, request, rules, rules.seconds, report, keep_open)


def _ask(
    url: str, request: Mapping[str, Any], rules: Rules, seconds: float, report: Report | None = None, keep_open: int | None = None
) -> dict[str, Any]:  # fmt: skip
    shown = without_secrets(url)
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module; what is asked for goes by its stdin
        [sys.executable, *CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, env=_environment(),
        pass_fds=() if keep_open is None else (keep_open,),
    )  # fmt: skip
    try:
        _write(child, {**request, "shown": shown, "seconds": seconds, "rules": asdict(rules)})
        for line in _lines(child, time.monotonic() + seconds, shown, report):
            if report and "progress" in line:
                report(line["progress"])
            elif "error" in line:
                kind = getattr(errors, line["error"]["type"], MediaError)
                raise kind(line["error"]["message"], **line["facts"])
            elif "answer" in line:
                answer: dict[str, Any] = line["answer"]
                return answer
    finally:
        _end(child)
    raise DownloadFailed(
        f"{shown}: the process that downloads ended without an answer (out of memory?); `heaters run` tries it again",
        url=shown,
    )


def _write(child: subprocess.Popen[bytes], request: Mapping[str, Any]) -> None:
    assert child.stdin
    with contextlib.suppress(BrokenPipeError):  # then it has ended, and that is told
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()


def _lines(
    child: subprocess.Popen[bytes], deadline: float, shown: str, report: Report | None
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """What the child says, until it ends; `report` hears of the waiting too, since it is where work is stopped.

    Raises:
        DownloadFailed: it takes too long.
    """
    assert child.stdout
    buffer, done = b"", 0
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline and len(buffer) < _MOST_ANSWER:
            if report:
                report(done)
            if not selector.select(_POLL):
                continue
            data = os.read(child.stdout.fileno(), _READ)
            if not data:
                return
            *whole, buffer = (buffer + data).split(b"\n")
            for line in map(json.loads, whole):
                done = line.get("progress", done)
                yield line
    raise DownloadFailed(
        f"{shown} took too long; `heaters run` goes on from what is there; download_seconds and lookup_seconds are the limits",
        url=shown,
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    for stream in (child.stdin, child.stdout):
        if stream:
            with contextlib.suppress(OSError):
                stream.close()
    child.wait()


def _environment() -> dict[str, str]:
    """No proxy, no configuration, no plug-in: what the child needs, and nothing else of ours."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "PYTHONPATH": search_path(),
        "PYTHONUTF8": "1",
        "YTDLP_NO_PLUGINS": "1",
    }
