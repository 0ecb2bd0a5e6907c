"""The tables that researchers get: documented, exact, the same by every way out."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from driving import Heaters, open_workspace

from heaters import Workspace
from heaters.catalog.requests import FinishStage
from heaters.domain.timing import timecode
from heaters.errors import UsageError
from heaters.review import ReviewSession
from heaters.stages import clip_table

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text("utf-8")


def documented(heading: str) -> list[tuple[str, str]]:
    """Names and types of the columns that the page describes under a heading."""
    section = re.split(r"^## ", PAGE.split(f"## {heading}", 1)[1], flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE)


def columns_of(table: pa.Table) -> list[tuple[str, str]]:
    return [(one.name, re.split(r"[<\[]", str(one.type))[0]) for one in table.schema]


def test_the_page_describes_every_column_and_its_type(ws: Workspace) -> None:
    assert columns_of(ws.clips().arrow()) == documented("`ws.clips(source=None, state=None)`")
    assert columns_of(ws.events().arrow()) == documented("`ws.events()`")
    assert columns_of(ws.scores(1).arrow()) == documented("`ws.scores(source)`")


def test_the_version_of_the_columns_is_told_with_them(ws: Workspace) -> None:
    assert f"**Version {clip_table.VERSION}**" in PAGE
    assert ws.clips().arrow().schema.metadata == {b"heaters.version": str(clip_table.VERSION).encode()}


def test_clips_have_what_decisions_and_export_give_them(ws: Workspace) -> None:
    ws.decide("annotate", "1.1", label="street", tags=["night", "rain"], note="long")
    ws.decide("approve", "1.1")
    ws.export()
    first, second, _ = ws.clips().rows()
    inner = ws.clip("1.1")
    assert {name: first[name] for name in inner} == dict(inner)
    assert (first["ref"], first["frames"], first["duration"]) == ("1.1", 20, 0.8)
    assert first["path"] == str(ws.root / "final_clips" / "video_1_clip_001.mp4")
    assert first["bytes"] == Path(first["path"]).stat().st_size
    assert (first["origin"], first["detector"]) == ("auto", "heaters")
    assert json.loads(first["detector_params"]) == {"threshold": 3.0, "min_shot_frames": 5}
    assert (second["path"], second["sha256"], second["reviewer"]) == (None, None, None)


def test_times_are_those_of_the_frame_index(ws: Workspace) -> None:
    pts = dict(ws.sql("SELECT frame, pts FROM frames").fetchall())
    for row in ws.clips().rows():
        assert row["start_pts"] == pts[row["start_frame"]]
        assert row["end_pts"] == pts.get(row["end_frame"], ws.source(1)["end_pts"])
        assert row["start_timecode"] == timecode(row["start_frame"], Fraction(25))
        assert (row["start_seconds"], row["end_seconds"]) == (
            row["cut_points"]["start_time"], row["cut_points"]["end_time"],
        )  # fmt: skip


def test_scores_are_those_that_the_board_shows(ws: Workspace) -> None:
    session = ReviewSession(ws, reviewer="ada", source=1)
    session.begin()
    shown = session.scores()
    assert shown is not None
    rows = ws.clips().rows()
    assert [row["start_score"] for row in rows] == [None, *(round(float(shown[n]), 3) for n in (20, 40))]
    assert [row["end_score"] for row in rows] == [*(row["start_score"] for row in rows[1:]), None]
    assert min(row["start_score"] for row in rows[1:]) > 1


def test_clips_are_told_also_where_the_scores_are_lost(ws: Workspace) -> None:
    (ws.root / ws.source(1)["scores_filepath"]).write_bytes(b"garbage")
    assert [(row["ref"], row["start_score"]) for row in ws.clips().rows()] == [
        ("1.1", None), ("1.2", None), ("1.3", None),
    ]  # fmt: skip


def test_uneven_pictures_keep_their_exact_times(ws: Workspace) -> None:
    row = ws.source(1)
    step = int(1 / (Fraction(row["fps_num"], row["fps_den"]) * Fraction(row["time_base"])))
    pts = [row["start_pts"] + step * (n + n // 30) for n in range(60)]
    end = pts[-1] + step
    columns = {
        "constant_rate": False,
        "end_pts": end,
        "duration": float((end - pts[0]) * Fraction(row["time_base"])),
    }
    ws.catalog.execute(FinishStage("prepare", 1, "uneven", "", columns, pts=pts))
    ws.catalog.execute(FinishStage("detect", 1, "uneven", "", {}))
    rows = ws.clips().rows()
    assert [one["start_pts"] for one in rows] == [pts[0], pts[20], pts[40]]
    assert rows[-1]["end_pts"] == end
    inner = [dict(ws.clip(one["ref"]))["cut_points"] for one in rows]
    assert [one["cut_points"] for one in rows] == inner


def test_a_retune_tells_its_own_parameters_and_detection_its_own(ws: Workspace) -> None:
    ws.retune(1, detector="content", threshold=255.0, apply=True)
    (row,) = ws.clips().rows()
    assert (row["detector"], json.loads(row["detector_params"])["threshold"]) == ("content", 255.0)
    ws.decide("split", "1.4", frame=20)
    assert {row["detector"] for row in ws.clips().rows()} == {"content"}
    ws.undo()
    ws.undo()
    assert {json.loads(row["detector_params"])["threshold"] for row in ws.clips().rows()} == {3.0}


def test_every_dialect_has_the_same_rows(ws: Workspace) -> None:
    table = ws.clips()
    assert list(table.df()["ref"]) == table.polars()["ref"].to_list() == table.arrow()["ref"].to_pylist()
    assert pl.DataFrame(table)["start_frame"].to_list() == [0, 20, 40]


def test_polars_that_is_not_there_is_said_with_what_to_install(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UsageError, match="pip install polars"):
        ws.clips().polars()


def test_the_command_line_prints_the_same_columns(cli: Heaters, ws: Workspace) -> None:
    (row, *_) = cli.json("clips")
    assert list(row) == ws.clips().columns


def test_a_workspace_without_clips_has_the_columns_too(tmp_path: Path) -> None:
    empty = open_workspace(tmp_path / "none", create=True)
    assert columns_of(empty.clips().arrow()) == documented("`ws.clips(source=None, state=None)`")
    assert len(empty.clips()) == 0
