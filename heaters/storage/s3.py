"""A store in a bucket of S3 or of what speaks like it, with copies on this machine of what is read as a whole."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from heaters.errors import Archived, StoreUnavailable
from heaters.storage.base import STANDARD, Head
from heaters.storage.cache import Cache
from heaters.storage.hashing import sha256_of
from heaters.storage.local import LocalPart, LocalStore
from heaters.storage.s3_address import S3Address
from heaters.storage.s3_client import Bucket, Conflict, NotThere
from heaters.storage.s3_reading import Version, fetch, read_range
from heaters.storage.s3_uploads import FOLDER, abort_dead
from heaters.storage.s3_writing import SHA256, Publisher

_ARCHIVES: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_TRIES: Final = 3
"""Of reading an object that is replaced meanwhile."""
_ONGOING: Final = re.compile(r'ongoing-request="(true|false)"')
_TIER: Final = "Standard"
"""Of a restore: hours, at the middle price."""
_RESTORE_HARMLESS: Final = frozenset({"RestoreAlreadyInProgress", "ObjectAlreadyInActiveTierError"})
_VERSION_DIGITS: Final = 12
_RECENT: Final = 5.0
"""Seconds for which ranges are read without another look at the object."""
_Result = TypeVar("_Result")


class S3Part:
    """A file in the making on this machine, which is uploaded when it is published, and stays as a copy."""

    def __init__(self, store: S3Store, key: str) -> None:
        self._store, self._key = store, key
        self._part = store.cache.part(key)
        self.path = self._part.path

    def publish(self, sha256: str | None = None) -> Head:
        """Upload it."""
        return self._store.publish(self._key, self._part, sha256 or sha256_of(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._part.__exit__(kind, error, trace)


class S3Store:
    """Artefacts in a bucket.

    Copies that were handed out as paths are kept from eviction while this store lives, the latest `cache.HELD` of them.

    Args:
        address: as of `heaters.storage.s3_address.S3Address`.
    """

    def __init__(self, address: str) -> None:
        self._at = S3Address.read(address)
        self.address = address
        self.place: str | None = self._at.place
        self.cache = Cache(self._at.cache, self._at.cache_bytes)
        self._bucket = Bucket(self._at)
        self._publisher = Publisher(self._bucket, self._look)
        self._seen: dict[str, Version] = {}
        self._files = LocalStore("/")

    def __repr__(self) -> str:
        return f"S3Store({self.place!r})"

    def part(self, key: str) -> S3Part:
        """Begin to write the object on this machine."""
        return S3Part(self, key)

    def publish(self, key: str, part: LocalPart, sha256: str) -> Head:
        """Upload a part of the cache, and keep it as a copy."""
        head = self._publisher.publish(key, part.path, sha256)
        self._seen.pop(key, None)  # what was looked at meanwhile may be what was replaced
        self.cache.take(part, _copy_name(Version(replace(head, sha256=sha256), ""), self.uri(key)))
        return head

    def local_path(self, key: str) -> Path:
        """The copy on this machine; fetched first where there is none, and held to its length and hash."""
        if _is_file(key):
            return self._files.local_path(key)
        return self._of_one_version(key, self._existing, self._copy)

    def _copy(self, version: Version) -> Path:
        name, size = _copy_name(version, self.uri(version.head.key)), version.head.bytes
        copy = self.cache.find(name, size)
        if copy is None:
            self.cache.evict(room=size)
            with self.cache.part(version.head.key) as part:
                fetch(self._bucket, version, part.path)
                self.cache.take(part, name)
                copy = self.cache.find(name, size)
        if copy is None:
            raise StoreUnavailable(
                f"{self.cache.folder / name} is a file of other bytes: remove it", path=str(self.cache.folder)
            )
        return copy

    def read(self, key: str, start: int, length: int) -> bytes:
        """A range, from the copy if there is one, else from the bucket; all of one version of the object."""
        if _is_file(key):
            return self._files.read(key, start, length)

        def read(version: Version) -> bytes:
            copy = self.cache.find(_copy_name(version, self.uri(key)), version.head.bytes)
            if copy is not None:
                return self._files.read(str(copy), start, length)
            return read_range(self._bucket, version, start, length)

        return self._of_one_version(key, self._recent, read)

    def _of_one_version(
        self, key: str, look: Callable[[str], Version], work: Callable[[Version], _Result]
    ) -> _Result:
        """Work on an object; anew if it is replaced meanwhile.

        Raises:
            Archived: it can't be read; tells whether a restore is on its way.
        """
        for left in reversed(range(_TRIES)):
            try:
                return work(look(key))
            except (Conflict, NotThere):
                self._seen.pop(key, None)
                if not left:
                    raise
            except Archived as error:
                head = self._existing(key).head
                state = "is being restored" if head.restoring else "has to be restored first"
                raise Archived(
                    f"{self.uri(key)} lies in {head.storage_class} and {state}",
                    key=key,
                    restoring=head.restoring,
                ) from error
        raise AssertionError

    def head(self, key: str) -> Head | None:
        """What the bucket says of it now."""
        if _is_file(key):
            return self._files.head(key)
        version = self._look(key)
        return version.head if version else None

    def uri(self, key: str) -> str:
        """`s3://bucket/key`; an absolute key (a referenced original) is its own path."""
        return key if _is_file(key) else f"{self.place}/{key}"

    def url(self, key: str, seconds: int) -> str | None:
        """The address of a proxy at the CDN, with its version; of all else, or without a CDN, a signed one."""
        if _is_file(key):
            return None
        at_cdn = self._at.cdn_url(key)
        if at_cdn is None:
            return self._bucket.signed_url(key, seconds)
        version = self._recent(key)
        return f"{at_cdn}?v={(version.head.sha256 or _etag_digest(version))[:_VERSION_DIGITS]}"

    def restore(self, key: str, days: int = 7) -> None:
        """Ask for it, at the middle price; a few hours."""
        head = self.head(key)
        if head is None:
            raise StoreUnavailable(f"{self.uri(key)} is not there", key=key)
        if not head.archived or head.restoring:
            return
        request = {"Days": days, "GlacierJobParameters": {"Tier": _TIER}}
        try:
            self._bucket.call("restore_object", key, RestoreRequest=request)
        except StoreUnavailable as error:
            if error.facts.get("code") not in _RESTORE_HARMLESS:
                raise

    def delete(self, key: str) -> None:
        """Remove the object; copies of it go when they are evicted."""
        self._seen.pop(key, None)
        self._bucket.call("delete_object", key)

    def list(self, prefix: str) -> Iterator[Head]:
        """All objects below a folder, sorted."""
        marks: dict[str, str] = {}
        folder = self._at.name(prefix.rstrip("/") + "/" if prefix else "")
        while True:
            answer = self._bucket.call("list_objects_v2", Prefix=folder, **marks)
            for row in answer.get("Contents", ()):
                kind = row.get("StorageClass", STANDARD)
                key, written = self._at.key(row["Key"]), row["LastModified"].timestamp()
                yield Head(key, row["Size"], written, storage_class=kind, archived=kind in _ARCHIVES)
            if not answer.get("IsTruncated"):
                return
            marks = {"ContinuationToken": answer["NextContinuationToken"]}

    def remove_dead_parts(self) -> Sequence[str]:
        """Files in the making on this machine, and uploads that nobody goes on with."""
        return [*self.cache.remove_dead_parts(), *abort_dead(self._bucket, self._at.cache / FOLDER)]

    def free_bytes(self) -> None:
        """None: a bucket has no limit."""

    def _look(self, key: str) -> Version | None:
        try:
            answer = self._bucket.call("head_object", key)
        except NotThere:
            self._seen.pop(key, None)
            return None
        version = self._seen[key] = Version(_head(key, answer), answer["ETag"])
        return version

    def _recent(self, key: str) -> Version:
        """The object as it was when it was looked at, if that was just now."""
        version = self._seen.get(key)
        recent = version is not None and time.monotonic() - version.looked < _RECENT
        return version if version is not None and recent else self._existing(key)

    def _existing(self, key: str) -> Version:
        version = self._look(key)
        if version is None:
            raise StoreUnavailable(f"{self.uri(key)} is not there", key=key)
        return version


def _is_file(key: str) -> bool:
    """Tell whether a key is a file of a user's own, as a referenced original is."""
    return key.startswith("/")


def _etag_digest(version: Version) -> str:
    return hashlib.sha256(version.etag.encode()).hexdigest()


def _copy_name(version: Version, uri: str) -> str:
    """The name of a copy: by the hash of its bytes, else by what the bucket says of this version."""
    told = version.head.sha256 or hashlib.sha256(f"{uri} {version.etag}".encode()).hexdigest()
    return f"{told[:32]}-{Path(version.head.key).name}"


def _head(key: str, answer: Mapping[str, Any]) -> Head:
    """What an answer to HEAD says. A restored object keeps its class, and tells that it is readable by `Restore`."""
    kind, restore = answer.get("StorageClass", STANDARD), _ONGOING.search(answer.get("Restore", ""))
    archived = kind in _ARCHIVES or "ArchiveStatus" in answer
    return Head(
        key, answer["ContentLength"], answer["LastModified"].timestamp(), answer.get("Metadata", {}).get(SHA256), kind,
        archived=archived and not (restore and restore[1] == "false"), restoring=bool(restore and restore[1] == "true"),
    )  # fmt: skip
