"""Copies of objects on this machine: found by the hash of their bytes, limited in size, never taken from whoever uses them."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Final

from heaters.storage.local import LocalPart, remove_if_dead

PARTS: Final = "parts"
HELD: Final = 64
"""Copies that one store holds on to at a time. Each takes an open file, of which macOS gives a process 256."""
_OFTEN: Final = 64
"""The folder is looked through when so small a part of the limit, 1 / 64, has come in since."""


class Cache:
    """A folder of copies. Any number of processes may share it.

    Whoever uses a copy holds a shared lock on it; only a copy that nobody holds can be evicted, the one that was used
    longest ago first.

    Args:
        folder: made when it is first needed.
        limit: in bytes. It is passed for what is in use, and for one copy that is larger itself.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self._limit = folder, limit
        self._held: OrderedDict[Path, int] = OrderedDict()
        self._holding = threading.Lock()
        self._arrived = limit

    def __del__(self) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)

    def find(self, name: str, size: int) -> Path | None:
        """The copy of this name, held from now on; None if there is none of that size."""
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        stat = os.fstat(descriptor)
        if not stat.st_nlink or stat.st_size != size:
            os.close(descriptor)
            return None
        with suppress(OSError):  # a file of another user can be read, but not touched
            os.utime(path)
        self._hold(path, descriptor)
        return path

    def part(self, key: str) -> LocalPart:
        """A file in the making, on the same disk. What killed processes have left of such is removed."""
        self.remove_dead_parts()
        return LocalPart(self.folder / PARTS / Path(key).name, key)

    def take(self, part: LocalPart, name: str) -> None:
        """Make a copy of a part that is complete; one that is there already has the same bytes and stays."""
        part.share()
        with suppress(FileExistsError):
            os.link(part.path, self.folder / name)
        self._arrived += part.path.stat().st_size
        if self._arrived > self._limit // _OFTEN:
            self.evict()

    def evict(self, room: int = 0) -> None:
        """Remove copies that nobody uses until the others, and so many bytes more, are within the limit and fit on the disk."""
        self._arrived = 0
        copies = sorted(self._copies(), key=lambda one: one[1].st_mtime_ns)
        if not copies:
            return
        total = sum(stat.st_size for _, stat in copies)
        most = min(self._limit, total + shutil.disk_usage(self.folder).free) - room
        for path, stat in copies:
            if total <= most:
                return
            if remove_if_dead(path):
                total -= stat.st_size

    def room(self) -> int:
        """How many bytes of copies may come in before others have to go."""
        return max(0, self._limit - sum(stat.st_size for _, stat in self._copies()))

    def remove_dead_parts(self) -> list[str]:
        """Remove files in the making whose writer is gone; returns their paths."""
        return [str(path) for path in sorted((self.folder / PARTS).glob("*.part")) if remove_if_dead(path)]

    def _copies(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for entry in os.scandir(self.folder) if self.folder.is_dir() else ():
            with suppress(FileNotFoundError):  # another process has evicted it meanwhile
                if entry.is_file():
                    found.append((Path(entry.path), entry.stat()))
        return found

    def _hold(self, path: Path, descriptor: int) -> None:
        with self._holding:
            released = [self._held.pop(path)] if path in self._held else []
            self._held[path] = descriptor
            if len(self._held) > HELD:
                released.append(self._held.popitem(last=False)[1])
        for one in released:
            os.close(one)
