"""The store protocol: what every kind of store does, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class Head:
    """What a store knows of one object without reading it: its key, its length in bytes, and when it was written.

    Attributes:
        written: seconds since the epoch.
    """

    key: str
    bytes: int
    written: float


class Part(Protocol):
    """A file in the making. It is locked by its writer, so that a janitor can tell it from a dead one.

    Leaving the `with` block without `publish` removes it.
    """

    path: Path

    def publish(self) -> None:
        """Make it durable, then visible under its key, replacing what was there."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Store(Protocol):
    """A place for artefacts."""

    address: str

    def part(self, key: str) -> Part:
        """Begin to write the object `key`."""

    def local_path(self, key: str) -> Path:
        """A path on this machine from which the object can be read."""

    def head(self, key: str) -> Head | None:
        """What is known of the object; None if there is none."""

    def uri(self, key: str) -> str:
        """What a user would open: an absolute path, or a URI."""

    def delete(self, key: str) -> None:
        """Remove the object; no error if there is none."""

    def list(self, prefix: str) -> Iterator[Head]:
        """All published objects below a folder, without those in the making."""

    def remove_dead_parts(self) -> Sequence[Path]:
        """Remove the files in the making whose writer is gone; returns what they were."""

    def free_bytes(self) -> int | None:
        """Free space; None where there is no limit."""
