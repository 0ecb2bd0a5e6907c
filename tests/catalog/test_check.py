from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from shows import add_show, decide, export, lease, new_catalog, undo, write

from heaters.catalog.check import check, lost_files, notes
from heaters.catalog.direct import DirectCatalog
from heaters.catalog.requests import Artifact, FinishStage, StartExport, StartRun, StartStage


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips 1 to 4 and 7 of one source: 2 is exported, 3 and 4 are a group, 7 was split off and undone."""
    catalog = new_catalog(tmp_path_factory.mktemp("pattern") / "catalog")
    add_show(catalog, 0, 10, 20, 30, 40)
    add_show(catalog, 0, 5, 10, title="other")
    decide(catalog, "approve", 2)
    export(catalog, 2)
    decide(catalog, "group", 3, 4)
    decide(catalog, "split", 1, frame=4)
    undo(catalog)
    decide(catalog, "skip", 1, 6)
    lease(catalog, 3, "ben")
    assert check(catalog) == []
    return catalog.folder


@pytest.fixture
def busy(pattern: Path, tmp_path: Path) -> DirectCatalog:
    shutil.copytree(pattern, tmp_path / "catalog")
    return DirectCatalog(tmp_path / "catalog")


DAMAGES = {
    "UPDATE clips SET end_frame = 8 WHERE id = 1": r"source 1: gap between frames 8 and 10",
    "UPDATE clips SET end_frame = 12 WHERE id = 1": r"source 1: overlap between frames 10 and 12",
    "UPDATE clips SET end_frame = 41 WHERE id = 4": r"source 1: .*frame 41, the source at 40",
    "UPDATE source_videos SET n_frames = 50 WHERE id = 1": r"source 1: .*frame 40, the source at 50",
    "UPDATE clips SET state = 'superseded', group_id = NULL WHERE source_video_id = 2": r"source 2 is ready, but has no clips",
    "UPDATE clips SET group_id = NULL WHERE id = 4": r"group 3 has one member, clip 1\.3",
    "UPDATE clips SET group_id = 4 WHERE id IN (3, 4)": r"group 4 is not named after its lowest clip",
    "UPDATE clips SET group_id = 3 WHERE state = 'superseded'": r"is superseded, but in group 3",
    "UPDATE counters SET value = 3 WHERE name = 'clips'": r"counter clips stands at 3, but 7 is used",
    "UPDATE counters SET value = 1 WHERE name = 'clip_events'": r"counter clip_events stands at 1",
    "DELETE FROM counters WHERE name = 'clip_no:1'": r"counter clip_no:1 stands at 0, but 5 is used",
    "UPDATE clip_events SET after = '[{' WHERE seq = 3": r"event 3 can't be read",
    "UPDATE clip_events SET before = '[{\"id\": 1}]' WHERE seq = 3": r"event 3 can't be read",
    "UPDATE clip_events SET after = 'null' WHERE source_video_id IS NULL": r"event \d+ can't be read",
    "UPDATE clips SET state = 'approved' WHERE id = 3": r"clip 1\.3 is not what event \d+ left: it is approved now",
    "UPDATE clips SET version = 9 WHERE id = 6": r"clip 2\.2 is not what event \d+ left",
    "UPDATE clips SET note = 'by hand' WHERE id = 1": r"clip 1\.1 is not what event \d+ left: its label, tags or note",
    "INSERT INTO clips (id, clip_no, source_video_id, start_frame, end_frame, state) VALUES (99, 99, 1, 0, 5, 'superseded')":
        r"clip 1\.99 is in no event",
    "DELETE FROM clip_artifacts WHERE kind = 'final_clip'": r"clip 1\.2 is exported, but no live artefact names its file final_clips/",
    "UPDATE clip_artifacts SET state = 'superseded'": r"clip 1\.2 is exported, but no live artefact",
    "INSERT INTO frame_pts VALUES (9, [1, 2])": r"frame_pts names source 9, which is not there",
    "UPDATE clips SET source_video_id = 8 WHERE id = 7": r"clips names source 8, which is not there",
}  # fmt: skip


@pytest.mark.parametrize(("damage", "words"), DAMAGES.items(), ids=list(DAMAGES.values()))
def test_each_kind_of_damage_is_found(busy: DirectCatalog, damage: str, words: str) -> None:
    write(busy, damage)
    found = check(busy)
    assert [
        problem
        for problem in found
        if duckdb.sql("SELECT regexp_matches(?, ?)", params=[problem, words]).fetchall()[0][0]
    ], found


def test_rows_whose_file_is_gone_are_found(busy: DirectCatalog) -> None:
    def exists(row: Mapping[str, Any]) -> bool:
        return not row["uri"].endswith(".json")

    (problem,) = lost_files(busy, exists)
    assert "manifest is missing: final_clips/" in problem
    assert check(busy) == []


def test_superseded_files_need_not_be_there(busy: DirectCatalog) -> None:
    write(busy, "UPDATE clip_artifacts SET state = 'superseded' WHERE kind = 'manifest'")
    assert lost_files(busy, lambda row: not row["uri"].endswith(".json")) == []


def test_a_file_written_by_a_program_without_our_settings_is_found(busy: DirectCatalog) -> None:
    with duckdb.connect(str(busy.file)) as connection:
        connection.execute("UPDATE clips SET reviewer = 'zoe' WHERE id = 1")
    assert [
        problem for problem in check(busy) if "another program" in problem and "clips.reviewer" in problem
    ]


def test_interrupted_work_is_noted_and_is_no_damage(busy: DirectCatalog) -> None:
    assert notes(busy) == []
    decide(busy, "approve", 1)
    running = busy.execute(StartRun("run", os.getpid(), platform.node()))["run_id"]
    busy.execute(StartExport(1, 5, "in", "h264", running))
    assert notes(busy) == []

    write(busy, f"UPDATE runs SET pid = {2**22 + 1} WHERE id = {running}")
    found = notes(busy)
    assert [note for note in found if f"run {running} is noted as running, but its process" in note]
    assert [note for note in found if "export of clip:1 is noted as running" in note]
    assert check(busy) == []


def test_sources_on_their_way_need_no_clips(catalog: DirectCatalog) -> None:
    add_show(catalog, 0, 5)
    write(catalog, "UPDATE source_videos SET ingest_state = 'prepared' WHERE id = 1")
    catalog.execute(StartStage("detect", 1, "x", "y"))
    catalog.execute(FinishStage("detect", 1, "x", "y", {}, [Artifact("source_keyframe", "k", 1, "a")]))
    assert check(catalog) == []


def test_a_long_log_is_compared_with_the_rows(tmp_path_factory: pytest.TempPathFactory) -> None:
    catalog = new_catalog(tmp_path_factory.mktemp("long") / "catalog")
    for _ in range(3):
        add_show(catalog, *range(0, 1500, 3))
    ids = [row["id"] for row in catalog.rows("SELECT id FROM clips ORDER BY id")]
    decide(catalog, "approve", *ids[::2])
    assert check(catalog) == []
    events = catalog.rows("SELECT after FROM clip_events ORDER BY seq DESC LIMIT 1")
    assert len(json.loads(events[0]["after"])) == len(ids[::2])
