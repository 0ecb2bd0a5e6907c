"""Every decision through the command line, on real footage: what it does, that clips tile after it, and that undo takes it back."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from driving import Heaters

from heaters import Workspace

Words = tuple[object, ...]

SESSION: list[tuple[Words, list[tuple[str, int, int, str]]]] = [
    (("approve", "1.1"), [("1.1", 0, 20, "approved")]),
    (("skip", "1.2"), [("1.2", 20, 40, "skipped")]),
    (("archive", "1.3"), [("1.3", 40, 60, "archived")]),
    (("reset", "1.1", "1.2", "1.3"), [("1.1", 0, 20, "pending"), ("1.2", 20, 40, "pending"), ("1.3", 40, 60, "pending")]),
    (("split", "1.2", "--frame", 30), [("1.2", 20, 30, "pending"), ("1.4", 30, 40, "pending")]),
    (("move-cut", "1.4", "--frame", 27), [("1.2", 20, 27, "pending"), ("1.4", 27, 40, "pending")]),
    (("merge", "1.4"), [("1.2", 20, 40, "pending"), ("1.4", 27, 40, "superseded")]),
    (("group", "1.1", "1.3"), [("1.1", 0, 20, "pending"), ("1.3", 40, 60, "pending")]),
    (("approve", "1.3"), [("1.1", 0, 20, "approved"), ("1.3", 40, 60, "approved")]),
    (("annotate", "1.3", "--label", "night", "--tag", "a", "--tag", "b", "--note", "good"), [("1.3", 40, 60, "approved")]),
    (("ungroup", "1.1"), [("1.1", 0, 20, "approved"), ("1.3", 40, 60, "approved")]),
    (("group", "1.2"), [("1.1", 0, 20, "approved"), ("1.2", 20, 40, "approved")]),
    (("ungroup", "1.2"), [("1.1", 0, 20, "approved"), ("1.2", 20, 40, "approved")]),
    (("merge", "1.1", "1.3"), [("1.1", 0, 60, "pending"), ("1.2", 20, 40, "superseded"), ("1.3", 40, 60, "superseded")]),
]  # fmt: skip


def seen(rows: list[dict[str, Any]]) -> list[tuple[str, int, int, str]]:
    return [
        (f"{row['source_video_id']}.{row['clip_no']}", row["start_frame"], row["end_frame"], row["state"])
        for row in rows
    ]


def content(ws: Workspace) -> list[dict[str, Any]]:
    rows = ws.sql(
        "SELECT * EXCLUDE (version) FROM clips WHERE state <> 'superseded' ORDER BY start_frame"
    ).rows()
    assert rows[0]["start_frame"] == 0
    assert rows[-1]["end_frame"] == 60
    assert all(one["end_frame"] == two["start_frame"] for one, two in pairwise(rows))
    return rows


def test_every_decision_does_what_it_says_and_undo_takes_all_of_them_back(
    cli: Heaters, ws: Workspace
) -> None:
    history = [content(ws)]
    for words, expected in SESSION:
        assert seen(cli.json("decide", *words, "--reviewer", "ada")["clips"]) == expected, words
        history.append(content(ws))
    assert ws.check() == []
    for before in reversed(history[:-1]):
        cli("undo", "--reviewer", "ada")
        assert content(ws) == before
    cli.refused("undo", "--reviewer", "ada", status=1, kind="NothingToUndo")
    for after in history[1:]:
        cli("redo", "--reviewer", "ada")
        assert content(ws) == after
    assert ws.check() == []


def test_annotations_groups_and_reviewers_are_kept(cli: Heaters, ws: Workspace) -> None:
    cli(
        "decide",
        "annotate",
        "1.1",
        "--label",
        "opening",
        "--tag",
        "day",
        "--note",
        "x = y",
        "--reviewer",
        "bea",
    )
    cli("decide", "group", "1.1", "1.2", "--reviewer", "bea")
    row = ws.clip("1.1")
    assert (row["label"], row["tags"], row["note"], row["group_id"], row["reviewer"]) == (
        "opening",
        ["day"],
        "x = y",
        1,
        "bea",
    )
    assert row["state"] == "pending"
    assert ws.clip("1.2")["group_id"] == 1


def test_the_reviewer_is_the_setting_unless_named(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATERS_REVIEWER", "carol")
    cli = Heaters(ws.root)
    assert cli.json("decide", "approve", "1.1")["clips"][0]["reviewer"] == "carol"
    assert cli.json("decide", "approve", "1.2", "--reviewer", "dan")["clips"][0]["reviewer"] == "dan"
    assert [row["id"] for row in cli.json("undo")["clips"]] == [1]


def test_decisions_across_sources_are_one_command_and_undo_may_be_held_to_one_source(
    ws: Workspace, films: Path
) -> None:
    ws.ingest(films / "single.mp4", whole_clip=True)
    ws.run(["prepare", "detect"])
    cli = Heaters(ws.root)
    assert seen(cli.json("decide", "approve", "1.1", "2.1")["clips"]) == [
        ("1.1", 0, 20, "approved"),
        ("2.1", 0, 30, "approved"),
    ]
    for action in ("group", "merge"):
        assert "different sources" in cli("decide", action, "1.1", "2.1", status=2).err
    assert len(cli.json("undo")["clips"]) == 2
    cli("decide", "approve", "1.1")
    cli("decide", "approve", "2.1")
    assert [row["source_video_id"] for row in cli.json("undo", "--source", 1)["clips"]] == [1]
    assert [row["state"] for row in ws.clips(2).rows()] == ["approved"]
    assert [row["source_video_id"] for row in cli.json("redo", "--source", 1)["clips"]] == [1]
