"""A source's log as a script: run on a copy in which nothing is decided yet, it gives the same clips."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from driving import Heaters, open_workspace
from rooms import make_room

from heaters.errors import DecisionRefused, UsageError
from heaters.workspace import Workspace

ACTIONS = [
    "approve",
    "skip",
    "archive",
    "reset",
    "merge",
    "split",
    "move-cut",
    "group",
    "ungroup",
    "annotate",
]


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_room(tmp_path_factory.mktemp("rooms") / "room", 8, 4)


def twins(pattern: Path, folder: Path) -> tuple[Workspace, Path]:
    """A workspace to decide in, and a copy of it as it was."""
    shutil.copytree(pattern, folder / "copy")
    return open_workspace(shutil.copytree(pattern, folder / "room")), folder / "copy"


def replayed(script: str, folder: Path, tmp_path: Path) -> Workspace:
    """Run a script as a user would."""
    file = tmp_path / "decisions.py"
    file.write_text(script, "utf-8")
    done = subprocess.run(
        [sys.executable, str(file), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, script + done.stderr
    return open_workspace(folder)


def content(ws: Workspace, source: int) -> list[dict[str, Any]]:
    """All clips with their versions; only the time is another one. Ids are, where other sources got clips too."""
    rows = ws.sql(
        "SELECT * EXCLUDE (id, group_id, decided_at) FROM clips WHERE source_video_id = ? ORDER BY clip_no",
        source,
    ).rows()
    numbers = {row["id"]: row["clip_no"] for row in ws.sql("SELECT id, clip_no FROM clips").rows()}
    groups = ws.sql("SELECT group_id FROM clips WHERE source_video_id = ? ORDER BY clip_no", source).rows()
    return [{**row, "group": numbers.get(one["group_id"])} for row, one in zip(rows, groups, strict=True)]


def decide_at_random(ws: Workspace, chance: random.Random, count: int) -> None:
    for _ in range(count):
        who, roll, source = chance.choice(["ana", "ben"]), chance.random(), chance.choice([None, 1, 2])
        live = ws.clips().rows()
        picked = chance.sample(live, chance.choice([1, 1, 2, 3]))
        frame = chance.randint(picked[0]["start_frame"], picked[0]["end_frame"])
        try:
            if roll < 0.15:
                ws.undo(reviewer=who, source=source)
            elif roll < 0.2:
                ws.redo(reviewer=who, source=source)
            elif roll < 0.25:
                cuts = [chance.randint(1, 79) for _ in range(6)]
                ws.catalog.execute(retune(source or 1, cuts, who))
            else:
                action = chance.choice(ACTIONS)
                words = {"label": chance.choice(["goal", None]), "tags": ["a"], "note": 'it\'s "x"\n\\'}
                values = dict([chance.choice(list(words.items()))]) if action == "annotate" else {}
                cut = frame if action in {"split", "move-cut"} else None
                ws.decide(action, [row["id"] for row in picked], cut, who, **values)
        except (DecisionRefused, UsageError):
            continue


def retune(source: int, cuts: list[int], who: str) -> Any:
    from heaters.domain.commands import Decision  # noqa: PLC0415
    from heaters.stages.stage import op_id  # noqa: PLC0415

    return Decision(
        op_id(), "retune", (), who, values={"source_id": source, "cuts": cuts, "detector": "content"}
    )


def test_every_decision_is_written_in_words_and_comes_out_the_same(ws: Workspace, tmp_path: Path) -> None:
    copy = shutil.copytree(ws.root, tmp_path / "copy")
    ws.decide("approve", "1.1")
    ws.retune(1, detector="content", threshold=200.0, apply=True)
    ws.decide("split", "1.4", 30, "bea")
    ws.decide("annotate", ["1.4", "1.5"], label="it's", tags=["a", "b"], reviewer="bea")
    ws.undo(reviewer="bea")
    ws.redo(reviewer="bea")
    ws.decide("move-cut", "1.5", 27)
    ws.decide("group", ["1.1", "1.5"])
    ws.decide("reset", "1.1")
    ws.decide("ungroup", "1.1")
    ws.decide("group", "1.4")
    ws.decide("merge", ["1.1", "1.5"])
    script = Heaters(ws.root)("show", 1, "--as-python").out

    assert [line for line in script.splitlines() if line.startswith("ws.")] == [
        "ws.decide('approve', '1.1', reviewer='ada')",
        "ws.retune(1, cuts=[20], detector='content {\"threshold\": 200.0, \"min_shot_frames\": 5}', apply=True, reviewer='ada')",
        "ws.decide('split', '1.4', frame=30, reviewer='bea')",
        "ws.decide('annotate', ['1.4', '1.5'], label=\"it's\", tags=['a', 'b'], reviewer='bea')",
        "ws.undo(reviewer='bea', source=1)",
        "ws.redo(reviewer='bea', source=1)",
        "ws.decide('move-cut', '1.5', frame=27, reviewer='ada')",
        "ws.decide('group', ['1.1', '1.5'], reviewer='ada')",
        "ws.decide('reset', '1.1', reviewer='ada')",
        "ws.decide('ungroup', '1.1', reviewer='ada')",
        "ws.decide('group', '1.4', reviewer='ada')",
        "ws.decide('merge', ['1.1', '1.4', '1.5'], reviewer='ada')",
    ]
    again = replayed(script, copy, tmp_path)
    assert content(again, 1) == content(ws, 1)
    assert [row["action"] for row in again.events().rows()] == [row["action"] for row in ws.events().rows()]
    assert again.check() == []
    assert again.as_python(1) == script


def test_cut_lists_and_tables_of_labels_come_out_the_same(ws: Workspace, tmp_path: Path) -> None:
    copy = shutil.copytree(ws.root, tmp_path / "copy")
    ws.import_cuts(1, [20, 33], apply=True, name="hand.csv")
    ws.label([{"ref": "1.1", "label": "a"}, {"ref": "1.4", "tags": ["b", "c"]}], apply=True)
    ws.undo()
    ws.redo()
    ws.label([{"ref": "1.4", "tags": "", "note": "it's"}], apply=True, reviewer="bea")
    again = replayed(ws.as_python(1), copy, tmp_path)
    assert content(again, 1) == content(ws, 1)
    assert again.as_python(1) == ws.as_python(1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_whatever_two_reviewers_did_on_two_sources_comes_out_the_same_for_each_of_them(
    pattern: Path, tmp_path: Path, seed: int
) -> None:
    ws, copy = twins(pattern, tmp_path)
    decide_at_random(ws, random.Random(seed), 60)
    for source in (1, 2):
        calls = [line for line in ws.as_python(source).splitlines() if "retune(" not in line]
        assert len(calls) > 12
    again = shutil.copytree(copy, tmp_path / "again")
    for source, folder in ((1, copy), (2, again)):
        ran = replayed(laid_by_commands(ws.as_python(source)), folder, tmp_path)
        assert content(ran, source) == content(ws, source)
        assert ran.check() == []


def laid_by_commands(script: str) -> str:
    """These sources have no scores and no proxy, which `retune` wants for thumbnails; send its command instead."""
    stand_in = (
        "from heaters.domain.commands import Decision\nfrom heaters.stages.stage import op_id\n\n"
        "def retune(source, *, cuts, detector, apply, reviewer):\n"
        "    values = {'source_id': source, 'cuts': cuts, 'detector': detector}\n"
        "    return ws.catalog.execute(Decision(op_id(), 'retune', (), reviewer, values=values))\n\n"
    )
    return script.replace("ws = heaters", stand_in + "ws = heaters").replace("ws.retune(", "retune(")


def test_an_undo_out_of_turn_names_what_it_takes_back(pattern: Path, tmp_path: Path) -> None:
    ws, copy = twins(pattern, tmp_path)
    ws.decide("approve", ["1.1", "2.1"], reviewer="ana")
    ws.decide("skip", "1.2", reviewer="ana")
    ws.undo(reviewer="ana", source=2)
    script = ws.as_python(1)

    assert "event_3 = ws.decide('approve', '1.1', reviewer='ana')" in script
    assert "ws.undo(reviewer='ana', source=1, of=event_3[\"op_id\"])" in script
    assert content(replayed(script, copy, tmp_path), 1) == content(ws, 1)
    with pytest.raises(DecisionRefused, match="ana has no command x to undo"):
        ws.undo(reviewer="ana", of="x")


def test_what_an_export_does_is_only_mentioned(ws: Workspace) -> None:
    ws.decide("approve", "1.1")
    ws.export()
    lines = ws.as_python(1).splitlines()

    assert lines[-3:] == [
        "ws.decide('approve', '1.1', reviewer='ada')",
        "# 1.1: an export began; ws.export() does it",
        "# 1.1: it was exported; ws.export() does it",
    ]


def test_a_script_and_a_document_at_once_are_refused(ws: Workspace) -> None:
    cli = Heaters(ws.root)
    assert "choose one" in cli("show", "1", "--as-python", "--json", status=2).out
    assert "neither a source id" in cli("show", "1.1", "--as-python", status=2).err
    assert "there is no source 9" in cli("show", "9", "--as-python", status=2).err
