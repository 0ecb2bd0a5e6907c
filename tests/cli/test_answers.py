"""What programs get on stdout, verb by verb, and what people see."""

from __future__ import annotations

import os
import pty
import re
import uuid
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from driving import Heaters

from heaters import Workspace
from heaters.cli.output import columns_of

SOURCE_COLUMNS = {
    "id", "title", "origin", "origin_url", "sha256", "ingest_state", "needs_splicing", "allow_truncated", "original_filepath",
    "gold_master_filepath", "proxy_filepath", "frame_index_filepath", "scores_filepath", "n_frames", "fps_num", "fps_den",
    "time_base", "start_pts", "rotation", "width", "height", "duration", "priority", "last_error", "retry_count", "verified_at",
}  # fmt: skip
CLIP_COLUMNS = {
    "id", "clip_no", "source_video_id", "start_frame", "end_frame", "state", "is_virtual", "clip_filepath", "group_id", "version",
    "label", "tags", "note", "cut_points",
}  # fmt: skip
EXPORTED_KEYS = {
    "clip_id",
    "source_video_id",
    "output_path",
    "start_frame",
    "end_frame",
    "frames",
    "duration",
}


def test_ingest_gives_one_object_a_source_in_order(fresh: Heaters, films: Path, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no film at all", "utf-8")
    given = [
        films / "second.mp4",
        tmp_path / "words.mp4",
        tmp_path / "gone.mp4",
        films / "first.mp4",
        films / "second.mp4",
    ]
    rows = fresh.json("ingest", *given, status=1)
    assert [row.get("title") for row in rows] == ["second", None, None, "first", "second"]
    assert [row.get("duplicate") for row in rows] == [False, None, None, False, True]
    assert rows[0]["id"] == rows[4]["id"] == 1
    for row, path in zip(rows[1:3], given[1:3], strict=True):
        assert set(row) == {"source", "error"}
        assert row["source"] == str(path)
        assert row["error"]["type"] == "NotAVideo"
        assert str(path) in row["error"]["message"]
    assert set(rows[0]) >= SOURCE_COLUMNS
    assert [row["title"] for row in fresh.json("sources")] == ["second", "first"]


def test_a_refusal_in_mid_way_keeps_what_was_told_so_far(
    fresh: Heaters, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh("ingest", films / "first.mp4")
    monkeypatch.setenv("HEATERS_FREE_SPACE_SHARE", "1e-9")
    assert fresh.json("ingest", films / "first.mp4", status=3)["error"]["type"] == "NotEnoughSpace"
    (films.parent / "words.mp4").write_text("words", "utf-8")
    rows = fresh.json(
        "ingest", films.parent / "words.mp4", films / "second.mp4", films / "third.mp4", status=3
    )
    assert [row["error"]["type"] for row in rows] == ["NotAVideo", "NotEnoughSpace"]


def test_a_parked_source_that_comes_again_is_told_as_such(cli: Heaters, film: Path) -> None:
    cli("park", 1)
    said = cli("ingest", film).out
    assert "it is parked: parked by hand; `heaters retry 1` takes it up again" in said


def test_reading_verbs_of_an_empty_workspace_give_arrays(fresh: Heaters) -> None:
    assert [fresh.json(verb) for verb in ("sources", "clips", "cost")] == [[], [], []]
    (facts,) = fresh.json("status")
    assert (facts["sources"], facts["clips"], facts["pending"], facts["run"]) == ({}, {}, {}, None)
    assert fresh.json("retry", "--all") == {"retried": []}
    assert fresh.json("run") == fresh.json("export") == {"done": [], "failed": [], "waiting": []}
    assert fresh.json("verify") == {"ok": True, "problems": []}


def test_sources_and_show_give_the_columns_of_the_table(cli: Heaters) -> None:
    (row,) = cli.json("sources")
    assert set(row) >= SOURCE_COLUMNS
    assert cli.json("show", 1) == [row]


def test_clips_come_by_start_frame_with_cut_points_and_without_superseded_ones(cli: Heaters) -> None:
    cli("decide", "merge", "1.2")
    rows = cli.json("clips")
    assert all(set(row) >= CLIP_COLUMNS for row in rows)
    assert [(row["start_frame"], row["end_frame"]) for row in rows] == [(0, 40), (40, 60)]
    assert rows[0]["cut_points"] == {"start_frame": 0, "end_frame": 40, "start_time": 0.0, "end_time": 1.6}
    assert [row["clip_no"] for row in cli.json("clips", "--state", "superseded")] == [2]
    assert cli.json("clips", "--source", 1, "--state", "approved") == []


def test_show_of_a_clip_tells_its_history(cli: Heaters) -> None:
    cli("decide", "approve", "1.2", "--reviewer", "bea")
    (row,) = cli.json("show", "1.2")
    assert set(row) >= CLIP_COLUMNS
    assert [(event["action"], event["reviewer"]) for event in row["events"]] == [
        ("detect", "heaters"),
        ("approve", "bea"),
    ]


def test_decide_undo_and_redo_give_the_rows_and_the_next_clip(cli: Heaters) -> None:
    for words, state, following in (
        (("decide", "approve", "1.1"), "approved", 2), (("undo",), "pending", 1), (("redo",), "approved", 2),
    ):  # fmt: skip
        answer = cli.json(*words)
        assert set(answer) >= {"op_id", "action", "clips", "next"}
        assert str(uuid.UUID(answer["op_id"])) == answer["op_id"]
        assert answer["action"] == words[1 if words[0] == "decide" else 0]
        assert [(row["id"], row["state"]) for row in answer["clips"]] == [(1, state)]
        assert set(answer["clips"][0]) >= CLIP_COLUMNS
        assert answer["next"]["id"] == following
    assert cli.json("decide", "skip", 2, 3)["next"] is None


def test_a_clip_is_named_by_its_id_or_its_ref(cli: Heaters) -> None:
    assert [row["id"] for row in cli.json("decide", "approve", 1, "1.3")["clips"]] == [1, 3]


def test_run_and_export_give_what_was_done_failed_and_waits(fresh: Heaters, film: Path) -> None:
    fresh("ingest", film)
    plan = fresh.json("run", "--dry-run")
    assert plan["done"] == plan["failed"] == []
    assert [(one["id"], one["stage"]) for one in plan["waiting"]] == [(1, "prepare")]
    done = fresh.json("run")
    assert [(one["id"], one["stage"]) for one in done["done"]] == [
        (1, "prepare"),
        (1, "detect"),
        (1, "verify"),
    ]
    assert done["failed"] == done["waiting"] == []
    fresh("decide", "approve", "1.2")
    (exported,) = fresh.json("export")["done"]
    assert set(exported) == EXPORTED_KEYS
    assert fresh.workspace is not None
    assert exported == {
        "clip_id": 2, "source_video_id": 1, "output_path": str(fresh.workspace / "final_clips" / "video_1_clip_002.mp4"),
        "start_frame": 20, "end_frame": 40, "frames": 20, "duration": pytest.approx(0.8),
    }  # fmt: skip
    assert Path(exported["output_path"]).is_file()


def test_approved_clips_of_a_parked_source_wait(cli: Heaters) -> None:
    cli("decide", "approve", 1)
    cli("park", 1)
    answer = cli.json("export")
    assert answer["done"] == answer["failed"] == []
    assert [(one["id"], one["stage"], one["reason"]) for one in answer["waiting"]] == [
        (1, "export", "source 1 is parked: `heaters retry 1`, then `heaters run`, then `heaters export`")
    ]
    assert [(one["id"], one["stage"]) for one in cli.json("run")["waiting"]] == [(1, "parked")]


def test_retune_gives_first_frames_of_new_shots(cli: Heaters) -> None:
    cli("decide", "split", "1.2", "--frame", 30)
    answer = cli.json("retune", 1)
    assert {name: answer[name] for name in ("cuts", "added", "removed", "kept")} == {
        "cuts": [20, 40], "added": [], "removed": [30], "kept": [20, 40],
    }  # fmt: skip


def test_verify_gives_ok_and_problems(cli: Heaters, ws: Workspace) -> None:
    assert cli.json("verify") == cli.json("verify", 1) == {"ok": True, "problems": []}
    (ws.root / ws.source(1)["gold_master_filepath"]).unlink()
    answer = cli.json("verify", status=1)
    assert not answer["ok"]
    for problem in answer["problems"]:
        assert set(problem) == {"source_id", "frame", "what"}
        assert problem["source_id"] == 1


def test_care_verbs_give_their_documents(cli: Heaters, ws: Workspace) -> None:
    assert {row["kind"] for row in cli.json("cost")} >= {
        "original",
        "gold_master",
        "review_proxy",
        "source_keyframe",
    }
    assert set(cli.json("cost")[0]) == {"kind", "storage_class", "files", "bytes", "month", "restore"}
    swept = cli.json("janitor")
    assert (swept["parts"], swept["orphans"], swept["dangling"]) == ([], [], [])
    assert cli.json("catalog", "check") == {"ok": True, "problems": []}
    assert Path(cli.json("catalog", "snapshot")["snapshot"]).is_dir()
    assert Path(cli.json("catalog", "restore")["restored"]).is_dir()
    assert cli.json("park", 1)["ingest_state"] == "parked"
    assert cli.json("retry", 1) == {"retried": [1]}
    assert [row["state"] for row in ws.clips().rows()] == ["pending"] * 3


def test_json_stays_one_document_in_a_process_of_its_own_and_logs_go_to_stderr(
    fresh: Heaters, film: Path
) -> None:
    fresh("ingest", film)
    answer = fresh.alone("run", "--json")
    assert [one["stage"] for one in answer.document["done"]] == ["prepare", "detect", "verify"]
    assert answer.out.count("\n") == 1
    assert "prepare: done" in answer.err


def test_in_a_terminal_there_are_bars_and_a_hint(fresh: Heaters, film: Path) -> None:
    fresh("ingest", film)
    master, slave = pty.openpty()
    child = fresh.start("run", stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    with suppress(OSError):  # the terminal is gone when its last process has ended
        while block := os.read(master, 65536):
            seen += block
    os.close(master)
    assert child.wait(60) == 0
    text = seen.decode()
    assert "Traceback" not in text
    assert re.search(r"1 first: prepare: 100%\|.*60/60 ", text)
    assert "3 done, 0 failed" in text
    assert text.rstrip().endswith("next: heaters clips --state pending")


def test_without_a_terminal_there_is_one_line_a_stage_and_a_last_line_with_the_totals(
    fresh: Heaters, film: Path
) -> None:
    fresh("ingest", film)
    answer = fresh.alone("run")
    assert answer.err == ""
    first, *stages, last = answer.out.splitlines()
    assert re.fullmatch(r"this run: projected .* with master_mode ffv1, .* with master_mode source", first)
    assert [re.sub(r"[\d.]+ s", "N s", line) for line in stages] == [
        "1 first: prepare: done (N s)", "1 first: detect: done (N s)", "1 first: verify: done (N s)",
    ]  # fmt: skip
    report = re.fullmatch(r"3 done, 0 failed, 0 waiting, [\d.]+ s, \d+ bytes, report (.*)", last)
    assert report
    assert Path(report[1]).is_file()
    assert fresh.alone("run").out == "nothing to do: every stage of every source is done\n"


HINTED = [
    ("status",), ("sources",), ("show", 1), ("show", "1.1"), ("clips",), ("decide", "approve", "1.1"), ("undo",), ("redo",),
    ("retune", 1), ("verify",), ("janitor",), ("cost",), ("config",), ("doctor",), ("park", 1), ("retry", 1),
    ("catalog", "check"), ("catalog", "snapshot"), ("catalog", "restore"), ("export", 1),
]  # fmt: skip


def test_every_verb_ends_with_a_hint_of_the_next_step(cli: Heaters, ws: Workspace) -> None:
    ws.run()  # so that there is a snapshot to restore
    ws.snapshot()
    for words in HINTED[:-1]:
        before, hint = cli(*words).out.splitlines()[-2:]
        assert hint.startswith("next: "), words
        assert before == ""


def test_people_see_the_rows_of_their_decision_and_what_comes_next(cli: Heaters) -> None:
    lines = cli("decide", "approve", "1.1", "--reviewer", "ada").out.splitlines()
    assert lines[0].split() == [
        "id",
        "ref",
        "state",
        "start_frame",
        "end_frame",
        "start",
        "label",
        "group_id",
        "reviewer",
    ]
    assert lines[1].split() == ["1", "1.1", "approved", "0", "20", "0.000", "s", "-", "-", "ada"]
    assert lines[-1] == "next: heaters decide approve 1.2"


def test_columns_are_aligned_and_long_values_are_shortened_only_for_people(
    fresh: Heaters, film: Path
) -> None:
    title = "a title that goes on and on, much longer than any column would like to be"
    fresh("ingest", film, "--title", title)
    header, row, *_ = fresh("sources").out.splitlines()
    starts = [match.start() for match in re.finditer(r"\S+", header)]
    assert all(row[start - 2 : start] == "  " for start, _ in pairwise(starts[1:]))
    assert title not in row
    assert "…" in row
    assert fresh.json("sources")[0]["title"] == title


def test_a_table_without_rows_has_its_head() -> None:
    assert columns_of([], ("id", "ref")) == "id  ref"
