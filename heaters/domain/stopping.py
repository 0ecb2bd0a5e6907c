"""Stopping long work that goes on in a thread, as Ctrl-C stops it in the main one.

Python interrupts only the main thread, so work in another one has to look by itself.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Final

_TOLD: Final[ContextVar[threading.Event | None]] = ContextVar("heaters_told_to_stop", default=None)


def listen_to(told: threading.Event) -> None:
    """Let `heed` look at this event, in this thread."""
    _TOLD.set(told)


def heed() -> None:
    """Go on, unless this thread's work was told to stop. Long work passes here several times a second.

    Raises:
        KeyboardInterrupt: it was.
    """
    told = _TOLD.get()
    if told is not None and told.is_set():
        raise KeyboardInterrupt
