"""What verify, retune and the reading side of the Python API tell of a finished source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import duckdb
import numpy as np
import pytest
from driving import Heaters, open_workspace

from heaters import Workspace
from heaters.catalog.parquet import read_columns
from heaters.errors import StaleVersion, UnknownReference, UsageError

# -- verify -----------------------------------------------------------------------------------------------------------


def packet_of(path: Path, frame: int) -> int:
    """Where the packet of a picture lies in a file."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return int(sorted(packets, key=lambda packet: packet.pts)[frame].pos)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def damage_master(ws: Workspace, frame: int) -> None:
    path = ws.root / ws.source(1)["gold_master_filepath"]
    flip(path, packet_of(path, frame) + 400)


def damage_proxy(ws: Workspace, frame: int) -> None:
    row = ws.source(1)
    index, _ = read_columns(ws.root / row["frame_index_filepath"])
    flip(ws.root / row["proxy_filepath"], int(index["offset"][frame]) + int(index["size"][frame]) // 2)


@pytest.mark.parametrize("damage", [damage_master, damage_proxy])
def test_verify_names_the_frame_that_differs(
    cli: Heaters, ws: Workspace, damage: Callable[[Workspace, int], None]
) -> None:
    damage(ws, 33)
    answer = cli.json("verify", status=1)
    assert not answer["ok"]
    assert {one["frame"] for one in answer["problems"]} - {None} == {33}
    assert "source 1 frame 33: " in cli("verify", 1, status=1).out


@pytest.mark.parametrize("how", ["missing", "changed"])
@pytest.mark.parametrize(
    ("kind", "state"),
    [
        pytest.param("proxy_audio", "verify_failed", marks=pytest.mark.long),
        ("frame_scores", "verify_failed"), ("original", "ready"), ("source_keyframe", "ready"),
    ],
)  # fmt: skip
def test_every_file_is_held_to_what_was_recorded(ws: Workspace, kind: str, state: str, how: str) -> None:
    row = ws.sql("SELECT uri FROM clip_artifacts WHERE kind = ? ORDER BY id LIMIT 1", kind).rows()[0]
    file = ws.root / row["uri"]
    if how == "missing":
        file.unlink()
    else:
        flip(file, file.stat().st_size // 2)
    (problem,) = ws.verify()["problems"]
    assert problem["what"].startswith(f"{file} {'is missing' if how == 'missing' else 'has changed'}")
    assert ws.source(1)["ingest_state"] == state
    if state == "verify_failed":
        ws.retry(1)
        ws.run()
        assert ws.verify()["ok"]


def test_a_lost_thumbnail_is_made_again_as_verify_says(ws: Workspace) -> None:
    next((ws.root / "keyframes").iterdir()).unlink()
    assert "`heaters janitor` and `heaters retune 1 --apply`" in ws.verify()["problems"][0]["what"]
    ws.janitor()
    ws.retune(1, apply=True)
    assert ws.verify()["ok"]


@pytest.mark.long
def test_a_damaged_master_fails_the_stage_and_retry_prepares_it_again(tmp_path: Path, film: Path) -> None:
    ws = open_workspace(tmp_path / "ws", create=True)
    ws.ingest(film)
    ws.run(["prepare", "detect"])
    before = {path.name: path.read_bytes() for path in (ws.root / "metadata").iterdir()}
    damage_master(ws, 33)
    (failure,) = ws.run().failed
    assert failure["stage"] == "verify"
    assert "frame 33" in failure["error"]
    assert ws.source(1)["ingest_state"] == "verify_failed"
    assert ws.retry(1) == [1]
    ws.decide("approve", "1.2")
    assert [one["stage"] for one in ws.run().done] == ["prepare", "detect", "verify"]
    assert ws.verify()["ok"]
    assert ws.check() == []
    assert {path.name: path.read_bytes() for path in (ws.root / "metadata").iterdir()} == before
    assert [(clip["start_frame"], clip["state"]) for clip in ws.clips().rows()] == [
        (0, "pending"),
        (20, "approved"),
        (40, "pending"),
    ]
    swept = ws.janitor()
    assert (swept["orphans"], swept["dangling"]) == ([], [])


@pytest.mark.long
def test_lost_artefacts_are_named_and_retry_after_parking_makes_them_again(ws: Workspace) -> None:
    for column in ("proxy_filepath", "gold_master_filepath"):
        path = ws.root / ws.source(1)[column]
        path.unlink()
        assert str(path) in ws.verify()["problems"][0]["what"]
        assert len(ws.janitor()["dangling"]) == 1
        ws.park(1)
        ws.retry(1)
        ws.prepare_again(1) if hasattr(ws, "prepare_again") else None
        ws.run()
        assert ws.verify()["ok"], column


def test_check_advises_to_restore_the_catalog_only_where_the_catalog_is_at_fault(
    cli: Heaters, ws: Workspace
) -> None:
    lost = next((ws.root / "keyframes").iterdir())
    lost.unlink()
    said = cli("catalog", "check", status=1).out
    assert lost.name in said
    assert "restore" not in said
    with duckdb.connect(str(ws.catalog.file)) as catalog:
        catalog.execute("UPDATE clips SET end_frame = 19 WHERE id = 1")
    assert "next: heaters catalog restore" in cli("catalog", "check", status=1).out


# -- retune -----------------------------------------------------------------------------------------------------------


def test_retune_compares_and_changes_nothing(ws: Workspace) -> None:
    before = ws.events().fetchall()
    answer = ws.retune(1)
    assert (answer["cuts"], answer["added"], answer["removed"], answer["kept"]) == (
        [20, 40],
        [],
        [],
        [20, 40],
    )
    answer = ws.retune(1, detector="content", threshold=255.0)
    assert (answer["cuts"], answer["added"], answer["removed"], answer["kept"]) == ([], [], [20, 40], [])
    assert ws.events().fetchall() == before


def test_retune_with_apply_lays_the_new_cuts_as_one_command_that_can_be_undone(ws: Workspace) -> None:
    answer = ws.retune(1, detector="content", threshold=255.0, apply=True)
    assert {"op_id", "clips"} <= set(answer)
    assert [(clip["start_frame"], clip["end_frame"]) for clip in ws.clips().rows()] == [(0, 60)]
    assert ws.undo()["undid"] == "retune"
    assert [clip["start_frame"] for clip in ws.clips().rows()] == [0, 20, 40]
    ws.redo()
    assert [clip["start_frame"] for clip in ws.clips().rows()] == [0]
    assert ws.check() == []


def test_a_retune_that_changes_nothing_is_no_command(cli: Heaters, ws: Workspace) -> None:
    ws.decide("approve", "1.2")
    ws.undo()
    before = ws.events().fetchall()
    answer = ws.retune(1, apply=True)
    assert (answer["clips"], answer["added"], answer["removed"], answer["kept"]) == ([], [], [], [20, 40])
    assert ws.events().fetchall() == before
    assert ws.redo()["redid"] == "approve"
    assert cli("undo", "--reviewer", "ada").out.startswith("undid approve\n")


def test_retune_leaves_alone_what_a_human_has_touched(ws: Workspace) -> None:
    ws.decide("split", "1.2", frame=30)
    ws.decide("approve", "1.1")
    planned = ws.retune(1, detector="content", threshold=255.0)
    assert (planned["added"], planned["removed"], planned["held"]) == ([], [20, 30, 40], [])
    done = ws.retune(1, detector="content", threshold=255.0, apply=True)
    assert (done["cuts"], done["added"], done["removed"], done["kept"]) == ([], [], [], [20, 30, 40])
    assert (done["held"], done["clips"]) == ([20, 30, 40], [])
    rows = ws.clips().rows()
    assert [(row["start_frame"], row["end_frame"], row["state"]) for row in rows[:3]] == [
        (0, 20, "approved"), (20, 30, "pending"), (30, 40, "pending"),
    ]  # fmt: skip
    assert rows[-1]["end_frame"] == 60
    ws.retune(1, apply=True)
    assert [row["start_frame"] for row in ws.clips().rows()] == [0, 20, 30, 40]
    assert ws.check() == []


def test_every_shot_has_a_thumbnail_also_after_retune(ws: Workspace) -> None:
    ws.retune(1, detector="content", threshold=255.0, apply=True)
    frames = {
        row["frame"]
        for row in ws.sql("SELECT frame FROM clip_artifacts WHERE kind = 'source_keyframe'").rows()
    }
    assert frames == {10, 30, 50}  # that of the one long shot is there already
    assert ws.janitor()["dangling"] == []


@pytest.mark.parametrize("detector", ["heaters", "content", "adaptive", "threshold", "hash", "histogram"])
def test_every_detector_can_be_chosen_and_says_whether_it_replayed_the_proxy(
    cli: Heaters, detector: str
) -> None:
    answer = cli.json("retune", 1, "--detector", detector)
    assert answer["detector"] == detector
    assert (answer["note"] is not None) == (detector in {"threshold", "hash", "histogram"})


def test_an_unknown_detector_and_a_source_that_is_not_ready_are_refused(
    empty: Workspace, film: Path, cli: Heaters
) -> None:
    said = cli.refused("retune", 1, "--detector", "wibble", status=2, kind="SettingsError")
    assert "adaptive" in said
    empty.ingest(film)
    with pytest.raises(UsageError, match="heaters run"):
        empty.retune(1)
    with pytest.raises(UsageError, match="heaters run"):
        empty.verify(1)


# -- decisions from Python --------------------------------------------------------------------------------------------


def test_a_stale_version_is_refused_with_what_changed_and_nothing_is_lost(ws: Workspace) -> None:
    seen = {row["id"]: row["version"] for row in ws.clips().rows()}
    ws.decide("approve", "1.2", reviewer="bea")
    with pytest.raises(StaleVersion, match=r"clip 1\.2 .* it is approved"):
        ws.decide("skip", "1.2", versions=seen)
    assert ws.clip("1.2")["state"] == "approved"
    ws.decide("skip", "1.2")
    assert ws.clip("1.2")["state"] == "skipped"


def test_the_same_operation_is_carried_out_once(ws: Workspace) -> None:
    first = ws.decide("split", "1.2", frame=30, op_id="6e6f1c3a-3f0f-4c8e-9d53-0d7f2d4f3b11")
    again = ws.decide("split", "1.2", frame=30, op_id="6e6f1c3a-3f0f-4c8e-9d53-0d7f2d4f3b11")
    assert len(ws.clips()) == 4
    assert [row["id"] for row in again["clips"]] == [row["id"] for row in first["clips"]]


def test_reviewers_undo_their_own(ws: Workspace) -> None:
    ws.decide("approve", "1.1", reviewer="ada")
    ws.decide("skip", "1.2", reviewer="bea")
    assert [row["id"] for row in ws.undo(reviewer="ada")["clips"]] == [1]
    assert [row["state"] for row in ws.clips().rows()] == ["pending", "skipped", "pending"]
    assert [row["id"] for row in ws.redo(reviewer="ada")["clips"]] == [1]


def test_a_new_decision_ends_what_could_be_redone(cli: Heaters, ws: Workspace) -> None:
    ws.decide("approve", "1.1")
    ws.undo()
    ws.decide("skip", "1.2")
    cli.refused("redo", "--reviewer", "ada", status=1, kind="NothingToUndo")


# -- reading ----------------------------------------------------------------------------------------------------------


def test_frames_of_a_clip_are_its_pictures(ws: Workspace, film: Path) -> None:
    frames = ws.frames("1.2")
    assert (frames.shape, frames.dtype) == ((20, 96, 160, 3), np.uint8)
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)][20:40]
    assert np.abs(frames.astype(int) - np.stack(pictures)).mean() < 8


