"""A store in the memory of this process: a small real one, for tests and for trying things out."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from heaters.errors import Archived, StoreUnavailable
from heaters.storage.base import Head
from heaters.storage.hashing import sha256_of
from heaters.storage.local import LocalStore


class _Object(NamedTuple):
    head: Head
    data: bytes


_STORES: Final[dict[str, dict[str, _Object]]] = {}


class MemoryPart:
    """A file in the making, in a folder for passing files."""

    def __init__(self, store: MemoryStore, key: str) -> None:
        self._store, self._key = store, key
        self.path = store.folder / f"{os.urandom(16).hex()}.part"
        self.path.touch()

    def publish(self, sha256: str | None = None) -> Head:
        """Take its bytes into the store."""
        return self._store.put(self._key, self.path.read_bytes(), sha256 or sha256_of(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)


class MemoryStore:
    """Artefacts in memory, shared by all stores of this name in this process. It knows archives as S3 does.

    Args:
        address: `memory://NAME`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.place: str | None = address
        self._objects = _STORES.setdefault(address, {})
        self._files = LocalStore("/")
        self.folder = Path(tempfile.mkdtemp(prefix="heaters-memory-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def part(self, key: str) -> MemoryPart:
        """Begin to write the object."""
        return MemoryPart(self, key)

    def put(self, key: str, data: bytes, sha256: str) -> Head:
        """Put bytes at a key."""
        head = Head(key, len(data), time.time(), sha256)
        self._objects[key] = _Object(head, data)
        return head

    def archive(self, key: str, storage_class: str = "GLACIER") -> None:
        """Let the object lie in an archive from now on."""
        self._change(key, storage_class=storage_class, archived=True, restoring=False)

    def thaw(self, key: str) -> None:
        """Let a restore be done that was asked for."""
        if self._existing(key).head.restoring:
            self._change(key, archived=False, restoring=False)

    def local_path(self, key: str) -> Path:
        """A file of its own with these bytes."""
        if key.startswith("/"):
            return self._files.local_path(key)
        head, data = self._readable(key)
        path = self.folder / f"{head.sha256}-{Path(key).name}"
        if not path.exists():
            path.write_bytes(data)
        return path

    def read(self, key: str, start: int, length: int) -> bytes:
        """Exactly these bytes."""
        if key.startswith("/"):
            return self._files.read(key, start, length)
        data = self._readable(key).data
        if not 0 <= start <= start + length <= len(data):
            raise StoreUnavailable(
                f"{self.uri(key)} has {len(data)} bytes, but bytes {start} to {start + length - 1} were asked for", key=key)  # fmt: skip
        return data[start : start + length]

    def head(self, key: str) -> Head | None:
        """What is known of it."""
        if key.startswith("/"):
            return self._files.head(key)
        found = self._objects.get(key)
        return found.head if found else None

    def uri(self, key: str) -> str:
        """`memory://NAME/key`."""
        return key if key.startswith("/") else f"{self.address}/{key}"

    def url(self, key: str, seconds: int) -> str | None:
        """None: no browser reads this memory."""
        del key, seconds
        return None

    def restore(self, key: str, days: int = 7) -> None:
        """Note that it was asked for; `thaw` does it."""
        del days
        if self._existing(key).head.archived:
            self._change(key, restoring=True)

    def delete(self, key: str) -> None:
        """Forget the object."""
        self._objects.pop(key, None)

    def list(self, prefix: str) -> Iterator[Head]:
        """All objects below a folder, sorted."""
        folder = prefix.rstrip("/") + "/" if prefix else ""
        for key in sorted(self._objects):
            if key.startswith(folder):
                yield replace(self._objects[key].head, sha256=None)

    def remove_dead_parts(self) -> Sequence[str]:
        """None: they die with their process."""
        return []

    def free_bytes(self) -> None:
        """None: nobody counts."""

    def _change(self, key: str, **facts: object) -> None:
        head, data = self._existing(key)
        self._objects[key] = _Object(replace(head, **facts), data)  # type: ignore[arg-type]

    def _existing(self, key: str) -> _Object:
        if key not in self._objects:
            raise StoreUnavailable(f"{self.uri(key)} is not there", key=key)
        return self._objects[key]

    def _readable(self, key: str) -> _Object:
        found = self._existing(key)
        if found.head.archived:
            restoring = found.head.restoring
            state = "is being restored" if restoring else "has to be restored first"
            raise Archived(
                f"{self.uri(key)} lies in {found.head.storage_class} and {state}",
                key=key,
                restoring=restoring,
            )
        return found
