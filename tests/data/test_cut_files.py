"""Cut lists out and in by every format: the same cuts, one event, one undo."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
import polars as pl
import pyarrow.parquet as pq
import pytest
from driving import Heaters
from scenedetect import FrameTimecode
from scenedetect.output import write_scene_list

from heaters import Workspace
from heaters.catalog.requests import FinishStage
from heaters.errors import UsageError

SUFFIXES = [".csv", ".json", ".parquet", ".edl", ".otio"]
RATES = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001), "59.94": Fraction(60000, 1001)}


def set_rate(ws: Workspace, rate: Fraction) -> None:
    """Let the source say that it has another rate."""
    columns = {
        "fps_num": rate.numerator, "fps_den": rate.denominator, "time_base": str(1 / rate), "start_pts": 0,
        "end_pts": 60, "duration": float(60 / rate),
    }  # fmt: skip
    ws.catalog.execute(FinishStage("prepare", 1, str(rate), "", columns))
    ws.catalog.execute(FinishStage("detect", 1, str(rate), "", {}))


def set_uneven(ws: Workspace) -> list[int]:
    """Let the source say that its pictures are not evenly spaced; returns their times."""
    pts = [100 * n + 7 * (n % 3) for n in range(60)]
    columns = {
        "constant_rate": False,
        "time_base": "1/2500",
        "start_pts": 0,
        "end_pts": 6000,
        "duration": 2.4,
    }
    ws.catalog.execute(FinishStage("prepare", 1, "uneven", "", columns, pts=pts))
    ws.catalog.execute(FinishStage("detect", 1, "uneven", "", {}))
    return pts


def starts(ws: Workspace) -> list[int]:
    return [row["start_frame"] for row in ws.clips(1).rows()]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rate", RATES)
def test_a_list_comes_back_without_drift(ws: Workspace, tmp_path: Path, suffix: str, rate: str) -> None:
    set_rate(ws, RATES[rate])
    file = tmp_path / f"cuts{suffix}"
    ws.export_cuts(1, file)
    told = ws.import_cuts(1, file)
    assert (told["kept"], told["moved"], told["added"], told["removed"], told["conflicts"]) == (
        [20, 40], [], [], [], [],
    )  # fmt: skip
    ws.retune(1, cuts=[], apply=True)
    assert starts(ws) == [0]
    done = ws.import_cuts(1, file, apply=True)
    assert (done["applied"], starts(ws)) == (True, [0, 20, 40])
    assert {row["origin"] for row in ws.clips().rows()} == {"import"}
    assert {row["detector"] for row in ws.clips().rows()} == {file.name}
    assert ws.undo()["undid"] == "import"
    assert starts(ws) == [0]
    ws.redo()
    assert starts(ws) == [0, 20, 40]
    assert ws.check() == []


@pytest.mark.parametrize("rate", RATES)
def test_other_programs_read_the_same_frames(ws: Workspace, tmp_path: Path, rate: str) -> None:
    set_rate(ws, RATES[rate])
    wanted = [(0, 20), (20, 40), (40, 60)]
    for suffix in SUFFIXES:
        ws.export_cuts(1, tmp_path / f"cuts{suffix}")
    with (tmp_path / "cuts.csv").open(encoding="utf-8", newline="") as file:
        assert [(int(row["start_frame"]), int(row["end_frame"])) for row in csv.DictReader(file)] == wanted
    document = json.loads((tmp_path / "cuts.json").read_text("utf-8"))
    assert [(row["start_frame"], row["end_frame"]) for row in document["clips"]] == wanted
    assert (document["version"], document["source"]["rate"]) == (1, str(RATES[rate]))
    assert list(pl.read_parquet(tmp_path / "cuts.parquet")["end_frame"]) == [20, 40, 60]
    assert pq.read_table(tmp_path / "cuts.parquet").column_names == ws.clips().columns
    timeline = otio.adapters.read_from_file(str(tmp_path / "cuts.edl"), rate=float(RATES[rate]))
    for read in (timeline, otio.adapters.read_from_file(str(tmp_path / "cuts.otio"))):
        spans = [clip.trimmed_range() for clip in read.find_clips()]
        assert [(span.start_time.value, span.end_time_exclusive().value) for span in spans] == wanted


def test_a_scene_list_of_pyscenedetect_is_read(ws: Workspace, tmp_path: Path) -> None:
    for cut_list in (True, False):
        with (tmp_path / "scenes.csv").open("w", encoding="utf-8") as file:
            times = [FrameTimecode(n, 25.0) for n in (0, 18, 40, 60)]
            write_scene_list(file, list(pairwise(times)), include_cut_list=cut_list)
        told = ws.import_cuts(1, tmp_path / "scenes.csv")
        assert (told["cuts"], told["kept"]) == ([18, 40], [40])
        assert told["moved"] == [{"from": 20, "to": 18, "by": -2}]


def test_uneven_pictures_are_exact_in_otio_and_refused_by_an_edl(ws: Workspace, tmp_path: Path) -> None:
    pts = set_uneven(ws)
    notes = ws.export_cuts(1, tmp_path / "cuts.otio")["notes"]
    assert "variable frame rate" in notes[0]
    spans = [
        clip.trimmed_range()
        for clip in otio.adapters.read_from_file(str(tmp_path / "cuts.otio")).find_clips()
    ]
    assert [(span.start_time.value, span.start_time.rate) for span in spans] == [
        (pts[n], 2500.0) for n in (0, 20, 40)
    ]
    assert ws.import_cuts(1, tmp_path / "cuts.otio")["kept"] == [20, 40]
    for call in (ws.export_cuts, ws.import_cuts):
        with pytest.raises(UsageError, match=r"variable frame rate.*\.otio"):
            call(1, tmp_path / "cuts.edl")


def test_a_start_timecode_counts_out_and_in(cli: Heaters, ws: Workspace, tmp_path: Path) -> None:
    for suffix in (".edl", ".otio"):
        file = tmp_path / f"cuts{suffix}"
        cli("cuts", "export", 1, file, "--start", "01:00:00:00")
        assert ws.import_cuts(1, file, start="01:00:00:00")["kept"] == [20, 40]
    assert " 01:00:00:20 " in (tmp_path / "cuts.edl").read_text("utf-8")
    assert ws.import_cuts(1, tmp_path / "cuts.otio")["kept"] == [
        20,
        40,
    ]  # it says itself where its media begin
    assert "--start" in cli.refused("cuts", "import", 1, tmp_path / "cuts.edl", status=2, kind="UsageError")


def test_human_cuts_stand_and_the_list_says_so(cli: Heaters, ws: Workspace, tmp_path: Path) -> None:
    ws.decide("approve", "1.2")
    file = tmp_path / "mine.csv"
    file.write_text("start_frame\n22\n27\n53\n", "utf-8")
    said = cli("cuts", "import", 1, file).out
    assert "not added: frame 27, because of clip 1.2: it is approved, touched by ada" in said
    assert "the same with --apply" in said
    assert starts(ws) == [0, 20, 40]
    told = cli.json("cuts", "import", 1, file, "--apply", "--reviewer", "bea")
    assert (told["added"], told["removed"], starts(ws)) == ([53], [], [0, 20, 40, 53])
    assert [one["what"] for one in told["conflicts"]] == ["moved", "added", "removed"]
    assert ws.undo(reviewer="bea")["undid"] == "import"
    assert starts(ws) == [0, 20, 40]


def test_a_list_that_changes_nothing_is_no_command(ws: Workspace) -> None:
    before = len(ws.events())
    assert ws.import_cuts(1, [20, 40], apply=True)["clips"] == []
    assert len(ws.events()) == before


def test_new_shots_get_their_thumbnails(ws: Workspace) -> None:
    ws.import_cuts(1, [10], apply=True)
    frames = ws.sql("SELECT frame FROM clip_artifacts WHERE kind = 'source_keyframe'").fetchall()
    assert {(5,), (35,)} <= set(frames)


def test_pieces_of_other_files_are_left_out(ws: Workspace, tmp_path: Path) -> None:
    ws.export_cuts(1, tmp_path / "cuts.edl")
    text = (tmp_path / "cuts.edl").read_text("utf-8")
    other = "004  AX V C 00:00:50:00 00:00:51:00 00:00:02:10 00:00:03:10\n* FROM CLIP NAME: else.mov\n"
    (tmp_path / "more.edl").write_text(text + other, "utf-8")
    told = ws.import_cuts(1, tmp_path / "more.edl")
    assert (told["kept"], told["notes"]) == ([20, 40], ["1 of 4 pieces are of other files: left out"])


def test_only_clips_in_a_state_are_written(cli: Heaters, ws: Workspace, tmp_path: Path) -> None:
    ws.decide("approve", "1.2")
    cli("cuts", "export", 1, tmp_path / "ok.edl", "--state", "approved")
    assert ws.import_cuts(1, tmp_path / "ok.edl")["cuts"] == [20, 40]
    assert "1.2 - approved" in (tmp_path / "ok.edl").read_text("utf-8")
    assert "no state" in cli.refused(
        "cuts", "export", 1, tmp_path / "x.edl", "--state", "wibble", status=2, kind="UsageError"
    )


BAD = {
    "x.csv": ("a,b\n1,2\n", "column start_frame"), "empty.csv": ("", "column start_frame"),
    "half.csv": ("start_frame\n1.5\n", "whole numbers"), "word.csv": ("start_frame\nten\n", "line 2 has 'ten'"),
    "far.csv": ("start_frame,end_frame\n600,700\n", "frames 0 to 59"), "x.json": ("{", "no JSON"),
    "y.json": ('{"clips": 7}', "no list of clips"), "x.parquet": ("nonsense", "Parquet"), "x.edl": ("TITLE: x\n", "no event"),
    "x.otio": ("{}", "OpenTimelineIO"), "z.otio": ("nonsense", "OpenTimelineIO"), "x.txt": ("", "suffix"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_list_is_refused_in_one_sentence(cli: Heaters, tmp_path: Path, name: str) -> None:
    text, said = BAD[name]
    (tmp_path / name).write_text(text, "utf-8")
    message = cli.refused("cuts", "import", 1, tmp_path / name, status=2, kind="UsageError")
    assert said in message
    assert name in message or "line 2" in message


def test_files_and_folders_that_are_not_there_are_named(cli: Heaters, tmp_path: Path) -> None:
    assert "gone.csv" in cli.refused("cuts", "import", 1, tmp_path / "gone.csv", status=2, kind="UsageError")
    (tmp_path / "file").write_text("", "utf-8")
    place = tmp_path / "file" / "x.csv"
    assert "x.csv" in cli.refused("cuts", "export", 1, place, status=3, kind="StoreUnavailable")
    cli.refused("cuts", "export", 9, tmp_path / "x.csv", status=2, kind="UnknownReference")


def test_cells_are_no_formulas(ws: Workspace, tmp_path: Path) -> None:
    ws.decide("annotate", "1.1", label="=1+1", note="@SUM(A1)", tags=["-x"])
    ws.export_cuts(1, tmp_path / "cuts.csv")
    with (tmp_path / "cuts.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["label"], row["note"], row["tags"]) == ("'=1+1", "'@SUM(A1)", "'-x")
    assert ws.import_cuts(1, tmp_path / "cuts.csv")["kept"] == [20, 40]
