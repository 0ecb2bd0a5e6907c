"""Reading from a bucket: ranges of exactly the bytes that were asked for, and whole objects held to their hash."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from heaters.domain.stopping import heed
from heaters.errors import StoreUnavailable
from heaters.storage.base import Head
from heaters.storage.hashing import sha256_of
from heaters.storage.s3_client import ATTEMPTS, Bucket

CHUNK: Final = 8 << 20
"""Bytes of one request of a whole object."""
THREADS: Final = 4
_FETCHES: Final = 3
"""Times that a whole object is fetched whose bytes are not those that were published."""


@dataclass(frozen=True, slots=True)
class Version:
    """An object as it was when it was looked at. What replaces it meanwhile is not mixed with it.

    Attributes:
        looked: when that was, by the monotonic clock.
    """

    head: Head
    etag: str
    looked: float = field(default_factory=time.monotonic)


def read_range(bucket: Bucket, version: Version, start: int, length: int) -> bytes:
    """Bytes `[start, start + length)`.

    boto3 takes a short body of a ranged request for a good one where the server says so, and does not ask for the rest
    where a connection breaks off inside of it: that is done here.

    Raises:
        Conflict: the object was replaced.
        StoreUnavailable: it has no such bytes, or they did not come, however often they were asked for.
    """
    key, size = version.head.key, version.head.bytes
    if not 0 <= start <= start + length <= size:
        raise StoreUnavailable(
            f"{bucket.address.place}/{key} has {size} bytes, but bytes {start} to {start + length - 1} were asked for",
            key=key,
        )
    if not length:
        return b""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - comes with the first request

    wanted, trouble = f"bytes {start}-{start + length - 1}/", ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - spreads requests
            heed()
        answer = bucket.call(
            "get_object", key, Range=f"bytes={start}-{start + length - 1}", IfMatch=version.etag
        )
        try:
            with closing(answer["Body"]) as body:
                data: bytes = body.read()
        except BotoCoreError as error:
            trouble = type(error).__name__
            continue
        if len(data) == length and str(answer.get("ContentRange", "")).startswith(wanted):
            return data
        trouble = f"{len(data)} bytes came, as {answer.get('ContentRange')!r}"
    raise StoreUnavailable(
        f"{bucket.address.place}/{key}: {length} bytes at {start} did not come in {ATTEMPTS} tries ({trouble})",
        key=key,
    )


def fetch(bucket: Bucket, version: Version, target: Path) -> None:
    """Write a whole object to a file, by several requests at a time, and hold it to its length and hash.

    Raises:
        Conflict: the object was replaced.
        StoreUnavailable: it did not come, or never with the bytes that were published.
    """
    head = version.head
    for _ in range(_FETCHES):
        _fetch_once(bucket, version, target)
        if head.sha256 is None or sha256_of(target) == head.sha256:
            return
    raise StoreUnavailable(
        f"{bucket.address.place}/{head.key} does not have the bytes that were published any more; fetched {_FETCHES} times",
        key=head.key,
    )


def _fetch_once(bucket: Bucket, version: Version, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT)
    try:
        os.truncate(descriptor, version.head.bytes)

        def copy(start: int) -> None:
            length = min(CHUNK, version.head.bytes - start)
            _write_all(descriptor, read_range(bucket, version, start, length), start)

        in_threads(copy, range(0, version.head.bytes, CHUNK), THREADS)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def in_threads(work: Callable[[int], None], places: range, threads: int) -> None:
    """Do work at many places; the first error ends it, and so does an interrupt."""
    if len(places) == 1:
        work(places[0])
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="heaters-s3") as executor:
        try:
            for _ in executor.map(work, places):
                heed()
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
