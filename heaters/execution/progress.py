"""Showing progress: bars with an ETA for people, plain lines for logs, nothing for programs."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

from heaters.errors import HeatersError


class Silent:
    """Shows nothing."""

    def begin(self, key: str, label: str, total: int) -> None:
        """A task was handed to a worker."""

    def advance(self, key: str, done: int) -> None:
        """A task has done that much."""

    def end(self, key: str, error: HeatersError | None) -> None:
        """A task has ended."""


class Lines(Silent):
    """One line for each task when it has ended: for logs and schedulers."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began: dict[str, tuple[str, float]] = {}

    def begin(self, key: str, label: str, total: int) -> None:  # noqa: ARG002 - a line needs no total
        """Remember when it began."""
        self._began[key] = (label, time.monotonic())

    def end(self, key: str, error: HeatersError | None) -> None:
        """Say how it ended."""
        label, began = self._began.pop(key)
        said = f"failed: {error.message}" if error else "done"
        print(f"{label}: {said} ({time.monotonic() - began:.1f} s)", file=self._stream, flush=True)


def fitting() -> Silent:
    """Bars where somebody looks on, in a terminal or a notebook; silence elsewhere."""
    return Bars() if sys.stderr.isatty() or "ipykernel" in sys.modules else Silent()


class Bars(Silent):
    """A bar for each running task, in a terminal or a notebook."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}

    def begin(self, key: str, label: str, total: int) -> None:
        """Open a bar."""
        from tqdm.auto import tqdm  # noqa: PLC0415 - only where a bar is shown

        self._bars[key] = tqdm(
            total=total or None,
            desc=label[:60],
            unit=" frames",
            mininterval=0.2,
            leave=True,
            **_size(),
        )

    def advance(self, key: str, done: int) -> None:
        """Move it."""
        bar = self._bars[key]
        bar.update(done - bar.n)

    def end(self, key: str, error: HeatersError | None) -> None:
        """Close it, full where it went well."""
        bar = self._bars.pop(key)
        if error is None:
            bar.update((bar.total or bar.n) - bar.n)
        else:
            bar.write(f"{bar.desc}: {error.message}", file=sys.stderr)
        bar.close()


def _size() -> dict[str, int]:
    """The terminal's size for tqdm, which shows nothing in one that says it has no columns or lines."""
    import shutil  # noqa: PLC0415 - only where a bar is shown

    columns, lines = shutil.get_terminal_size()
    return {"ncols": columns, "nrows": lines} if sys.stderr.isatty() else {}
