"""One show from its file to final clips, and what stands in the workspace after each step."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

import heaters
from heaters import Workspace
from heaters.catalog.parquet import read_columns
from heaters.media.barcode import read_number
from heaters.media.sample import SampleTruth

FOLDERS = {"originals": 1, "gold_masters": 1, "review_proxies": 2, "metadata": 2}


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory, show: SampleTruth) -> Workspace:
    """The show, run, with its second and third shot approved and exported."""
    ws = heaters.open_workspace(tmp_path_factory.mktemp("flow") / "ws", create=True, reviewer="ada")
    ws.ingest(show.path)
    ws.run()
    ws.decide("approve", ["1.2", "1.3"])
    ws.export()
    return ws


def numbers(path: Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [read_number(luma(frame)) for frame in container.decode(video=0)]


def luma(frame: av.VideoFrame) -> np.ndarray:
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def test_the_source_row_tells_what_is_known_of_the_show(reviewed: Workspace, show: SampleTruth) -> None:
    row = reviewed.source(1)
    assert (row["ingest_state"], row["n_frames"], row["fps_num"], row["fps_den"]) == (
        "ready",
        show.n_frames,
        25,
        1,
    )
    assert (row["width"], row["height"], row["rotation"], row["duration"]) == (
        show.width,
        show.height,
        0,
        8.0,
    )
    assert row["sha256"] == hashlib.sha256(show.path.read_bytes()).hexdigest()
    assert row["verified_at"] is not None
    assert (row["title"], row["origin"], row["last_error"], row["retry_count"]) == ("show", "upload", None, 0)


def test_every_artefact_lies_where_its_row_says_with_the_bytes_that_it_says(reviewed: Workspace) -> None:
    artifacts = reviewed.sql("SELECT uri, bytes, sha256, kind FROM clip_artifacts").rows()
    for one in artifacts:
        data = (reviewed.root / one["uri"]).read_bytes()
        assert len(data) == one["bytes"], one
        if one["kind"] != "manifest":
            assert hashlib.sha256(data).hexdigest() == one["sha256"], one
    named = {one["uri"] for one in artifacts}
    there = {
        path.relative_to(reviewed.root).as_posix()
        for path in reviewed.root.rglob("*") if path.is_file() and path.parent.name in {*FOLDERS, "keyframes", "final_clips"}
    }  # fmt: skip
    assert named == there
    counted = Counter(name.partition("/")[0] for name in named)
    assert counted == {**FOLDERS, "keyframes": len(reviewed.clips()), "final_clips": 4}


def test_all_hard_cuts_are_found_and_the_clips_tile_the_show(reviewed: Workspace, show: SampleTruth) -> None:
    clips = reviewed.clips(1).rows()
    assert set(show.cuts) <= {clip["start_frame"] for clip in clips}
    assert clips[0]["start_frame"] == 0
    assert clips[-1]["end_frame"] == show.n_frames
    assert all(one["end_frame"] == two["start_frame"] for one, two in pairwise(clips))
    assert [clip["clip_no"] for clip in clips] == list(range(1, len(clips) + 1))


def test_cut_points_are_told_in_frames_and_in_seconds(reviewed: Workspace) -> None:
    for clip in reviewed.clips().rows():
        points = clip["cut_points"]
        assert (points["start_frame"], points["end_frame"]) == (clip["start_frame"], clip["end_frame"])
        assert points["start_time"] == pytest.approx(clip["start_frame"] / 25)
        assert points["end_time"] == pytest.approx(clip["end_frame"] / 25)


def test_master_and_proxy_hold_exactly_the_pictures_of_the_show(
    reviewed: Workspace, show: SampleTruth
) -> None:
    row = reviewed.source(1)
    for column in ("gold_master_filepath", "proxy_filepath"):
        assert numbers(reviewed.root / row[column]) == list(range(show.n_frames))
    with av.open(str(show.path)) as one, av.open(str(reviewed.root / row["gold_master_filepath"])) as two:
        for source, copy in zip(one.decode(video=0), two.decode(video=0), strict=True):
            assert np.array_equal(source.to_ndarray(), copy.to_ndarray())


def test_every_shot_has_one_thumbnail_of_its_middle_frame(reviewed: Workspace) -> None:
    rows = reviewed.sql(
        "SELECT frame FROM clip_artifacts WHERE kind = 'source_keyframe' ORDER BY frame"
    ).rows()
    detected = json.loads(reviewed.events().rows()[0]["after"])
    assert [row["frame"] for row in rows] == [
        (one["start_frame"] + one["end_frame"]) // 2 for one in detected
    ]


def test_an_exported_clip_holds_exactly_its_frames_in_order(reviewed: Workspace) -> None:
    exported = reviewed.clips(state="exported").rows()
    assert [clip["clip_no"] for clip in exported] == [2, 3]
    for clip in exported:
        assert clip["clip_filepath"] == f"final_clips/video_1_clip_{clip['clip_no']:03d}.mp4"
        path = reviewed.root / clip["clip_filepath"]
        assert numbers(path) == list(range(clip["start_frame"], clip["end_frame"]))
        with av.open(str(path)) as container:
            assert next(container.decode(video=0)).pts == 0


def test_a_manifest_chains_the_source_to_the_output(reviewed: Workspace, show: SampleTruth) -> None:
    index, _ = read_columns(reviewed.root / reviewed.source(1)["frame_index_filepath"])
    for clip in reviewed.clips(state="exported").rows():
        path = reviewed.root / clip["clip_filepath"]
        manifest = json.loads(path.with_suffix(".json").read_text("utf-8"))
        frames = slice(clip["start_frame"], clip["end_frame"])
        assert manifest["source"]["sha256"] == hashlib.sha256(show.path.read_bytes()).hexdigest()
        assert manifest["pictures"]["crc32"] == [int(crc) for crc in index["picture_crc32"][frames]]
        assert (manifest["clip"]["start_frame"], manifest["clip"]["end_frame"]) == (frames.start, frames.stop)
        assert [event["action"] for event in manifest["events"]] == ["detect", "approve"]
        assert manifest["events"][1]["reviewer"] == "ada"
        assert manifest["encoder"]["preset"] == "h264"
        assert manifest["output"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (manifest["output"]["frames"], manifest["output"]["key"]) == (
            frames.stop - frames.start,
            clip["clip_filepath"],
        )


def test_all_of_it_verifies_and_the_catalog_is_sound(reviewed: Workspace) -> None:
    assert reviewed.verify() == {"ok": True, "problems": []}
    assert reviewed.check() == []
    swept = reviewed.janitor()
    assert not any(swept.values()), swept


def test_nothing_is_left_to_do(reviewed: Workspace) -> None:
    before = {path: path.stat().st_mtime_ns for path in reviewed.root.rglob("*") if path.is_file()}
    for report in (reviewed.run(), reviewed.export(), reviewed.run(["export"])):
        assert (report.done, report.failed, report.waiting, report.report) == ([], [], [], None)
    after = {path: path.stat().st_mtime_ns for path in reviewed.root.rglob("*") if path.is_file()}
    assert after == before


def test_run_and_export_each_leave_a_row_a_report_and_a_snapshot(reviewed: Workspace) -> None:
    runs = reviewed.sql("SELECT id, verb, state, done, failed, finished_at FROM runs ORDER BY id").rows()
    assert [(run["verb"], run["state"], run["done"], run["failed"]) for run in runs] == [
        ("run", "done", 3, 0), ("export", "done", 2, 0),
    ]  # fmt: skip
    assert all(run["finished_at"] for run in runs)
    reports = [
        json.loads((reviewed.root / "catalog" / "reports" / f"run_{run['id']}.json").read_text("utf-8"))
        for run in runs
    ]
    assert [one["stage"] for one in reports[0]["done"]] == ["prepare", "detect", "verify"]
    assert [one["clip_id"] for one in reports[1]["done"]] == [2, 3]
    snapshots = sorted((reviewed.root / "catalog" / "snapshots").iterdir())
    assert len(snapshots) >= 2
    assert any(snapshots[-1].glob("clips*.parquet"))
