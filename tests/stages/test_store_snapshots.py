"""Snapshots of the catalog go to the store after each run, and a lost workspace comes back from there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from driving import Heaters, open_workspace

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
