"""Where artefacts lie: stores behind one protocol, addressed by keys of `heaters.domain.layout`."""

from __future__ import annotations

from pathlib import Path

from heaters.config import Settings
from heaters.storage.base import Head, Part, Store
from heaters.storage.local import LocalStore
from heaters.storage.places import Disk, address_of, default_place, disk_of
from heaters.storage.s3_address import SCHEME

__all__ = [
    "Disk", "Head", "LocalStore", "Part", "Store", "address_of", "default_place", "disk_of", "open_place", "open_store",
]  # fmt: skip


def open_store(address: str) -> Store:
    """Open the store that `Store.address` named; works in any process, but for a store in memory.

    Args:
        address: a folder, `s3://…` or `memory://NAME`.
    """
    if address.startswith(SCHEME):
        from heaters.storage.s3 import S3Store  # noqa: PLC0415 - only where there is a bucket

        return S3Store(address)
    if address.startswith("memory://"):
        from heaters.storage.memory import MemoryStore  # noqa: PLC0415 - only where somebody tries things out

        return MemoryStore(address)
    return LocalStore(address)


def open_place(place: str | None, settings: Settings, home: Path) -> Store:
    """Open the store at a place, as of `source_videos.store`.

    Args:
        place: None, an absolute folder, or a URI.
        settings: of the workspace.
        home: its folder.
    """
    if place is not None and "://" not in place:
        return LocalStore(place, place)
    return open_store(address_of(place, settings, home))
