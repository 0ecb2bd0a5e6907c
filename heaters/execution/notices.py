"""Telling others how a run went: a heartbeat for a monitor, and a command of the operator's. Neither can fail a run."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from heaters.errors import RunActive, UsageError

_COMMAND_SECONDS: Final = 60
_PING_SECONDS: Final = 5
_STDERR: Final = 2


@dataclass(frozen=True, slots=True)
class Notices:
    """Who is told of a run.

    Attributes:
        heartbeat_url: asked for with `/start` at the beginning, as it is after a good end, with `/fail` after any other.
        command: run at the end with the run as JSON on its stdin; words as a shell would part them, but without a shell.
        warn: takes a sentence where telling failed.

    Raises:
        UsageError: the command can't be parted into words.
    """

    heartbeat_url: str
    command: str | None
    warn: Callable[[str], None]
    words: list[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", _words(self.command))

    def begin(self) -> None:
        """The run begins."""
        self._ping("/start")

    def end(self, status: int, facts: Mapping[str, Any]) -> None:
        """The run has ended with this exit status. Where another run was active, that one has its own heartbeat."""
        if status != RunActive.exit_code:
            self._ping("/fail" if status else "")
        if self.words:
            self._call(json.dumps({"status": status, **facts}, default=str))

    def _ping(self, event: str) -> None:
        if not self.heartbeat_url:
            return
        from urllib.parse import urlsplit, urlunsplit  # noqa: PLC0415 - few runs have one
        from urllib.request import urlopen  # noqa: PLC0415

        parts = urlsplit(self.heartbeat_url)
        address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + event))
        try:
            with urlopen(address, timeout=_PING_SECONDS):  # noqa: S310 - the setting takes http and https only
                pass
        except (OSError, ValueError) as error:
            self.warn(f"the heartbeat at {parts.hostname} was not taken: {error}")

    def _call(self, document: str) -> None:
        try:
            ended = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                self.words, input=document, text=True, stdout=_STDERR, timeout=_COMMAND_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self.warn(f"--notify-cmd {self.words[0]}: {error}")
        else:
            if ended.returncode:
                self.warn(f"--notify-cmd {self.words[0]} ended with status {ended.returncode}")


def _words(command: str | None) -> list[str]:
    try:
        words = shlex.split(command or "")
    except ValueError as error:
        raise UsageError(f"--notify-cmd {command!r} can't be parted into words: {error}") from None
    if command is not None and not words:
        raise UsageError("--notify-cmd is empty; name a program")
    return words
