"""One active run per workspace: a lock file that dies with its process, and a note of who holds it.

A batch holds the lock for the kernel that it starts: what that kernel does is part of the batch's run.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from heaters.errors import RunActive, StoreUnavailable


@contextmanager
def run_lock(folder: Path, verb: str) -> Iterator[int | None]:
    """Hold the workspace's run lock; in a batch's kernel, that is held already.

    Yields:
        The id of the batch's run in its kernel, else None.

    Raises:
        RunActive: another process holds it; the message names it.
        StoreUnavailable: the folder can't be written.
    """
    lock, note = filelock.FileLock(folder / "run.lock"), folder / "run.json"
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        facts = _read(note)
        if not _started_us(facts):
            raise RunActive(_describe(facts), **facts) from error
        yield int(str(facts["run_id"]))
        return
    except OSError as error:
        raise StoreUnavailable(
            f"the workspace can't be locked for {verb}: {lock.lock_file}: {error.strerror}; it must be writable for you",
            path=str(lock.lock_file),
        ) from error
    try:
        _write(note, {"pid": os.getpid(), "host": os.uname().nodename, "verb": verb, "started": time.time()})
        yield None
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def note_progress(folder: Path, progress: str) -> None:
    """Let others see how far the run is."""
    note = folder / "run.json"
    _write(note, {**_read(note), "progress": progress})


def note_run(folder: Path, run_id: int) -> None:
    """Open this process's run to the kernel that it starts."""
    note = folder / "run.json"
    _write(note, {**_read(note), "run_id": run_id})


def active_run(folder: Path) -> dict[str, object] | None:
    """Who runs on this workspace right now, or None."""
    lock = filelock.FileLock(folder / "run.lock")
    try:
        with lock.acquire(timeout=0):
            return None
    except filelock.Timeout:
        return _read(folder / "run.json")
    except OSError:  # a read-only workspace: nobody can run on it
        return None


def _write(note: Path, facts: dict[str, object]) -> None:
    """Write the note in one step, so that a reader never sees half of it; a full disk is told by what matters more."""
    with suppress(OSError):
        fresh = note.with_suffix(".new")
        fresh.write_text(json.dumps(facts), "utf-8")
        fresh.replace(note)


def _read(note: Path) -> dict[str, object]:
    with suppress(OSError, ValueError):
        return dict(json.loads(note.read_text("utf-8")))
    return {}


def _started_us(facts: dict[str, object]) -> bool:
    """Tell whether the lock's holder is a batch, and this process the kernel that it has started."""
    holder = (facts.get("pid"), facts.get("host"))
    return "run_id" in facts and holder == (os.getppid(), os.uname().nodename)


def _describe(facts: dict[str, object]) -> str:
    age = time.time() - float(str(facts.get("started", time.time())))
    return (
        f"another run works on this workspace: heaters {facts.get('verb', 'run')}, pid {facts.get('pid', '?')} on "
        f"{facts.get('host', '?')}, since {age:.0f} s ({facts.get('progress', 'starting')}); wait for it or end it"
    )
