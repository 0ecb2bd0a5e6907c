"""Copies on this machine: limited, and never taken from whoever uses them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from heaters.storage.cache import HELD, Cache

HOLD = """
import sys
from pathlib import Path
from heaters.storage.cache import Cache
cache = Cache(Path(sys.argv[1]), 100)
assert cache.find(sys.argv[2], 40) is not None
print("held", flush=True)
sys.stdin.readline()
"""


def fill(cache: Cache, name: str, size: int = 40) -> None:
    with cache.part(name) as part:
        part.path.write_bytes(name.encode()[:1] * size)
        cache.take(part, name)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_the_copy_that_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100)
    for name in ("a", "b"):
        fill(cache, name)
    assert Cache(tmp_path, 100).find("a", 40) == tmp_path / "a"
    fill(cache, "c")
    Cache(tmp_path, 100).evict()
    assert names(tmp_path) == ["a", "c"]


def test_a_copy_that_is_in_use_stays_whatever_the_limit_is(tmp_path: Path) -> None:
    cache, user = Cache(tmp_path, 100), Cache(tmp_path, 100)
    fill(cache, "a")
    assert user.find("a", 40) is not None
    for name in ("b", "c", "d"):
        fill(cache, name)
    cache.evict()
    assert "a" in names(tmp_path)
    assert len(names(tmp_path)) == 2
    del user
    cache.evict(room=100)
    assert names(tmp_path) == []


def test_copies_give_way_to_what_the_disk_has_no_room_for_beside_them(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1 << 60)
    for name in ("a", "b"):
        fill(cache, name)
    cache.evict(room=1000)
    assert names(tmp_path) == ["a", "b"]
    assert cache.room() == (1 << 60) - 80
    cache.evict(room=1 << 50)
    assert names(tmp_path) == []


def test_a_copy_that_another_process_uses_stays_until_that_dies(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100)
    fill(cache, "a")
    command = [sys.executable, "-c", HOLD, str(tmp_path), "a"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "held\n"
        cache.evict(room=100)
        assert names(tmp_path) == ["a"]
        user.kill()
    cache.evict(room=100)
    assert names(tmp_path) == []


def test_what_is_being_made_is_not_evicted_and_what_was_left_is_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 100)
    with cache.part("film.mkv") as part:
        part.path.write_bytes(b"x" * 1000)
        dead = part.path.with_name(f"old.mkv.{'0' * 32}.part")
        dead.write_bytes(b"x")
        cache.evict(room=100)
        assert cache.remove_dead_parts() == [str(dead)]
        assert part.path.exists()
    assert list((tmp_path / "parts").iterdir()) == []


def test_two_who_bring_the_same_copy_share_it(tmp_path: Path) -> None:
    one, other = Cache(tmp_path, 100), Cache(tmp_path, 100)
    with one.part("a") as first, other.part("a") as second:
        for part in (first, second):
            part.path.write_bytes(b"a" * 40)
        one.take(first, "a")
        found = one.find("a", 40)
        other.take(second, "a")
        assert found == other.find("a", 40)
    assert names(tmp_path) == ["a"]


def test_a_copy_of_another_length_is_none(tmp_path: Path) -> None:
    fill(Cache(tmp_path, 100), "a")
    assert Cache(tmp_path, 100).find("a", 41) is None
    assert Cache(tmp_path, 100).find("b", 40) is None


@pytest.mark.parametrize("count", [HELD + 10])
def test_a_store_does_not_hold_on_to_any_number_of_copies(tmp_path: Path, count: int) -> None:
    cache = Cache(tmp_path, 1 << 20)
    for number in range(count):
        fill(cache, f"{number:03}")
        assert cache.find(f"{number:03}", 40) is not None
    Cache(tmp_path, 0).evict()
    assert names(tmp_path) == [f"{number:03}" for number in range(count - HELD, count)]
