"""Showing progress: bars with an ETA for people, plain lines for logs, nothing for programs."""

from __future__ import annotations

import sys
import time
from html import escape
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
    """What suits this process: lines in a notebook, bars in a terminal, silence elsewhere."""
    if _is_kernel():
        return CellLines()
    return Bars() if sys.stderr.isatty() else Silent()


class CellLines(Silent):
    """A line with a bar for each task, below the cell of a notebook.

    tqdm's own bar for notebooks is a widget: a notebook that papermill has executed, or an exported page, shows nothing of it
    without its JavaScript. This line is an output like any other, so how a task has ended stays in the notebook.
    """

    def __init__(self) -> None:
        self._shown: dict[str, _CellLine] = {}

    def begin(self, key: str, label: str, total: int) -> None:
        """Show a line."""
        self._shown[key] = _CellLine(label, total)

    def advance(self, key: str, done: int) -> None:
        """Move its bar."""
        self._shown[key].move(done)

    def end(self, key: str, error: HeatersError | None) -> None:
        """Say how it ended, for good."""
        self._shown.pop(key).end(f"failed: {error.message}" if error else "done")


class _CellLine:
    def __init__(self, label: str, total: int) -> None:
        from IPython.display import display  # noqa: PLC0415 - only in a kernel, which has it

        self._label, self._total, self._began = label, total, time.monotonic()
        self._handle = display(self._bundle("", done=0), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def move(self, done: int) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - only where a bar is shown

        form = (
            "{n_fmt} of {total_fmt}{unit}, {elapsed} gone, {remaining} to go"
            if self._total
            else "{n_fmt}{unit}, {elapsed} gone"
        )
        meter = tqdm.format_meter(
            done, self._total or None, time.monotonic() - self._began, bar_format=form, **_unit(self._label))  # fmt: skip
        self._handle.update(self._bundle(meter, done=done), raw=True)

    def end(self, said: str) -> None:
        self._handle.update(self._bundle(f"{said} ({time.monotonic() - self._began:.1f} s)"), raw=True)

    def _bundle(self, said: str, done: int | None = None) -> dict[str, str]:
        text = f"{self._label}: {said}"
        most = f' max="{self._total}" value="{done}"' if self._total else ""
        bar = "" if done is None else f"<progress{most}></progress> "
        return {"text/plain": text, "text/html": f"<div>{bar}{escape(text)}</div>"}


class Bars(Silent):
    """A bar for each running task, in a terminal."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}

    def begin(self, key: str, label: str, total: int) -> None:
        """Open a bar."""
        from tqdm.auto import tqdm  # noqa: PLC0415 - only where a bar is shown

        self._bars[key] = tqdm(
            total=total or None,
            desc=label[:60],
            mininterval=0.2,
            leave=True,
            **_unit(label),
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


def _unit(label: str) -> dict[str, Any]:
    """What a task counts: bytes are fetched, frames are worked on."""
    return (
        {"unit": "B", "unit_scale": True} if label.endswith((": ingest", ": move")) else {"unit": " frames"}
    )


def _is_kernel() -> bool:
    """Whether this process is a Jupyter kernel; importing IPython to find out would cost 0.2 s."""
    python = sys.modules.get("IPython")
    return hasattr(python.get_ipython(), "kernel") if python else False


def _size() -> dict[str, int]:
    """The terminal's size for tqdm, which shows nothing in one that says it has no columns or lines."""
    import shutil  # noqa: PLC0415 - only where a bar is shown

    columns, lines = shutil.get_terminal_size()
    return {"ncols": columns, "nrows": lines} if sys.stderr.isatty() else {}
