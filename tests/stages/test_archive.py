"""Archived masters are a state and no error: they are asked for once, waited for, and gone on with."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from driving import Heaters, open_workspace

from heaters.storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.s3.models import FakeKey

    from heaters import Workspace

MASTER = "gold_masters/video_1_master.mkv"


@pytest.fixture
def remembered(ws: Workspace, request: pytest.FixtureRequest) -> tuple[Workspace, MemoryStore]:
    """The film in a store in memory, and that store."""
    address = f"memory://{request.node.name}"
    assert ws.move(to=address).failed == []
    return ws, MemoryStore(address)


def test_verify_leaves_an_archived_master_alone_and_reads_all_else(
    remembered: tuple[Workspace, MemoryStore],
) -> None:
    ws, store = remembered
    assert ws.verify() == {"ok": True, "problems": []}
    store.archive(MASTER)
    answer = ws.verify()
    assert (answer["ok"], answer["problems"]) == (True, [])
    (left,) = answer["waiting"]
    assert (left["source_id"], left["frame"]) == (1, None)
    assert left["what"].startswith(f"the gold master {MASTER} is archived")
    assert store.head(MASTER).restoring is False
    store.delete("review_proxies/video_1_proxy.mp4")
    assert any("is missing" in one["what"] for one in ws.verify()["problems"])


def test_a_run_does_not_ask_for_a_master_only_to_verify_it(
    remembered: tuple[Workspace, MemoryStore],
) -> None:
    ws, store = remembered
    ws.catalog.execute(unverified(ws))
    store.archive(MASTER)
    report = ws.run()
    assert (report.done, report.failed) == ([], [])
    assert [(one["id"], one["stage"]) for one in report.waiting] == [(1, "verify")]
    assert "is archived" in report.waiting[0]["reason"]
    assert store.head(MASTER).restoring is False
    assert ws.source(1)["ingest_state"] == "ready"


def unverified(ws: Workspace) -> Any:
    from heaters.catalog.requests import FinishStage  # noqa: PLC0415

    return FinishStage("verify", 1, "anew", "anew", {"verified_at": None})


def test_an_archived_source_is_moved_once_it_is_restored(
    remembered: tuple[Workspace, MemoryStore], tmp_path: Path
) -> None:
    ws, store = remembered
    store.archive(MASTER, "DEEP_ARCHIVE")
    there = tmp_path / "there"
    for _ in range(2):
        report = ws.move(to=there)
        assert (report.done, report.failed) == ([], [])
        assert (
            "the gold master is being restored from DEEP_ARCHIVE, asked at 2" in report.waiting[0]["reason"]
        )
        assert store.head(MASTER).restoring
    store.thaw(MASTER)
    assert [one["id"] for one in ws.move(to=there).done] == [1]
    assert ws.verify() == {"ok": True, "problems": []}


def test_export_asks_once_says_when_and_takes_the_clip_into_nothing(
    remembered: tuple[Workspace, MemoryStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, store = remembered
    asked: list[str] = []
    ask = MemoryStore.restore
    monkeypatch.setattr(
        MemoryStore, "restore", lambda self, key, days=7: (asked.append(key), ask(self, key, days))
    )
    store.archive(MASTER)
    ws.decide("approve", ["1.1", "1.3"])
    first, second = ws.export(), ws.export()
    assert [one["id"] for one in first.waiting] == [one["id"] for one in second.waiting] == [1, 3]
    assert "the gold master is being restored from GLACIER, asked at 2" in first.waiting[0]["reason"]
    assert {one["reason"] for one in first.waiting} == {one["reason"] for one in second.waiting}
    assert (first.failed, second.failed, asked) == ([], [], [MASTER])
    assert [row["state"] for row in ws.clips(1).rows()] == ["approved", "pending", "approved"]
    assert ws.decide("skip", "1.1")["clips"][0]["state"] == "skipped"


@pytest.fixture(scope="module")
def archive_server() -> Iterator[str]:
    """The address of an S3 server that archives and restores: moto, in this process."""
    from moto.moto_api import state_manager  # noqa: PLC0415
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    state_manager.set_transition("s3::keyrestore", {"progression": "manual", "times": 1_000_000})
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    state_manager.unset_transition("s3::keyrestore")


@pytest.fixture
def bucket(archive_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, into which new sources go."""
    import boto3  # noqa: PLC0415

    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": archive_server, "S3_BUCKET_NAME": "archive-of-shows",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with closing(boto3.client("s3")) as client:
        client.create_bucket(Bucket="archive-of-shows")
    return "archive-of-shows"


def archived(bucket: str, key: str) -> FakeKey:
    """The object as moto has it."""
    from moto.s3.models import s3_backends  # noqa: PLC0415

    found = s3_backends["123456789012"]["aws"].get_object(bucket, key)
    assert found is not None
    return found


def waits(answer: dict[str, Any]) -> list[int]:
    """The clips that wait for the master and for nothing else."""
    assert (answer["failed"], answer["done"]) == ([], [])
    for one in answer["waiting"]:
        assert "the gold master is being restored from GLACIER, asked at 2" in one["reason"]
    return [one["id"] for one in answer["waiting"]]


def test_a_master_in_glacier_is_exported_from_once_it_is_restored(bucket: str, ws: Workspace) -> None:
    ws.move(to=f"s3://{bucket}")
    master = archived(bucket, MASTER)
    assert master.storage_class == "GLACIER"
    shutil.rmtree(ws.root / "cache")
    master._status = "IN_PROGRESS"  # what moto says of a restore, once it is asked for
    ws.decide("approve", "1.2")
    assert waits(ws.export().as_json()) == waits(Heaters(ws.root).alone("export", "--json").document) == [2]
    costs = {row["kind"]: row for row in ws.cost()}
    assert [costs[kind]["storage_class"] for kind in ("gold_master", "review_proxy")] == [
        "GLACIER",
        "STANDARD",
    ]
    assert costs["gold_master"]["restore"] > 0
    assert ws.verify()["waiting"][0]["source_id"] == 1

    master._status = "RESTORED"
    assert [one["clip_id"] for one in ws.export().done] == [2]
    assert ws.verify() == {"ok": True, "problems": []}


@pytest.mark.long
@pytest.mark.parametrize("storage_class", ["GLACIER", "GLACIER_IR", "STANDARD_IA", "INTELLIGENT_TIERING"])
def test_from_ingest_to_export_what_is_in_the_cache_or_readable_needs_no_restore(
    bucket: str, film: Path, tmp_path: Path, storage_class: str
) -> None:
    ws = open_workspace(
        tmp_path / "shelf", create=True, reviewer="ada", gold_master_storage_class=storage_class,
        s3_prefix=storage_class,
    )  # fmt: skip
    ws.ingest(film)
    assert [(one["stage"], one["id"]) for one in ws.run().done] == [
        ("prepare", 1),
        ("detect", 1),
        ("verify", 1),
    ]
    assert archived(bucket, f"{storage_class}/{MASTER}").storage_class == storage_class
    if storage_class != "GLACIER":
        shutil.rmtree(ws.root / "cache")
    ws.decide("approve", "1.1")
    report = ws.export()
    assert ([one["clip_id"] for one in report.done], report.waiting) == ([1], [])
