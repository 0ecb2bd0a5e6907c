"""Where artefacts lie: stores behind one protocol, addressed by keys of `heaters.domain.layout`."""

from __future__ import annotations

from heaters.storage.base import Head, Part, Store
from heaters.storage.local import LocalStore
from heaters.storage.places import address_of

__all__ = ["Head", "LocalStore", "Part", "Store", "address_of", "open_store"]


def open_store(address: str) -> Store:
    """Open the store that `Store.address` named; works in any process.

    Args:
        address: a folder.
    """
    return LocalStore(address)
