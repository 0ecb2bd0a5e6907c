"""A pool of spawned processes in which a killed worker fails only its own task."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Final

_WATCH_SECONDS: Final = 0.5


class Workers(Executor):
    """Processes that run module-level functions.

    `concurrent.futures.ProcessPoolExecutor` fails every task when one worker dies; pebble fails that task alone.
    The pool is made at the first task, so that a run with nothing to do starts no process.

    Args:
        count: how many processes.
        lock: a file that every worker holds a lock on while it lives. Nothing is started before those of an earlier
            pool are gone, which outlive a killed coordinator by half a second.
    """

    def __init__(self, count: int = 1, lock: Path | None = None) -> None:
        self._count = count
        self._lock = lock
        self._pool: Any = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a module-level function in a worker."""
        if self._pool is not None and not self._pool.active:  # a worker died before it had taken a task
            self.shutdown(cancel_futures=True)
        if self._pool is None:
            self._pool = self._start()
        future: Future[Any] = self._pool.schedule(fn, args=args, kwargs=kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - Executor's signature
        """End the workers; with `cancel_futures` at once, whatever they are doing."""
        if self._pool is None:
            return
        if cancel_futures:
            self._pool.stop()
        else:
            self._pool.close()
        if wait or cancel_futures:
            self._pool.join()
        self._pool = None

    def _start(self) -> Any:
        from pebble import ProcessPool  # noqa: PLC0415 - an idle run needs none

        from heaters.execution.spawning import LonelyContext  # noqa: PLC0415

        if self._lock is not None:
            os.close(_locked(self._lock, fcntl.LOCK_EX))
        settle = [os.getpid(), self._lock]
        return ProcessPool(self._count, context=LonelyContext(), initializer=_settle_in, initargs=settle)


def _settle_in(parent: int, lock: Path | None) -> None:
    """In a new worker: leave Ctrl-C to the coordinator, end with it, and die of SIGTERM at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if lock is not None:
        _locked(lock, fcntl.LOCK_SH)  # let go of when the process ends
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _locked(file: Path, how: int) -> int:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(descriptor, how)
    return descriptor
