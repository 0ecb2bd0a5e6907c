"""Forks: they wait until no thread has the catalog open, and the child leaves to its parent what it has inherited."""

from __future__ import annotations

import os
import weakref
from typing import Final, Protocol

_LONGEST_WAIT: Final = 10.0
"""Seconds that a fork waits for threads to close the catalog."""


class Lock(Protocol):
    """A lock of threads."""

    def acquire(self, blocking: bool = ..., timeout: float = ...) -> bool:  # noqa: FBT001 - as the standard library has it
        """Take it."""

    def release(self) -> None:
        """Give it back."""


class Heir(Protocol):
    """Something that a fork must not catch at work."""

    def begin_anew(self) -> None:
        """Drop in the child what is the parent's."""

    def work_lock(self) -> Lock | None:
        """The lock that its threads hold while they work."""


_heirs: weakref.WeakSet[Heir] = weakref.WeakSet()
_held: list[Lock] = []


def watch(heir: Heir) -> None:
    """Take it into account at every fork from now on."""
    _heirs.add(heir)


def abandon(thing: object) -> None:
    """Never destroy an inherited object, not even at the child's end.

    Destroying a DuckDB instance waits for threads that only the parent has, and ends the child with SIGABRT;
    destroying a lock may release the parent's.
    """
    import ctypes  # noqa: PLC0415 - only forked children need it

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _before() -> None:
    """An open file would stay open in the child for good, and DuckDB opens a file once per process."""
    for heir in list(_heirs):
        lock = heir.work_lock()
        if lock is not None and lock.acquire(timeout=_LONGEST_WAIT):
            _held.append(lock)


def _in_parent() -> None:
    while _held:
        _held.pop().release()


def _in_child() -> None:
    _held.clear()
    for heir in list(_heirs):
        heir.begin_anew()


os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