def test_thumbnails_are_pictures_of_the_middle(ws: Workspace) -> None:
    one, two = ws.thumbnails(["1.1", "1.2"])
    assert (one.size, two.size) == ((320, 192), (320, 192))
    middle = ws.frames("1.2")[10]
    assert np.abs(np.asarray(two.resize((160, 96)).convert("RGB")).astype(int) - middle).mean() < 8


def test_tables_are_materialised_and_speak_every_dialect(ws: Workspace) -> None:
    table = ws.clips()
    ws.decide("merge", "1.2")
    assert (
        len(table)
        == len(table.fetchall())
        == len(table.rows())
        == len(table.df())
        == table.arrow().num_rows
        == 3
    )
    assert "cut_points" in table.columns
    assert "<table" in table._repr_html_()
    assert ws.sql("SELECT count(*) AS n FROM frames WHERE source_video_id = 1").rows() == [{"n": 60}]
    assert len(ws.scores(1)) == 60
    assert ws.sql("SELECT len(keyframe_offsets) FROM keyframe_offsets").fetchall() == [(60,)]


@pytest.mark.parametrize(
    "query", ["DELETE FROM clips", "DROP TABLE clips", "UPDATE clips SET state = 'approved'", "wibble"]
)
def test_sql_can_write_nothing(ws: Workspace, query: str) -> None:
    with pytest.raises(UsageError):
        ws.sql(query)
    assert len(ws.clips()) == 3


