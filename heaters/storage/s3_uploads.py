"""Uploads by parts, each with a note on this machine, so that one that was killed is gone on with, or swept away."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.storage.s3_client import Bucket, Conflict

FOLDER: Final = "uploads"
"""Of the notes, in the cache's folder."""
_OURS: Final = frozenset({*ARTIFACT_FOLDERS, "catalog"})
"""Folders in which nobody else uploads anything: a bucket may hold more than the store."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload is of; one of equal bytes in parts of equal length can go on with what has arrived."""

    key: str
    sha256: str
    bytes: int
    part_bytes: int
    storage_class: str


class Note:
    """The note of one upload, locked by its writer. It is there before the upload, so that no upload lacks one.

    Args:
        folder: of the notes.
        upload: what is noted; a note of a dead process on the very same is taken up.
    """

    def __init__(self, folder: Path, upload: Upload) -> None:
        self.upload_id: str | None = None
        folder.mkdir(parents=True, exist_ok=True)
        stem = hashlib.sha256(upload.key.encode()).hexdigest()[:32]
        for path in sorted(folder.glob(f"{stem}.*.json")):
            if self._take_up(path, upload):
                return
        self.path = folder / f"{stem}.{os.urandom(8).hex()}.json"
        self._lock = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._upload = upload
        self._write()

    def _take_up(self, path: Path, upload: Upload) -> bool:
        descriptor = lock_if_dead(path)
        if descriptor is None:
            return False
        told = _read(descriptor)
        if {name: told.get(name) for name in asdict(upload)} != asdict(upload) or not told.get("upload_id"):
            os.close(descriptor)
            return False
        self.path, self._lock, self._upload, self.upload_id = path, descriptor, upload, told["upload_id"]
        return True

    def began(self, upload_id: str) -> None:
        """Note the id that the store has given."""
        self.upload_id = upload_id
        self._write()

    def remove(self) -> None:
        """The upload is complete, or was aborted."""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        text = json.dumps({**asdict(self._upload), "upload_id": self.upload_id}).encode()
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, text, 0)
        os.fsync(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)


def lock_if_dead(path: Path) -> int | None:
    """A lock on a note whose writer is gone; None while he lives, or where the note was removed."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not os.fstat(descriptor).st_nlink:
        os.close(descriptor)
        return None
    return descriptor


def arrived(bucket: Bucket, upload: Upload, upload_id: str) -> dict[int, dict[str, Any]]:
    """Part number → what the store says of it, for the parts of an upload that have arrived.

    Raises:
        Conflict: the upload is gone.
    """
    parts, marker = dict[int, dict[str, Any]](), 0
    while True:
        answer = bucket.call("list_parts", upload.key, UploadId=upload_id, PartNumberMarker=marker)
        parts |= {one["PartNumber"]: one for one in answer.get("Parts", ())}
        if not answer.get("IsTruncated"):
            return parts
        marker = answer["NextPartNumberMarker"]


def abort_dead(bucket: Bucket, folder: Path) -> list[str]:
    """Abort the uploads into the store that nobody on this machine goes on with; returns the URIs of their objects.

    Uploads of a key on which a living writer has a note are left alone.
    """
    notes = {path: lock_if_dead(path) for path in sorted(folder.glob("*.json"))}
    try:
        alive = {_told(path).get("key") for path, lock in notes.items() if lock is None}
        aborted = []
        for upload in _open_uploads(bucket):
            key = bucket.address.key(upload["Key"])
            if key not in alive and key.partition("/")[0] in _OURS:
                with suppress(Conflict):  # it has ended meanwhile
                    bucket.call("abort_multipart_upload", key, UploadId=upload["UploadId"])
                aborted.append(f"{bucket.address.place}/{key} (an upload that was broken off)")
        for path, lock in notes.items():
            if lock is not None:
                path.unlink(missing_ok=True)
        return aborted
    finally:
        for lock in notes.values():
            if lock is not None:
                os.close(lock)


def _open_uploads(bucket: Bucket) -> Iterator[Mapping[str, Any]]:
    marks: dict[str, str] = {}
    while True:
        answer = bucket.call("list_multipart_uploads", Prefix=bucket.address.name(""), **marks)
        yield from answer.get("Uploads", ())
        if not answer.get("IsTruncated"):
            return
        marks = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}


def _told(path: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):  # it was removed, or is being written
        return {}
    return found


def _read(descriptor: int) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(os.pread(descriptor, 1 << 16, 0))
    except ValueError:  # its writer was killed while he wrote
        return {}
    return found
