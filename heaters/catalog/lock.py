"""The right to open the catalog: one process at a time, in it one thread at a time, never carried over a fork."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

import filelock

from heaters.catalog.forks import abandon, watch
from heaters.errors import CatalogLocked, RefusedToStart

LOCK_FILE: Final = "catalog.lock"
LINE_FILE: Final = "catalog.line"
"""Locked by the first of those who wait."""
_LONGEST_PAUSE: Final = 0.004
"""Seconds between two looks at the lock; a command holds it for some 20 ms."""
_PAUSE_IN_LINE: Final = 0.05
_PATIENCE: Final = 5.0


class CatalogLock:
    """A lock file beside the catalog.

    Args:
        folder: where the catalog lies.
        seconds: how long to wait for another process or thread.
        while_waiting: called again and again meanwhile; what it raises ends the wait.
    """

    def __init__(self, folder: Path, seconds: float, while_waiting: Callable[[], None] | None = None) -> None:
        self.path = folder / LOCK_FILE
        self._seconds = seconds
        self._while_waiting = while_waiting
        self._threads = threading.RLock()
        self._file = filelock.FileLock(self.path)
        self._lines: set[int] = set()
        watch(self)

    def work_lock(self) -> None:
        """None: filelock lets nobody release while a fork waits. The file is closed before, which is all that matters."""

    def begin_anew(self) -> None:
        """After a fork: the child has to wait for its parent like everybody else."""
        abandon(self._threads)
        abandon(self._file)
        while self._lines:
            os.close(self._lines.pop())
        self._threads = threading.RLock()
        self._file = filelock.FileLock(self.path)

    @contextmanager
    def held(self) -> Iterator[Interrupts]:
        """Wait for the lock, then hold it. Ctrl-C ends the wait at once, and is put off while the lock is held.

        Raises:
            CatalogLocked: nobody let go of it in time.
            RefusedToStart: the folder is missing or can't be written.
        """
        if not self.path.parent.is_dir():  # filelock would make it
            raise RefusedToStart(
                f"there is no catalog in {self.path.parent}: the folder is missing", path=str(self.path)
            )
        deadline = time.monotonic() + self._seconds
        if self._is_held_here():
            with self._tried(), put_off() as interrupts:
                yield interrupts
            return
        with ExitStack() as stack:
            line = stack.enter_context(self._in_line())
            while True:
                if line.first or time.monotonic() > line.patient_until:
                    with put_off() as interrupts, self._tried() as got:
                        if got:
                            stack.close()
                            yield interrupts
                            return
                self._look_up(deadline)
                line.rest()

    def _is_held_here(self) -> bool:
        """Whether this thread holds the lock already."""
        with self._tried_threads() as got:
            return got and self._file.is_locked

    def _look_up(self, deadline: float) -> None:
        if self._while_waiting:
            self._while_waiting()
        if time.monotonic() > deadline:
            raise CatalogLocked(
                f"another process or thread has held {self.path} for {self._seconds:g} s: end it, or raise the "
                "setting lock_seconds", path=str(self.path),
            )  # fmt: skip

    @contextmanager
    def _in_line(self) -> Iterator[Line]:
        try:
            descriptor = os.open(self.path.with_name(LINE_FILE), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:  # another user's, say: then it is the lock that is looked at
            yield Line(None)
            return
        self._lines.add(descriptor)
        try:
            yield Line(descriptor)
        finally:
            self._lines.discard(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child that was forked meanwhile may still have it open
            os.close(descriptor)

    @contextmanager
    def _tried(self) -> Iterator[bool]:
        """Take both locks if that needs no waiting."""
        with self._tried_threads() as alone:
            got = alone and self._take_file()
            try:
                yield got
            finally:
                if got:
                    self._file.release()

    @contextmanager
    def _tried_threads(self) -> Iterator[bool]:
        """Take the lock of this process's threads if that needs no waiting."""
        got = self._threads.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                self._threads.release()

    def _take_file(self) -> bool:
        try:
            self._file.acquire(timeout=0)
        except filelock.Timeout:
            return False
        except OSError as error:
            raise self._refused(error) from error
        return True

    def _refused(self, error: OSError) -> RefusedToStart:
        return RefusedToStart(
            f"the catalog in {self.path.parent} can't be locked ({_reason(error)}): make the folder writable", path=str(self.path),
        )  # fmt: skip


class Line:
    """A place among those who wait for the lock: one looks at it all the time, the others seldom.

    Fifty who all looked would leave no CPU to the one who has it.

    Args:
        descriptor: of the file that they all lock; None where it can't be had.

    Attributes:
        patient_until: by the monotonic clock; then also others look, in case the first one sleeps, stopped by its user.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._first = descriptor is None
        self.patient_until = time.monotonic() + _PATIENCE

    @property
    def first(self) -> bool:
        """Whether this is the one who looks all the time."""
        if self._descriptor is not None and not self._first:
            with suppress(BlockingIOError):
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._first = True
        return self._first

    def rest(self) -> None:
        """Until the next look."""
        longest = _LONGEST_PAUSE if self._first else _PAUSE_IN_LINE
        time.sleep(random.uniform(longest / 8, longest))  # noqa: S311 - spreads the waiters out


class Interrupts:
    """Ctrl-C while the lock is held: remembered, unless it is `allowed`."""

    def __init__(self) -> None:
        self.caught = False
        self._outside = signal.getsignal(signal.SIGINT)
        self._ours = threading.current_thread() is threading.main_thread() and self._outside is not None

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let Ctrl-C through: around a user's own query, which may take long."""
        self.stop()
        self.deliver()
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        """Remember from now on."""
        if self._ours:
            signal.signal(signal.SIGINT, self._remember)

    def stop(self) -> None:
        """Back to what was there before."""
        if self._ours:
            signal.signal(signal.SIGINT, self._outside)

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self.caught = True

    def deliver(self) -> None:
        """Act on what was remembered."""
        if self.caught:
            self.caught = False
            signal.raise_signal(signal.SIGINT)


@contextmanager
def put_off() -> Iterator[Interrupts]:
    """Put Ctrl-C off until the end of the block.

    Cut short between two lines of Python, a command could leave the file open or locked for as long as the process
    lives. Only the main thread is interrupted by Python, and only it may say how.
    """
    interrupts = Interrupts()
    interrupts.start()
    try:
        yield interrupts
    finally:
        interrupts.stop()
        interrupts.deliver()


def _reason(error: OSError) -> str:
    return error.strerror or errno.errorcode.get(error.errno or 0, str(error))
