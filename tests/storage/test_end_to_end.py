"""The whole way of a show, the same whether its files lie in a folder or in a bucket."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from driving import open_workspace

from heaters.domain.layout import ARTIFACT_FOLDERS

if TYPE_CHECKING:
    from heaters import Workspace

STORES = (
    [os.environ["STORE"]] if "STORE" in os.environ else [pytest.param("local", marks=pytest.mark.long), "s3"]
)
"""The variable of the environment chooses one."""


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the files of new sources go: `STORE`."""
    assert request.param in {"local", "s3"}
    if request.param == "s3":
        request.getfixturevalue("bucket")
        monkeypatch.setenv("HEATERS_S3_PREFIX", "team/one")
    return str(request.param)


def on_another_machine(ws: Workspace) -> Workspace:
    """The same workspace without any copy of what lies elsewhere."""
    shutil.rmtree(ws.root / "cache", ignore_errors=True)
    return open_workspace(ws.root, reviewer="ada", gold_master_storage_class="STANDARD")


def test_from_ingest_to_verify(tmp_path: Path, film: Path, store: str) -> None:
    ws = open_workspace(tmp_path / "ws", create=True, reviewer="ada")
    assert ws.ingest(film)[0]["duplicate"] is False
    done = ws.run()
    assert [one["stage"] for one in done.done] == ["prepare", "detect", "verify"]
    ws = on_another_machine(ws)
    ws.decide("split", "1.2", frame=30)
    ws.decide("approve", ["1.1", "1.2"])
    assert ws.frames("1.1").shape[0] == 20
    assert len(ws.thumbnails(["1.1", "1.3"])) == 2
    assert ws.retune(1)["kept"] == [20, 40]

    report = ws.export(to=tmp_path / "out")
    assert [(one["clip_id"], one["frames"]) for one in report.done] == [(1, 20), (2, 10)]
    assert len(report.handed_over) == 2
    ws = on_another_machine(ws)
    assert ws.verify() == {"ok": True, "problems": []}
    assert ws.check() == []
    swept = ws.janitor()
    assert [swept[name] for name in ("parts", "orphans", "kept", "dangling")] == [[], [], [], []]

    source, place = ws.source(1), ws.store.place
    assert source["store"] == place
    assert ws.export().done == []
    paths = [one["output_path"] for one in report.done]
    beginning = place or str(ws.root)
    assert paths == [f"{beginning}/final_clips/video_1_clip_00{number}.mp4" for number in (1, 2)]
    here = {folder for folder in ARTIFACT_FOLDERS if (ws.root / folder).exists()}
    assert (here == set()) == (store == "s3"), "what lies in a bucket lies nowhere else"
    assert ws.sql("SELECT count(*), count(DISTINCT crc32) > 1 FROM frames").fetchall() == [(60, True)]
    assert len(ws.scores(1)) == 60


@pytest.mark.long
def test_both_give_the_same_bytes_and_manifests(
    tmp_path: Path, film: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {}
    for store in ("local", "s3"):
        if store == "local":
            monkeypatch.setenv("S3_BUCKET_NAME", "")
        else:
            monkeypatch.setenv("S3_BUCKET_NAME", bucket)
        ws = open_workspace(tmp_path / store, create=True, reviewer="ada")
        ws.ingest(film)
        ws.run(["prepare", "detect"])
        heads = {head.key: head for folder in ARTIFACT_FOLDERS for head in ws.store.list(folder)}
        rows = ws.sql("SELECT uri, sha256, bytes, storage_class FROM clip_artifacts ORDER BY uri").rows()
        # Matroska gives each file a number of its own.
        made[store] = {row["uri"]: row["sha256"] for row in rows if not row["uri"].endswith(".mkv")}
        assert len(rows) == 9
        assert {row["uri"]: row["bytes"] for row in rows} == {key: head.bytes for key, head in heads.items()}
        assert {row["uri"]: row["storage_class"] for row in rows} == {
            key: head.storage_class for key, head in heads.items()
        }
    assert made["local"] == made["s3"]


@pytest.mark.long
def test_a_bucket_that_is_set_later_changes_nothing_for_what_is_there(
    ws: Workspace, films: Path, bucket: str
) -> None:
    mixed = open_workspace(ws.root, reviewer="ada")
    assert mixed.store.place == f"s3://{bucket}"
    assert mixed.source(1)["store"] is None
    mixed.decide("approve", "1.1")
    mixed.ingest(films / "second.mp4")
    assert [one["id"] for one in mixed.run().done] == [2, 2, 2]
    mixed.decide("approve", "2.1")
    paths = [one["output_path"] for one in mixed.export().done]
    assert paths == [
        f"{ws.root}/final_clips/video_1_clip_001.mp4",
        f"s3://{bucket}/final_clips/video_2_clip_001.mp4",
    ]
    assert mixed.verify()["ok"]
    assert mixed.clips()["path"][0] == paths[0]
    assert mixed.check() == []
    assert mixed.janitor()["orphans"] == []
