"""Networks that break requests, servers that die, writers that are killed: never a wrong byte, and the way on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest
from fault_proxy import FaultProxy, Request, fault_proxy
from s3_server import S3Server, s3_server

from heaters.errors import StoreUnavailable
from heaters.storage import Store, open_store
from heaters.storage.s3_address import S3Address

KEY = "gold_masters/video_1_master.mkv"
PART = 8 << 20
DATA = os.urandom(2 * PART + 4321)
LONGEST = 240.0
"""Seconds in which one try ends whatever happens: an upload and two reads, each asked for again by hand up to ten times."""
SOURCE = """
import sys
from pathlib import Path
from heaters.storage import open_store
with open_store(sys.argv[1]).part(sys.argv[2]) as part:
    part.path.write_bytes(Path(sys.argv[3]).read_bytes())
    part.publish()
"""


def store_at(endpoint: str, bucket: str, cache: Path) -> Store:
    return open_store(S3Address(bucket, "", endpoint, cache, 1 << 30).text)


def put(store: Store, data: bytes, key: str = KEY) -> None:
    with store.part(key) as part:
        part.path.write_bytes(data)
        part.publish()


def uploads(s3: S3Server, bucket: str) -> list[str]:
    return [one["Key"] for one in s3.client().list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def until_it_works(work: Callable[[], None]) -> int:
    """What an operator does: run it again. Returns how often it failed, each time in words."""
    for failed in range(10):
        try:
            work()
        except StoreUnavailable as error:
            assert "s3://" in error.message  # noqa: PT017 - it may also work at once
        else:
            return failed
    raise AssertionError("it never worked")


def survives(s3: S3Server, bucket: str, fault: str, tries: int, folder: Path) -> None:
    small, seconds, failed = b"0123456789" * 1000, [], 0
    for number in range(tries):
        began = time.monotonic()
        with fault_proxy(s3.endpoint, fault, seed=number) as proxy:
            proxy.stall = 3.0 if tries > 1 else 0.3
            proxy.share = 0.1 if fault == "stall" else 0.3
            near = store_at(proxy.endpoint, bucket, folder / f"near{number}")
            data = DATA[number:] if tries > 1 else DATA[: PART + 4321]
            failed += until_it_works(lambda: put(near, data))  # noqa: B023
            failed += until_it_works(lambda: put(near, small, "metadata/video_1_frames.parquet"))  # noqa: B023
            clean = store_at(s3.endpoint, bucket, folder / f"clean{number}")
            assert (
                hashlib.sha256(clean.local_path(KEY).read_bytes()).digest() == hashlib.sha256(data).digest()
            )

            far = store_at(proxy.endpoint, bucket, folder / f"far{number}")

            def read(far: Store = far, data: bytes = data) -> None:
                if fault != "flipped answer":  # whoever reads frames holds each of them to its checksum
                    assert far.read(KEY, 100, 5_000_000) == data[100:5_000_100]
                assert (
                    far.read("metadata/video_1_frames.parquet", 5, 10) == small[5:15]
                    or fault == "flipped answer"
                )
                assert far.local_path(KEY).read_bytes() == data

            failed += until_it_works(read)
        store_at(s3.endpoint, bucket, folder / f"near{number}").remove_dead_parts()
        assert uploads(s3, bucket) == []
        seconds.append(time.monotonic() - began)
        for left in folder.iterdir():
            shutil.rmtree(left)
    assert max(seconds) < LONGEST
    told = f"{failed} times told in words and gone on with"
    print(f"{fault}: {tries} tries, {told}, {median(seconds):.1f} s each, {max(seconds):.1f} s at most")


FAULTY = ["503", "reset", "stall", "truncated", "shorter", "flipped answer", "flipped request"]


@pytest.mark.parametrize("fault", ["503", "truncated", "flipped answer", "flipped request"])
def test_no_wrong_byte_is_taken(s3: S3Server, bucket: str, tmp_path: Path, fault: str) -> None:
    survives(s3, bucket, fault, 1, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("fault", FAULTY)
def test_no_wrong_byte_is_taken_of_20_tries(s3: S3Server, bucket: str, tmp_path: Path, fault: str) -> None:
    survives(s3, bucket, fault, 20, tmp_path)


@pytest.mark.parametrize(
    "size", [1000, pytest.param(PART + 1000, marks=pytest.mark.long)], ids=["small", "by parts"]
)
@pytest.mark.parametrize(
    "alike", [True, pytest.param(False, marks=pytest.mark.long)], ids=["the same bytes", "other bytes"]
)
def test_eight_writers_of_one_key(
    s3: S3Server, bucket: str, tmp_path: Path, size: int, *, alike: bool
) -> None:
    stores = [store_at(s3.endpoint, bucket, tmp_path / str(number)) for number in range(8)]
    rounds = 20 if size < PART else 3
    reader = store_at(s3.endpoint, bucket, tmp_path / "reader")
    for round_ in range(rounds):
        datas = [bytes([round_ + 1, 0 if alike else number]) + DATA[2:size] for number in range(8)]
        barrier = threading.Barrier(8)

        def write(number: int, datas: list[bytes] = datas, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            put(stores[number], datas[number])

        with ThreadPoolExecutor(8) as executor:
            list(executor.map(write, range(8)))
        assert reader.local_path(KEY).read_bytes() in datas
    assert [head.key for head in reader.list("")] == [KEY]
    for store in stores:
        store.remove_dead_parts()
    assert uploads(s3, bucket) == []


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    with fault_proxy(s3.endpoint) as proxy:
        yield proxy


def killed_at(place: int, proxy: FaultProxy, address: str, film: Path) -> bool:
    """Upload a film in another process, and kill it when its request of this number arrives."""
    before = len(proxy.seen)
    writer = subprocess.Popen([sys.executable, "-c", SOURCE, address, KEY, str(film)], stderr=subprocess.PIPE)

    def kill(request: Request) -> None:
        if request.number == before + place:
            writer.send_signal(signal.SIGKILL)
            writer.wait()

    proxy.watch = kill
    _, told = writer.communicate(timeout=120)
    proxy.watch = lambda _: None
    assert writer.returncode in (0, -signal.SIGKILL), told
    return writer.returncode != 0


def parts_sent(proxy: FaultProxy, since: int) -> int:
    return sum("partNumber" in one.path for one in proxy.seen[since:] if one.method == "PUT")


@pytest.mark.parametrize(
    "places", [[4], pytest.param(range(1, 11), marks=pytest.mark.long)], ids=["once", "10 points"]
)
def test_an_upload_that_is_killed_goes_on(
    s3: S3Server, bucket: str, tmp_path: Path, proxy: FaultProxy, places: list[int]
) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(os.urandom(6 * PART))
    store = store_at(proxy.endpoint, bucket, tmp_path / "cache")
    killed = spared = 0
    for place in places:
        store.delete(KEY)
        film.write_bytes(os.urandom(100) + film.read_bytes()[100:])
        dead = killed_at(place, proxy, store.address, film)
        killed += dead
        since = len(proxy.seen)
        arrived = [one for upload in uploads_of(s3, bucket) for one in upload]
        put(store, film.read_bytes())
        if dead:
            assert parts_sent(proxy, since) <= 6 - len(arrived), "those on their way may have arrived since"
            spared += 6 - parts_sent(proxy, since)
        assert (
            store_at(s3.endpoint, bucket, tmp_path / f"clean{place}").local_path(KEY).read_bytes()
            == film.read_bytes()
        )
        store.remove_dead_parts()
        assert uploads(s3, bucket) == []
        assert not list((tmp_path / "cache").rglob("*.part"))
        assert not list((tmp_path / "cache" / "uploads").iterdir())
    assert killed >= min(len(places), 9)
    assert spared > 0, "what had arrived was not sent again"


def uploads_of(s3: S3Server, bucket: str) -> list[list[int]]:
    """Numbers of the parts that have arrived, of each upload that is open."""
    client, found = s3.client(), []
    for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        with contextlib.suppress(client.exceptions.NoSuchUpload):  # it is just being made
            parts = client.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
            found.append([one["PartNumber"] for one in parts.get("Parts", [])])
    return found


def test_what_a_killed_upload_left_is_swept(
    s3: S3Server, bucket: str, tmp_path: Path, proxy: FaultProxy
) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(DATA)
    store = store_at(proxy.endpoint, bucket, tmp_path / "cache")
    s3.client().create_multipart_upload(Bucket=bucket, Key="somebody/elses.bin")
    assert killed_at(4, proxy, store.address, film)
    assert len(uploads(s3, bucket)) == 2
    swept = store.remove_dead_parts()
    assert [one for one in swept if one.startswith("s3://")] == [
        f"s3://{bucket}/{KEY} (an upload that was broken off)"
    ]
    assert uploads(s3, bucket) == ["somebody/elses.bin"]
    assert store.remove_dead_parts() == []


@pytest.mark.parametrize(
    "tries",
    [
        pytest.param(1, id="once", marks=pytest.mark.long),
        pytest.param(20, id="20 tries", marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(1200)
def test_a_server_that_dies_in_the_middle_of_an_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    with s3_server(tmp_path / "server") as server, fault_proxy(server.endpoint) as proxy:
        for variable, value in server.environ.items():
            monkeypatch.setenv(variable, value)
        bucket = server.new_bucket()
        for number in range(tries):
            store = store_at(proxy.endpoint, bucket, tmp_path / f"cache{number}")
            data, dies = os.urandom(3 * PART), len(proxy.seen) + 2 + number % 5

            def crash(request: Request, dies: int = dies) -> None:
                if request.number == dies:
                    server.kill()

            proxy.watch = crash
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match=r"s3://"):
                put(store, data)
            assert time.monotonic() - began < 120, "it ends by itself"
            server.start()
            put(store, data)
            assert (
                store_at(server.endpoint, bucket, tmp_path / f"clean{number}").local_path(KEY).read_bytes()
                == data
            )
            store.remove_dead_parts()
            assert uploads(server, bucket) == []
