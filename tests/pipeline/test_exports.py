"""Final clips: each is encoded once, superseded when its frames change, and provable."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from driving import Heaters, open_workspace
from numbered_films import RATE, Film, make, noise, steady

from heaters import Workspace
from heaters.catalog.requests import FailExport, StartExport
from heaters.errors import UsageError
from heaters.execution.runlock import run_lock


@pytest.fixture(scope="module")
def _exported(tmp_path_factory: pytest.TempPathFactory, _finished: Path) -> Path:
    root = tmp_path_factory.mktemp("exported") / "ws"
    shutil.copytree(_finished, root)
    ws = open_workspace(root, reviewer="ada")
    ws.decide("approve", ["1.1", "1.2"])
    ws.export()
    return root


@pytest.fixture
def exported(tmp_path: Path, _exported: Path) -> Workspace:
    """1.1 and 1.2 are exported, 1.3 is pending."""
    shutil.copytree(_exported, tmp_path / "ws")
    return open_workspace(tmp_path / "ws", reviewer="ada")


def files(ws: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((ws.root / "final_clips").iterdir())}


def picture_count(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_only_approved_clips_are_exported(exported: Workspace) -> None:
    assert [row["state"] for row in exported.clips().rows()] == ["exported", "exported", "pending"]
    assert list(files(exported)) == [
        "video_1_clip_001.json", "video_1_clip_001.mp4", "video_1_clip_002.json", "video_1_clip_002.mp4",
    ]  # fmt: skip
    row = exported.clip("1.2")
    assert (row["is_virtual"], row["clip_filepath"]) == (False, "final_clips/video_1_clip_002.mp4")


def test_a_second_export_does_nothing_and_says_so(exported: Workspace) -> None:
    before = files(exported)
    assert Heaters(exported.root)("export").out.startswith(
        "nothing to export: every approved clip has its file\n"
    )
    assert files(exported) == before


def test_reset_and_approval_of_the_same_frames_encode_nothing(exported: Workspace) -> None:
    before = files(exported)
    exported.decide("reset", "1.2")
    assert exported.clip("1.2")["state"] == "pending"
    exported.decide("approve", "1.2")
    jobs = exported.sql(
        "SELECT started_at, finished_at FROM jobs WHERE stage = 'export' AND subject = 'clip:2'"
    ).fetchall()
    (done,) = exported.export().done
    assert (done["clip_id"], done["frames"]) == (2, 20)
    assert files(exported) == before
    row = exported.clip("1.2")
    assert (row["state"], row["is_virtual"], row["clip_filepath"]) == (
        "exported",
        False,
        "final_clips/video_1_clip_002.mp4",
    )
    assert jobs
    assert exported.verify()["ok"]
    assert exported.check() == []


def test_reset_and_a_moved_cut_supersede_the_file(exported: Workspace) -> None:
    before = files(exported)
    exported.decide("reset", ["1.1", "1.2"])
    assert files(exported) == before
    exported.decide("move-cut", "1.2", frame=14)
    exported.decide("approve", ["1.1", "1.2"])
    assert [(one["clip_id"], one["frames"]) for one in exported.export().done] == [(1, 14), (2, 26)]
    after = files(exported)
    assert list(after) == list(before)
    for name in after:
        assert after[name] != before[name]
    assert picture_count(exported.root / "final_clips" / "video_1_clip_002.mp4") == 26
    rows = exported.sql("SELECT uri FROM clip_artifacts WHERE kind = 'final_clip'").rows()
    assert len(rows) == 2
    assert exported.verify()["ok"]
    told = [event["action"] for event in json.loads(after["video_1_clip_002.json"])["events"]]
    assert [action for action in told if action != "export-start"] == [
        "detect", "approve", "export", "reset", "move-cut", "approve",
    ]  # fmt: skip


def test_the_files_of_exported_clips_that_were_merged_away_are_swept(exported: Workspace) -> None:
    exported.decide("reset", ["1.1", "1.2"])
    exported.decide("merge", "1.2")
    exported.decide("approve", "1.1")
    assert [one["frames"] for one in exported.export().done] == [40]
    exported.janitor()
    assert list(files(exported)) == ["video_1_clip_001.json", "video_1_clip_001.mp4"]
    assert exported.verify()["ok"]
    assert exported.check() == []


def test_exported_clips_are_frozen_until_reset(exported: Workspace) -> None:
    cli = Heaters(exported.root)
    for words in (
        ("approve", "1.1"),
        ("skip", "1.1"),
        ("split", "1.1", "--frame", 9),
        ("merge", "1.2"),
        ("move-cut", "1.2", "--frame", 9),
    ):
        said = cli.refused("decide", *words, status=1, kind="ClipFrozen")
        assert "reset it first" in said
    exported.decide("reset", "1.1")
    assert exported.undo()["clips"][0]["state"] == "exported"
    assert exported.verify()["ok"]


def test_a_further_preset_stands_beside_the_default_one(exported: Workspace) -> None:
    before = files(exported)
    report = exported.export(preset="ffv1")
    assert [Path(one["output_path"]).name for one in report.done] == [
        "video_1_clip_001_ffv1.mkv",
        "video_1_clip_002_ffv1.mkv",
    ]
    after = files(exported)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {
        "video_1_clip_001_ffv1.json", "video_1_clip_001_ffv1.mkv", "video_1_clip_002_ffv1.json", "video_1_clip_002_ffv1.mkv",
    }  # fmt: skip
    assert exported.clip("1.2")["clip_filepath"] == "final_clips/video_1_clip_002.mp4"
    assert exported.export(preset="ffv1").report is None
    assert exported.export().report is None
    assert exported.check() == []
    assert exported.janitor()["orphans"] == []
    with av.open(str(exported.root / "final_clips" / "video_1_clip_002_ffv1.mkv")) as clip:
        pictures = [frame.to_ndarray() for frame in clip.decode(video=0)]
    with av.open(str(exported.root / exported.source(1)["gold_master_filepath"])) as master:
        wanted = [frame.to_ndarray() for frame in master.decode(video=0)][20:40]
    assert all((one == two).all() for one, two in zip(pictures, wanted, strict=True))


def test_the_preset_of_the_workspace_needs_no_suffix(ws: Workspace) -> None:
    lossless = open_workspace(ws.root, preset="ffv1")
    lossless.decide("approve", "1.3")
    assert [Path(one["output_path"]).name for one in lossless.export().done] == ["video_1_clip_003.mkv"]
    assert lossless.clip("1.3")["clip_filepath"] == "final_clips/video_1_clip_003.mkv"
    assert lossless.verify()["ok"]


def test_a_file_in_another_preset_never_takes_the_manifest_of_the_one_that_is_there(
    exported: Workspace,
) -> None:
    before = files(exported)
    lossless = open_workspace(exported.root, preset="ffv1", reviewer="ada")
    assert [Path(one["output_path"]).name for one in lossless.export([1], preset="ffv1").done] == [
        "video_1_clip_001_ffv1.mkv",
        "video_1_clip_002_ffv1.mkv",
    ]
    assert {name: files(exported)[name] for name in before} == before
    assert lossless.verify()["ok"]
    assert lossless.check() == []
    lossless.decide("reset", "1.1")
    lossless.decide("split", "1.1", frame=9)
    lossless.decide("approve", "1.1")
    assert [one["frames"] for one in lossless.export().done] == [9]
    assert lossless.verify()["ok"]


def test_sound_that_begins_between_two_milliseconds_is_exported_to_the_sample(tmp_path: Path) -> None:
    film = Film(
        steady(50, 512),
        Fraction(1, 12800),
        container="mov",
        audio_start=Fraction(1001, 1600),
        movie_timescale=RATE,
    )
    ws = open_workspace(tmp_path / "ws", create=True, verify="off")
    ws.ingest(make(tmp_path / "late.mov", film), whole_clip=True)
    ws.run()
    ws.decide("split", "1.1", frame=23)
    ws.decide("approve", "1.2")
    (done,) = ws.export(preset="ffv1").done
    with av.open(done["output_path"]) as clip:
        found = np.concatenate([one.to_ndarray() for one in clip.decode(audio=0)], axis=1)
    first, last = (round((Fraction(frame, 25) - film.audio_start) * RATE) for frame in (23, 50))
    assert np.array_equal(found.reshape(-1, 2).T, noise(last)[:, first:last])


def test_an_approved_clip_is_exported_once_in_whatever_preset_is_asked_for(ws: Workspace) -> None:
    ws.decide("approve", "1.1")
    assert [Path(one["output_path"]).name for one in ws.export(preset="ffv1").done] == [
        "video_1_clip_001_ffv1.mkv"
    ]
    row = ws.clip("1.1")
    assert (row["state"], row["clip_filepath"]) == ("exported", "final_clips/video_1_clip_001_ffv1.mkv")
    assert ws.export(preset="ffv1").report is None
    assert ws.export().report is None
    assert [Path(one["output_path"]).name for one in ws.export(preset="h264").done] == [
        "video_1_clip_001.mp4"
    ]
    assert ws.check() == []
    assert ws.verify()["ok"]


def test_exported_clips_are_handed_over_with_names_for_people_and_an_index(
    exported: Workspace, tmp_path: Path
) -> None:
    exported.decide("annotate", "1.3", label="=cmd|'/c calc'!A1", tags=["night", "rain"], note="- not a sum")
    exported.decide("approve", "1.3")
    target = tmp_path / "delivery" / "today"
    cli = Heaters(exported.root)
    cli("export", "--to", target)
    names = ["001_first_001.mp4", "001_first_002.mp4", "001_first_003.mp4"]
    assert sorted(path.name for path in target.iterdir()) == [*names, "index.csv", "index.parquet"]
    assert [(target / name).read_bytes() for name in names] == [
        files(exported)[f"video_1_clip_00{n}.mp4"] for n in (1, 2, 3)
    ]
    rows = pq.read_table(target / "index.parquet").to_pylist()
    assert [(row["file"], row["ref"], row["start_frame"], row["end_frame"], row["end_time"]) for row in rows] == [
        (names[0], "1.1", 0, 20, 0.8), (names[1], "1.2", 20, 40, 1.6), (names[2], "1.3", 40, 60, 2.4),
    ]  # fmt: skip
    assert (rows[2]["label"], rows[2]["tags"]) == ("=cmd|'/c calc'!A1", ["night", "rain"])
    assert rows[0]["sha256"] == hashlib.sha256((target / names[0]).read_bytes()).hexdigest()
    with (target / "index.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert (table[2]["label"], table[2]["tags"], table[2]["note"]) == (
        "'=cmd|'/c calc'!A1",
        "night, rain",
        "'- not a sum",
    )
    before = {path: path.stat().st_mtime_ns for path in (exported.root / "final_clips").iterdir()}
    said = cli("export", 1, "--to", tmp_path / "again").out
    assert (
        f"nothing to export: every approved clip has its file\n3 clips copied to {tmp_path / 'again'}" in said
    )
    assert len(list((tmp_path / "again").iterdir())) == 5
    assert {path: path.stat().st_mtime_ns for path in (exported.root / "final_clips").iterdir()} == before


def test_an_index_of_clips_that_are_exported_no_more_does_not_stay(
    exported: Workspace, tmp_path: Path
) -> None:
    cli = Heaters(exported.root)
    cli("export", "--to", tmp_path / "delivery")
    exported.decide("reset", ["1.1", "1.2"])
    assert f"0 clips copied to {tmp_path / 'delivery'}" in cli("export", "--to", tmp_path / "delivery").out
    assert sorted(path.suffix for path in (tmp_path / "delivery").iterdir()) == [".mp4", ".mp4"]


def test_what_a_killed_hand_over_has_left_goes_with_the_next(exported: Workspace, tmp_path: Path) -> None:
    left, browser = tmp_path / f"001_first_001.mp4.{'0a' * 16}.part", tmp_path / "film.mkv.part"
    for path in (left, browser):
        path.write_bytes(b"half")
    exported.export(to=tmp_path)
    assert (left.exists(), browser.exists()) == (False, True)


def test_clips_are_handed_over_by_one_process_at_a_time(exported: Workspace, tmp_path: Path) -> None:
    with run_lock(exported.root / "catalog", "janitor"):
        error = Heaters(exported.root).json("export", "--to", tmp_path / "x", status=75)["error"]
    assert error["type"] == "RunActive"
    assert not (tmp_path / "x").exists()


def test_what_a_killed_export_has_left_is_said_with_the_way_out(ws: Workspace) -> None:
    ws.decide("approve", "1.3")
    ws.decide("archive", ["1.1", "1.2"])
    ws.catalog.execute(StartExport(3, ws.clip("1.3")["version"], "in", "h264"))
    cli = Heaters(ws.root)
    assert "`heaters export` ends one" in cli.refused("decide", "skip", "1.3", status=1, kind="ClipFrozen")
    assert "next: heaters export" in cli("status").out
    ws.catalog.execute(FailExport(3, "in", "h264", "no room"))
    assert "next: heaters export" in cli("status").out


def test_a_folder_that_cannot_be_written_to_is_named(exported: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    cli = Heaters(exported.root)
    assert str(tmp_path / "file" / "x") in cli.refused(
        "export", "--to", tmp_path / "file" / "x", status=3, kind="StoreUnavailable"
    )


def test_only_clips_of_the_named_sources_are_exported(ws: Workspace, films: Path) -> None:
    ws.ingest(films / "single.mp4")
    ws.run()
    ws.decide("approve", ["1.1", "2.1"])
    assert [one["source_video_id"] for one in ws.export([2]).done] == [2]
    with pytest.raises(UsageError, match="no source 3"):
        ws.export([3])
    with pytest.raises(UsageError, match="h264 and ffv1"):
        ws.export(preset="prores")


def test_groups_are_exported_as_single_clips(ws: Workspace) -> None:
    ws.decide("group", ["1.1", "1.3"])
    ws.decide("approve", "1.3")
    assert [one["clip_id"] for one in ws.export().done] == [1, 3]


def test_a_changed_output_and_a_changed_manifest_are_named_by_verify(exported: Workspace) -> None:
    clip = exported.root / "final_clips" / "video_1_clip_001.mp4"
    data = bytearray(clip.read_bytes())
    data[len(data) // 2] ^= 1
    clip.write_bytes(data)
    note = exported.root / "final_clips" / "video_1_clip_002.json"
    manifest = json.loads(note.read_text("utf-8"))
    manifest["pictures"]["crc32"][3] ^= 1
    note.write_text(json.dumps(manifest), "utf-8")
    answer = exported.verify()
    assert not answer["ok"]
    told = {(one["frame"], one["what"].partition(":")[0]) for one in answer["problems"]}
    assert told == {(None, "clip 1.1"), (23, "clip 1.2")}
    assert str(clip) in answer["problems"][0]["what"]


@pytest.mark.parametrize(
    ("member", "name", "value"),
    [
        ("source", "sha256", "0" * 64),
        ("clip", "start_frame", 1),
        ("clip", "end_frame", 99),
        ("output", "frames", 7),
        ("output", "sha256", "0" * 64),
    ],
)
def test_no_link_of_a_manifest_can_be_changed_unseen(
    exported: Workspace, member: str, name: str, value: object
) -> None:
    note = exported.root / "final_clips" / "video_1_clip_001.json"
    manifest = json.loads(note.read_text("utf-8"))
    manifest[member][name] = value
    note.write_text(json.dumps(manifest), "utf-8")
    (problem,) = exported.verify()["problems"]
    assert problem["what"].startswith("clip 1.1: ")


@pytest.mark.parametrize("name", ["video_1_clip_001.mp4", "video_1_clip_001.json"])
def test_an_output_or_manifest_with_other_bytes_of_the_same_length_is_made_again_after_reset(
    exported: Workspace, name: str
) -> None:
    file = exported.root / "final_clips" / name
    data = file.read_bytes()
    file.write_bytes(data[:-4] + bytes(byte ^ 0xFF for byte in data[-4:]))
    assert str(file) in exported.verify()["problems"][0]["what"]
    exported.decide("reset", "1.1")
    exported.decide("approve", "1.1")
    assert [one["clip_id"] for one in exported.export().done] == [1]
    assert exported.verify()["ok"]


@pytest.mark.parametrize("name", ["video_1_clip_001.mp4", "video_1_clip_001.json"])
def test_a_missing_output_or_manifest_is_named_and_made_again_after_reset(
    exported: Workspace, name: str
) -> None:
    (exported.root / "final_clips" / name).unlink()
    assert [
        str(exported.root / "final_clips" / name) in one["what"] for one in exported.verify()["problems"]
    ] == [True]
    exported.decide("reset", "1.1")
    exported.decide("approve", "1.1")
    assert [one["clip_id"] for one in exported.export().done] == [1]
    assert exported.verify()["ok"]


def test_an_export_that_fails_is_tried_three_times_and_then_waits_for_retry(
    ws: Workspace, tmp_path: Path
) -> None:
    cli = Heaters(ws.root)
    master = ws.root / ws.source(1)["gold_master_filepath"]
    master.rename(tmp_path / "aside")
    ws.decide("approve", ["1.1", "1.2"])
    for _ in range(3):
        failed = cli.json("export", status=1)["failed"]
        assert sorted(one["id"] for one in failed) == [1, 2]
        assert f"{master} is gone: put it back" in failed[0]["error"]
    answer = cli.json("export")
    assert (answer["done"], answer["failed"]) == ([], [])
    assert [one["id"] for one in answer["waiting"]] == [1, 2]
    assert "tried 3 times" in answer["waiting"][0]["reason"]
    assert "`heaters retry 1`" in answer["waiting"][0]["reason"]
    assert cli("export").out.endswith("nothing to do: what is left is waiting\n")
    (tmp_path / "aside").rename(master)
    ws.decide("approve", "1.1")
    assert [one["clip_id"] for one in ws.export().done] == [1]
    assert cli.json("retry", "--all") == {"retried": [1]}
    assert [one["clip_id"] for one in ws.export().done] == [2]
    assert ws.retry() == []


def test_the_hash_of_the_manifest_file_is_kept(exported: Workspace) -> None:
    for row in exported.sql("SELECT uri, sha256, bytes FROM clip_artifacts WHERE kind = 'manifest'").rows():
        data = (exported.root / row["uri"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["bytes"], row["sha256"])
