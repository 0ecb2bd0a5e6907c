"""How a worker tells how far it is: a small file that the coordinator reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from heaters.domain.stopping import heed

_INTERVAL: Final = 0.25
"""Seconds between two writes; a bar needs no more."""


def reporter(spec: Mapping[str, Any]) -> Callable[[int], None]:
    """A function that takes the number of frames or bytes done so far."""
    path = spec.get("progress_file")
    if path is None:
        return lambda _done: heed()  # nobody else watches this process
    file, last = Path(path), 0.0

    def report(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _INTERVAL:
            last = now
            with suppress(OSError):  # nobody loses a master over a bar that stands still
                file.write_text(str(done), "ascii")

    return report


def read_progress(file: Path) -> int:
    """What the worker wrote last; 0 before it wrote anything."""
    try:
        return int(file.read_text("ascii") or 0)
    except (FileNotFoundError, ValueError):
        return 0
