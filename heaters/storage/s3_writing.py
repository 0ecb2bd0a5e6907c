"""Publishing into a bucket: nobody is overwritten unseen, and what was published is what was meant."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from heaters.errors import StoreUnavailable
from heaters.storage.base import Head
from heaters.storage.s3_address import PROXIES, S3Address
from heaters.storage.s3_client import Bucket, Conflict, NotThere
from heaters.storage.s3_reading import Version, in_threads
from heaters.storage.s3_uploads import FOLDER, Note, Upload, arrived

PART_BYTES: Final = 8 << 20
"""Of an upload by parts; an object that is not larger is put as a whole."""
MOST_PARTS: Final = 9_000
"""S3 takes 10,000."""
THREADS: Final = 6
SHA256: Final = "sha256"
"""Name of the metadata that keeps the hash."""
IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""For proxies: pages ask for them with their version in the address."""
_ROUNDS: Final = 40
_RESENT: Final = frozenset({
    "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody",
})  # fmt: skip
"""What a server says of bytes that were damaged on their way; botocore does not send them again."""
_SENDS: Final = 3
_TYPES: Final = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "m4a": "audio/mp4", "mkv": "video/x-matroska",
    "webm": "video/webm", "webp": "image/webp", "json": "application/json", "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}  # fmt: skip


class Publisher:
    """Publishes files into a bucket.

    Args:
        bucket: the bucket.
        look: tells how an object is now; None if there is none.
    """

    def __init__(self, bucket: Bucket, look: Callable[[str], Version | None]) -> None:
        self._bucket, self._look = bucket, look

    def publish(self, key: str, path: Path, sha256: str) -> Head:
        """Put a file at a key. Equal bytes that are there already are as good; others are replaced, as they were seen.

        Raises:
            StoreUnavailable: it can't be written; or others replace it all the time.
        """
        size = path.stat().st_size
        put = self._put_whole if size <= PART_BYTES else self._put_in_parts
        there = self._look(key) if size > PART_BYTES else None
        for round_ in range(_ROUNDS):
            if there is not None and (there.head.sha256, there.head.bytes) == (sha256, size):
                return there.head
            condition = {"IfNoneMatch": "*"} if there is None else {"IfMatch": there.etag}
            try:
                return put(key, path, sha256, condition)
            except (Conflict, NotThere):
                time.sleep(random.uniform(0, min(0.02 * 2**round_, 1)))  # noqa: S311 - spreads writers
                there = self._look(key)
        raise StoreUnavailable(
            f"{self._bucket.address.place}/{key} is replaced by other writers all the time: let only one workspace use this place",
            key=key,
        )

    def _put_whole(self, key: str, path: Path, sha256: str, condition: Mapping[str, str]) -> Head:
        data, checksum = path.read_bytes(), base64.b64encode(bytes.fromhex(sha256)).decode()
        kept = {**condition, **_properties(self._bucket.address, key, sha256)}
        _resent(lambda: self._bucket.call("put_object", key, Body=data, ChecksumSHA256=checksum, **kept))
        return Head(key, len(data), time.time(), sha256, kept["StorageClass"])

    def _put_in_parts(self, key: str, path: Path, sha256: str, condition: Mapping[str, str]) -> Head:
        address, size = self._bucket.address, path.stat().st_size
        part_bytes = max(PART_BYTES, -(-size // MOST_PARTS >> 20) + 1 << 20)
        upload = Upload(key, sha256, size, part_bytes, address.storage_class(key))
        with Note(address.cache / FOLDER, upload) as note:
            known = self._resumed(note, upload)
            if note.upload_id is None:
                kept = _properties(address, key, sha256)
                begun = self._bucket.call("create_multipart_upload", key, ChecksumAlgorithm="CRC32", **kept)
                note.began(begun["UploadId"])
            parts = self._send(path, upload, str(note.upload_id), known)
            try:
                self._bucket.call(
                    "complete_multipart_upload", key, UploadId=note.upload_id, MultipartUpload={"Parts": parts}, **condition)  # fmt: skip
            except Conflict as error:
                self._settle(note, upload, error)
                raise
            note.remove()
        done = self._look(key)
        if done is None or done.head.bytes != size:
            raise StoreUnavailable(
                f"{address.place}/{key} was uploaded, but is not there with its {size} bytes", key=key
            )
        return done.head

    def _resumed(self, note: Note, upload: Upload) -> dict[int, dict[str, Any]]:
        """The parts that have arrived before; none where the upload is gone."""
        if note.upload_id is None:
            return {}
        try:
            return arrived(self._bucket, upload, note.upload_id)
        except (Conflict, NotThere):
            note.upload_id = None
            return {}

    def _send(
        self, path: Path, upload: Upload, upload_id: str, known: Mapping[int, Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Send the parts that are not there; returns all, as completing wants them."""
        parts: dict[int, dict[str, Any]] = {}
        descriptor = os.open(path, os.O_RDONLY)

        def send(start: int) -> None:
            number = start // upload.part_bytes + 1
            data = os.pread(descriptor, upload.part_bytes, start)
            there, checksum = known.get(number, {}), base64.b64encode(zlib.crc32(data).to_bytes(4)).decode()
            if there.get("Size") != len(data) or there["ETag"].strip('"') != _md5(data):
                named = {"UploadId": upload_id, "PartNumber": number, "ChecksumCRC32": checksum}
                there = _resent(lambda: self._bucket.call("upload_part", upload.key, Body=data, **named))
            parts[number] = {"PartNumber": number, "ETag": there["ETag"], "ChecksumCRC32": checksum}

        try:
            in_threads(send, range(0, upload.bytes, upload.part_bytes), THREADS)
        finally:
            os.close(descriptor)
        return [parts[number] for number in sorted(parts)]

    def _settle(self, note: Note, upload: Upload, error: Conflict) -> None:
        """After a refusal: abort where the same bytes are there by now, or where the upload itself is gone."""
        there = self._look(upload.key)
        equal = there is not None and (there.head.sha256, there.head.bytes) == (upload.sha256, upload.bytes)
        if not equal and error.facts.get("code") != "NoSuchUpload":
            return
        with suppress(Conflict, NotThere):  # it was completed, and the answer was lost
            self._bucket.call("abort_multipart_upload", upload.key, UploadId=note.upload_id)
        note.remove()


def _properties(address: S3Address, key: str, sha256: str) -> dict[str, Any]:
    """What is kept with an object."""
    caching = {"CacheControl": IMMUTABLE} if key.partition("/")[0] == PROXIES else {}
    return {
        "Metadata": {SHA256: sha256}, "StorageClass": address.storage_class(key),
        "ContentType": _TYPES.get(key.rpartition(".")[2], "application/octet-stream"), **caching,
    }  # fmt: skip


def _resent(send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Send again what was damaged on its way."""
    for left in reversed(range(_SENDS)):
        try:
            return send()
        except StoreUnavailable as error:
            if error.facts.get("code") not in _RESENT or not left:
                raise
    raise AssertionError


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