def test_unknown_sources_and_clips_are_named(ws: Workspace) -> None:
    for call in (
        lambda: ws.source(9),
        lambda: ws.clip("9.1"),
        lambda: ws.frames(99),
        lambda: ws.scores(9),
        lambda: ws.thumbnails("1.9"),
    ):
        with pytest.raises(UnknownReference, match=r"9"):
            call()


def test_cost_tells_files_and_bytes(ws: Workspace) -> None:
    told = {row["kind"]: (row["files"], row["bytes"]) for row in ws.cost()}
    assert told["source_keyframe"][0] == 3
    assert told["gold_master"] == (1, (ws.root / "gold_masters" / "video_1_master.mkv").stat().st_size)


def test_events_tell_who_did_what(ws: Workspace) -> None:
    ws.decide("approve", "1.1", reviewer="bea")
    rows = ws.events().rows()
    assert [(row["reviewer"], row["action"]) for row in rows] == [("heaters", "detect"), ("bea", "approve")]
    assert [clip["state"] for clip in json.loads(rows[1]["after"])] == ["approved"]
    assert [row["action"] for row in ws.history("1.1")] == ["detect", "approve"]


def test_settings_are_taken_by_name_and_unknown_ones_refused(tmp_path: Path) -> None:
    ws = open_workspace(tmp_path / "ws", create=True, reviewer="eve", proxy_crf=30)
    assert (ws.settings.reviewer, ws.settings.proxy_crf) == ("eve", 30)
    with pytest.raises(UsageError, match="did you mean proxy_crf"):
        open_workspace(tmp_path / "ws", proxy_crv=30)
