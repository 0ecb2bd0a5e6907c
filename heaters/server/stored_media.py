"""Files of sources that lie in S3: read by ranges, from the cache on this machine where they are there.

Credentials are those of the server's own process. All of this waits for a network, so it runs in threads kept for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Final, Self

from heaters.catalog.footers import read_footer
from heaters.domain import layout
from heaters.errors import Archived, CatalogDamaged, StoreUnavailable, UnknownReference
from heaters.storage import Store, open_store

_STORES: Final = 8


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """An object of a store, to be read as an open file is.

    Attributes:
        size: in bytes.
        content_type: of the object.
        etag: as in the header, with its quotes.
    """

    store: Store
    key: str
    size: int
    content_type: str
    etag: str

    def read(self, start: int, length: int) -> bytes:
        """Exactly these bytes.

        Raises:
            UnknownReference: the object is not there any more, or lies in an archive.
            StoreUnavailable: the store does not answer.
        """
        with _told(self.store, self.key):
            return self.store.read(self.key, start, length)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to close."""


def open_stored(
    address: str, source_id: int, key: str, version: tuple[str, int], content_type: str
) -> StoredMedia:
    """An object that belongs to a version of a source.

    Args:
        address: of the store.
        source_id: of the source.
        key: of the object.
        version: as it is asked for, and how many digits of the proxy's SHA-256 that are.
        content_type: of the object.

    Raises:
        UnknownReference: the source has no such file, or another version.
        StoreUnavailable: the store can't be opened or does not answer.
    """
    sha256, size = _facts(address, source_id, key, version)
    kind = "proxy" if key == layout.review_proxy(source_id) else "audio"
    return StoredMedia(_store(address), key, size, content_type, f'"{sha256[:32]}-{kind}"')


@contextmanager
def _told(store: Store, key: str) -> Iterator[None]:
    """Tell an object that is not there, or lies in an archive, from a store that does not answer: that one is waited for."""
    try:
        yield
    except StoreUnavailable as error:
        if isinstance(error, Archived) or store.head(key) is None:
            raise UnknownReference(error.message, key=key) from error
        raise


@lru_cache(maxsize=1024)
def _facts(address: str, source_id: int, key: str, version: tuple[str, int]) -> tuple[str, int]:
    """SHA-256 of the proxy, and bytes of the object; the same for as long as the version is."""
    store, (wanted, digits) = _store(address), version
    index = layout.frame_index(source_id)
    try:
        with _told(store, index):
            sha256 = read_footer(store.local_path(index))["proxy_sha256"]
    except (CatalogDamaged, KeyError) as error:
        raise UnknownReference(
            f"the frame index of source {source_id} can't be read: `heaters retry {source_id}`, then `heaters run`",
            source=source_id,
        ) from error
    if wanted != sha256[:digits]:
        raise UnknownReference(
            f"source {source_id} has been prepared again since this page was made: reload the page",
            source=source_id,
        )
    head = store.head(key)
    if head is None:
        raise UnknownReference(f"{store.uri(key)} is not there: `heaters run` makes it", source=source_id)
    return sha256, head.bytes


@lru_cache(maxsize=_STORES)
def _store(address: str) -> Store:
    return open_store(address)
