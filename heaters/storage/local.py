"""A store in a folder: `.part` → fsync → rename → fsync of the folder."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.errors import StoreUnavailable
from heaters.storage.base import Head

_PART: Final = re.compile(r"\.[0-9a-f]{32}\.part$")
"""How the name of a file in the making ends; a browser's download ends in `.part` alone."""


class LocalPart:
    """A `.part` file beside its target, held by an advisory lock while its writer lives.

    Args:
        target: the file that it becomes.
        key: of the object; default: the name of that file.
    """

    def __init__(self, target: Path, key: str | None = None) -> None:
        self._target, self._key = target, key or target.name
        self._published = False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._begin()
        except OSError as error:
            raise StoreUnavailable(
                f"can't write to {target.parent}: {error.strerror}", path=str(target)
            ) from error

    def _begin(self) -> int:
        """Make the file and lock it; a janitor that came in between has removed it, then another one is made."""
        while True:
            self.path = self._target.with_name(f"{self._target.name}.{os.urandom(16).hex()}.part")
            lock = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.fstat(lock).st_nlink:
                return lock
            os.close(lock)

    def publish(self, sha256: str | None = None) -> Head:
        """Sync the file, rename it to its key, sync the folder."""
        _sync(self.path)
        self.path.replace(self._target)
        self._published = True
        _sync(self._target.parent)
        return replace(_head(self._key, self._target), sha256=sha256)

    def share(self) -> None:
        """Let others read it from now on under another name, which nobody can remove before this one is closed."""
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._published:
            self.path.unlink(missing_ok=True)
        os.close(self._lock)


class LocalStore:
    """Artefacts in a folder, one file for each key.

    Args:
        root: the folder.
        place: as of `Store`; None for the workspace's own folder.
    """

    def __init__(self, root: str | Path, place: str | None = None) -> None:
        self.root = Path(root).absolute()
        self.address, self.place = str(self.root), place

    def part(self, key: str) -> LocalPart:
        """Begin to write the object `key`."""
        return LocalPart(self.local_path(key), key)

    def local_path(self, key: str) -> Path:
        """The file of the object; an absolute key (a referenced original) is its own path."""
        return self.root / key

    def read(self, key: str, start: int, length: int) -> bytes:
        """Exactly these bytes of the file."""
        path = self.local_path(key)
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(length)
        except OSError as error:
            raise StoreUnavailable(f"{path} can't be read: {error.strerror}", path=str(path)) from error
        if len(data) != length:
            raise StoreUnavailable(
                f"{path} ends after {path.stat().st_size} bytes, but bytes {start} to {start + length - 1} were asked for",
                path=str(path),
            )
        return data

    def head(self, key: str) -> Head | None:
        """Its length and time, or None if there is no such file."""
        path = self.local_path(key)
        return _head(key, path) if path.is_file() else None

    def uri(self, key: str) -> str:
        """The absolute path."""
        return str(self.local_path(key))

    def url(self, key: str, seconds: int) -> str | None:
        """None: browsers get files by the server's own route."""
        del key, seconds
        return None

    def restore(self, key: str, days: int = 7) -> None:
        """Nothing to do: a file can always be read."""
        del key, days

    def delete(self, key: str) -> None:
        """Remove the file if it is there."""
        self.local_path(key).unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[Head]:
        """All published files below a folder, sorted."""
        for path in sorted((self.root / prefix).rglob("*")):
            if path.is_file() and path.suffix != ".part":
                yield _head(path.relative_to(self.root).as_posix(), path)

    def remove_dead_parts(self) -> Sequence[str]:
        """Remove the `.part` files of ours that nobody holds a lock on."""
        parts = (
            path for folder in ("", *ARTIFACT_FOLDERS) for path in sorted((self.root / folder).glob("*.part"))
        )
        return [str(path) for path in parts if _PART.search(path.name) and remove_if_dead(path)]

    def free_bytes(self) -> int:
        """Free bytes of the file system."""
        return shutil.disk_usage(self.root).free


def _head(key: str, path: Path) -> Head:
    stat = path.stat()
    return Head(key, stat.st_size, stat.st_mtime)


def remove_if_dead(part: Path) -> bool:
    """Remove a `.part` file that nobody has locked, under its lock, so that nobody can take it up meanwhile."""
    try:
        descriptor = os.open(part, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
