"""A store in a folder: `.part` → fsync → rename → fsync of the folder."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from heaters.errors import StoreUnavailable
from heaters.storage.base import Head


class LocalPart:
    """A `.part` file beside its target, held by an advisory lock while its writer lives."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._published = False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path = target.with_name(f"{target.name}.{os.urandom(16).hex()}.part")
            self._lock = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError as error:
            raise StoreUnavailable(
                f"can't write to {target.parent}: {error.strerror}", path=str(target)
            ) from error
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def publish(self) -> None:
        """Sync the file, rename it to its key, sync the folder."""
        _sync(self.path)
        self.path.replace(self._target)
        self._published = True
        _sync(self._target.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._published:
            self.path.unlink(missing_ok=True)
        os.close(self._lock)


class LocalStore:
    """Artefacts in a folder, one file for each key."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()
        self.address = str(self.root)

    def part(self, key: str) -> LocalPart:
        """Begin to write the object `key`."""
        return LocalPart(self.local_path(key))

    def local_path(self, key: str) -> Path:
        """The file of the object; an absolute key (a referenced original) is its own path."""
        return self.root / key

    def head(self, key: str) -> Head | None:
        """Its length, or None if there is no such file."""
        path = self.local_path(key)
        return Head(key, path.stat().st_size) if path.is_file() else None

    def uri(self, key: str) -> str:
        """The absolute path."""
        return str(self.local_path(key))

    def delete(self, key: str) -> None:
        """Remove the file if it is there."""
        self.local_path(key).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[Head]:
        """All published files below a folder, sorted."""
        for path in sorted((self.root / prefix).rglob("*")):
            if path.is_file() and path.suffix != ".part":
                yield Head(path.relative_to(self.root).as_posix(), path.stat().st_size)

    def dead_parts(self) -> Iterator[Path]:
        """`.part` files that nobody holds a lock on."""
        for path in sorted(self.root.rglob("*.part")):
            if path.is_dir():  # a snapshot in the making, which the catalog looks after
                continue
            try:
                descriptor = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)
            yield path

    def free_bytes(self) -> int:
        """Free bytes of the file system."""
        return shutil.disk_usage(self.root).free


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
