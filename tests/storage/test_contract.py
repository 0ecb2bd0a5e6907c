"""What every kind of store does, held against all of them."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import pytest

from heaters.errors import StoreUnavailable
from heaters.storage import Store, open_store
from heaters.storage.s3_address import S3Address

KEY = "gold_masters/video_1_master.mkv"
LARGE = os.urandom((20 << 20) + 12_345)
"""Three parts of an upload, the last one not full."""


@pytest.fixture(params=["local", "memory", "s3", "s3 with a prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return open_store(str(tmp_path / "store"))
    if request.param == "memory":
        return open_store(f"memory://{uuid.uuid4()}")
    bucket, server = request.getfixturevalue("bucket"), request.getfixturevalue("s3")
    prefix = "team/shows" if "prefix" in request.param else ""
    address = S3Address(
        bucket, prefix, server.endpoint, tmp_path / "cache", 1 << 30, {"gold_masters": "STANDARD_IA"}
    )
    return open_store(address.text)


def put(store: Store, key: str, data: bytes, **known: str) -> None:
    with store.part(key) as part:
        part.path.write_bytes(data)
        head = part.publish(**known)
    assert (head.key, head.bytes) == (key, len(data))


def afresh(store: Store, tmp_path: Path) -> Store:
    """The same store, as a process on another machine has it."""
    return open_store(store.address.replace("%2Fcache", f"%2Fother-{uuid.uuid4().hex}"))


@pytest.mark.parametrize("data", [b"", b"x", b"some bytes", LARGE], ids=["none", "one", "few", "many"])
def test_what_was_published_is_read_as_it_was(store: Store, tmp_path: Path, data: bytes) -> None:
    put(store, KEY, data)
    for reader in (store, afresh(store, tmp_path)):
        head = reader.head(KEY)
        assert head is not None
        assert (head.key, head.bytes) == (KEY, len(data))
        assert head.sha256 in (None, hashlib.sha256(data).hexdigest())
        assert not head.archived
        assert reader.local_path(KEY).read_bytes() == data
        assert reader.read(KEY, 0, len(data)) == data


def test_a_range_is_exactly_these_bytes(store: Store, tmp_path: Path) -> None:
    put(store, KEY, LARGE)
    for reader in (store, afresh(store, tmp_path)):
        for start, length in (
            (0, 1),
            (8 << 20, 3),
            ((8 << 20) - 1, 2),
            (len(LARGE) - 5, 5),
            (len(LARGE), 0),
            (7, 12_000_000),
        ):
            assert reader.read(KEY, start, length) == LARGE[start : start + length]


@pytest.mark.parametrize(("start", "length"), [(0, 11), (9, 2), (10, 1), (500, 1)])
def test_bytes_that_are_not_there_are_refused(store: Store, tmp_path: Path, start: int, length: int) -> None:
    put(store, KEY, b"0123456789")
    for reader in (store, afresh(store, tmp_path)):
        with pytest.raises(StoreUnavailable, match=r"video_1_master\.mkv"):
            reader.read(KEY, start, length)


def test_what_is_not_there_is_said_so(store: Store) -> None:
    assert store.head("originals/video_9.mp4") is None
    store.delete("originals/video_9.mp4")
    with pytest.raises(StoreUnavailable, match=r"originals/video_9\.mp4"):
        store.read("originals/video_9.mp4", 0, 1)


def test_publishing_again_replaces(store: Store, tmp_path: Path) -> None:
    other = afresh(store, tmp_path)
    for data in (b"first", LARGE, b"second", LARGE[::-1], b"second"):
        put(store, KEY, data)
        assert store.local_path(KEY).read_bytes() == data
        assert other.local_path(KEY).read_bytes() == data
        assert afresh(store, tmp_path).read(KEY, 0, 5) == data[:5]


def test_a_reader_never_mixes_two_versions(store: Store, tmp_path: Path) -> None:
    reader = afresh(store, tmp_path)
    put(store, KEY, b"aaaa")
    assert reader.read(KEY, 0, 2) == b"aa"
    put(store, KEY, b"bbbb")
    assert reader.read(KEY, 2, 2) == b"bb"


def test_a_part_that_is_not_published_leaves_nothing(store: Store) -> None:
    with store.part(KEY) as part:
        part.path.write_bytes(b"half")
    assert not part.path.exists()
    assert store.head(KEY) is None
    assert list(store.list("")) == []


def test_a_living_part_is_no_dead_one(store: Store) -> None:
    with store.part(KEY) as part:
        part.path.write_bytes(b"whole")
        assert store.remove_dead_parts() == []
        part.publish()
    assert store.read(KEY, 0, 5) == b"whole"


def test_a_folder_is_listed_without_its_neighbours(store: Store) -> None:
    keys = ["final_clips/video_1_clip_001.mp4", "final_clips/video_1_clip_002.mp4", "final_clips2/x.mp4", KEY]
    for key in reversed(keys):
        put(store, key, key.encode())
    assert [head.key for head in store.list("final_clips")] == keys[:2]
    assert [head.bytes for head in store.list("final_clips")] == [len(key) for key in keys[:2]]
    assert sorted(head.key for head in store.list("")) == sorted(keys)
    store.delete(keys[0])
    assert [head.key for head in store.list("final_clips/")] == keys[1:2]
    assert list(store.list("nothing")) == []


def test_an_address_opens_the_same_store(store: Store) -> None:
    put(store, KEY, b"here")
    again = open_store(store.address)
    assert again.read(KEY, 0, 4) == b"here"
    assert again.uri(KEY) == store.uri(KEY)
    assert store.uri(KEY).endswith(KEY)
    assert again.address == store.address


def test_a_file_of_a_users_own_is_its_own_path_in_every_store(store: Store, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"0123")
    key = str(film)
    assert store.uri(key) == key
    assert store.local_path(key) == film
    assert store.read(key, 1, 2) == b"12"
    head = store.head(key)
    assert head is not None
    assert head.bytes == 4
    assert store.url(key, 60) is None


def test_restoring_what_can_be_read_is_harmless(store: Store) -> None:
    put(store, KEY, b"here")
    store.restore(KEY)
    assert store.read(KEY, 0, 4) == b"here"


def test_a_store_has_room_or_no_limit(store: Store, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(exist_ok=True)
    free = store.free_bytes()
    assert free is None or free > 0


def test_keys_with_other_letters_are_taken(store: Store, tmp_path: Path) -> None:
    key = "metadata/video 1 + ä%2F&?#.json"
    put(store, key, b"{}")
    assert [head.key for head in store.list("metadata")] == [key]
    assert afresh(store, tmp_path).local_path(key).read_bytes() == b"{}"


def test_a_hash_that_is_known_is_taken_on_trust_but_held_to(store: Store, tmp_path: Path) -> None:
    put(store, KEY, LARGE, sha256=hashlib.sha256(LARGE).hexdigest())
    assert afresh(store, tmp_path).local_path(KEY).read_bytes() == LARGE
