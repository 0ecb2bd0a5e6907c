"""Snapshots of the catalog go to the store after each run, and a lost workspace comes back from there."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from driving import Heaters, open_workspace
from serving import answers, until

from heaters.errors import UsageError
from heaters.stages import store_snapshots
from heaters.storage.memory import MemoryStore

if TYPE_CHECKING:
    from heaters import Workspace


@pytest.fixture
def store(request: pytest.FixtureRequest) -> MemoryStore:
    return MemoryStore(f"memory://{request.node.name}")


def test_the_newest_ten_are_kept_and_are_complete(ws: Workspace, store: MemoryStore) -> None:
    made = []
    for _ in range(12):
        folder = ws.snapshot()
        store_snapshots.put(store, folder)
        made.append(folder.name)
    assert store_snapshots.names(store) == made[-10:]
    keys = [head.key for head in store.list("catalog")]
    assert {key.split("/")[2] for key in keys} == set(made[-10:])
    newest = {key.rpartition("/")[2] for key in keys if made[-1] in key}
    assert newest == {file.name for file in (ws.root / "catalog" / "snapshots" / made[-1]).iterdir()}


def test_one_that_was_not_finished_is_no_snapshot(ws: Workspace, store: MemoryStore) -> None:
    first, second = ws.snapshot(), ws.snapshot()
    for folder in (first, second):
        store_snapshots.put(store, folder)
    store.delete(f"{store_snapshots.PREFIX}/{second.name}/snapshot.json")
    assert store_snapshots.names(store) == [first.name]


def test_what_was_put_there_in_part_goes_with_the_old_ones(ws: Workspace, store: MemoryStore) -> None:
    begun = f"{store_snapshots.PREFIX}/20200101T000000.000000Z/clips.parquet"
    with store.part(begun) as part:
        part.path.write_bytes(b"a beginning")
        part.publish()
    for number in range(10):
        assert store.head(begun), number
        store_snapshots.put(store, ws.snapshot())
    assert store.head(begun) is None


def test_a_snapshot_is_found_by_place_by_name_and_by_being_the_newest(
    ws: Workspace, store: MemoryStore, tmp_path: Path
) -> None:
    here, own = ws.snapshot(), tmp_path / "own"
    store_snapshots.put(store, here)

    def find(snapshot: str | Path | None, place: str | None = None, at: MemoryStore = store) -> Path:
        shutil.rmtree(own, ignore_errors=True)
        return store_snapshots.find(snapshot, place, own, at, MemoryStore)

    for found in (
        find(None), find(here.name), find(None, store.address), find(here.name, store.address),
        find(None, f"{store.address}/catalog/snapshots/{here.name}"),
    ):  # fmt: skip
        assert found == own / here.name
    assert sorted(file.name for file in own.glob("*/*")) == sorted(file.name for file in here.iterdir())
    assert find(here) == here
    with pytest.raises(
        UsageError, match=f"no snapshot 20200101T000000.000000Z in .*: the newest is {here.name}"
    ):
        find("20200101T000000.000000Z")
    with pytest.raises(
        UsageError, match="there is no snapshot in memory://nothing/catalog/snapshots: there is none"
    ):
        find(None, "memory://nothing")


def test_a_lost_workspace_comes_back_from_its_bucket(
    bucket: str, ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = open_workspace(ws.root, reviewer="ada")
    assert ws.store.place == f"s3://{bucket}"
    assert ws.move(to=ws.store.place).failed == []
    ws.decide("approve", "1.2")
    ws.snapshot()
    events = len(ws.events().rows())
    shutil.rmtree(ws.root)

    monkeypatch.delenv("S3_BUCKET_NAME")
    Heaters()("init", tmp_path / "found")
    told = Heaters(tmp_path / "found").json("catalog", "restore", "--from", f"s3://{bucket}")
    assert Path(told["restored"]).is_dir()
    again = open_workspace(tmp_path / "found")
    assert len(again.events().rows()) == events
    assert [row["state"] for row in again.clips(1).rows()] == ["pending", "approved", "pending"]
    assert again.check() == []
    assert again.verify() == {"ok": True, "problems": []}
    assert again.source(1)["store"] == f"s3://{bucket}"


def test_an_owner_that_has_nothing_to_do_puts_one_into_the_bucket(
    bucket: str, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATERS_OWNER_IDLE_SECONDS", "1.5")
    ws = open_workspace(ws.root, reviewer="ada")
    before = store_snapshots.names(ws.store)
    serving = Heaters(ws.root).start("catalog", "serve")
    try:
        until(lambda: answers(ws.root / "catalog"))
        ws.decide("approve", "1.2")
        until(lambda: store_snapshots.names(ws.store) != before)
        serving.send_signal(signal.SIGINT)
        out, err = serving.communicate(timeout=60)
    finally:
        serving.kill()
        serving.communicate()
    assert (serving.returncode, err) == (0, ""), out
    (name,) = set(store_snapshots.names(ws.store)) - set(before)
    assert ws.store.place == f"s3://{bucket}"
    assert {head.key.rpartition("/")[2] for head in ws.store.list(f"{store_snapshots.PREFIX}/{name}")} == {
        file.name for file in (ws.root / "catalog" / "snapshots" / name).iterdir()
    }
