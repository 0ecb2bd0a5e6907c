"""One active run per workspace: a lock file that dies with its process, and a note of who holds it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from heaters.errors import RunActive


@contextmanager
def run_lock(folder: Path, verb: str) -> Iterator[None]:
    """Hold the workspace's run lock.

    Raises:
        RunActive: another process holds it; the message names it.
    """
    lock, note = filelock.FileLock(folder / "run.lock"), folder / "run.json"
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise RunActive(_describe(note), **_read(note)) from error
    try:
        note.write_text(
            json.dumps({"pid": os.getpid(), "host": os.uname().nodename, "verb": verb, "started": time.time()}),
            "utf-8",
        )
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def note_progress(folder: Path, progress: str) -> None:
    """Let others see how far the run is."""
    note = folder / "run.json"
    note.write_text(json.dumps({**_read(note), "progress": progress}), "utf-8")


def active_run(folder: Path) -> dict[str, object] | None:
    """Who runs on this workspace right now, or None."""
    lock = filelock.FileLock(folder / "run.lock")
    try:
        with lock.acquire(timeout=0):
            return None
    except filelock.Timeout:
        return _read(folder / "run.json")


def _read(note: Path) -> dict[str, object]:
    with suppress(OSError, ValueError):
        return dict(json.loads(note.read_text("utf-8")))
    return {}


def _describe(note: Path) -> str:
    facts = _read(note)
    age = time.time() - float(str(facts.get("started", time.time())))
    return (
        f"another run works on this workspace: heaters {facts.get('verb', 'run')}, pid {facts.get('pid', '?')} on "
        f"{facts.get('host', '?')}, since {age:.0f} s ({facts.get('progress', 'starting')}); wait for it or end it"
    )
