from __future__ import annotations

import uuid

import pytest
from shows import AnyCatalog, clip, content, decide, event_count, export, states, undo

from heaters.catalog.check import check
from heaters.catalog.requests import Artifact, DropArtifacts, FailExport, FinishExport, StartExport
from heaters.domain.commands import Decision
from heaters.errors import ClipFrozen, DecisionRefused, NothingToUndo, StaleVersion, UnknownReference


@pytest.fixture
def catalog(either: AnyCatalog) -> AnyCatalog:
    return either


def live(catalog: AnyCatalog) -> list[str]:
    return [
        row["uri"] for row in catalog.rows("SELECT uri FROM clip_artifacts WHERE state = 'live' ORDER BY id")
    ]


def test_an_approved_clip_becomes_physical(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    key = export(catalog, 2)

    row = clip(catalog, 2)
    assert (row["state"], row["is_virtual"], row["clip_filepath"]) == ("exported", False, key)
    assert (row["reviewer"], row["version"]) == ("ana", 4)
    assert live(catalog) == [key, key + ".json"]
    log = catalog.rows(
        "SELECT action, reviewer FROM clip_events WHERE list_contains(clip_ids, 2) ORDER BY seq"
    )
    assert [(one["action"], one["reviewer"]) for one in log] == [
        ("detect", "heaters"), ("approve", "ana"), ("export-start", "heaters"), ("export", "heaters"),
    ]  # fmt: skip
    assert check(catalog) == []


def test_a_second_end_of_the_same_export_changes_nothing(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    catalog.execute(StartExport(2, 2, "in", "h264"))
    files = [Artifact("final_clip", "f.mp4", 10, "aa", "x", 2)]
    finish = FinishExport(str(uuid.uuid4()), 2, "in", "h264", "f.mp4", main=True, artifacts=files)
    catalog.execute(finish)
    seen = content(catalog), event_count(catalog), catalog.rows("SELECT * FROM clip_artifacts")

    catalog.execute(finish._replace(op_id=str(uuid.uuid4())))
    assert (content(catalog), event_count(catalog), catalog.rows("SELECT * FROM clip_artifacts")) == seen


def test_only_what_the_caller_saw_is_exported(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    decide(catalog, "skip", 2)
    with pytest.raises(StaleVersion, match=r"1\.2 has changed since the export was planned: it is skipped"):
        catalog.execute(StartExport(2, 2, "in", "h264"))
    with pytest.raises(StaleVersion, match="it can't become exporting"):
        catalog.execute(StartExport(2, 3, "in", "h264"))
    with pytest.raises(UnknownReference, match="no clip 99"):
        catalog.execute(StartExport(99, 1, "in", "h264"))


def test_a_clip_in_export_is_frozen_also_for_undo(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    catalog.execute(StartExport(2, 2, "in", "h264"))
    for action in ("skip", "reset", "merge"):
        with pytest.raises(ClipFrozen, match="exporting: wait"):
            decide(catalog, action, 2)
    with pytest.raises(DecisionRefused, match="exporting"):
        undo(catalog)


def test_an_export_that_was_killed_is_started_again(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    start = StartExport(2, 2, "in", "h264")
    assert catalog.execute(start)["attempts"] == 1
    assert catalog.execute(start._replace(version=3))["attempts"] == 2
    assert states(catalog)[2] == "exporting"


def test_files_of_merged_clips_are_forgotten_only_while_no_undo_can_bring_the_clip_back(
    catalog: AnyCatalog, show: int
) -> None:
    for one in (1, 2):
        decide(catalog, "approve", one)
        export(catalog, one)
    decide(catalog, "reset", 1, 2)
    decide(catalog, "merge", 2)
    assert catalog.execute(DropArtifacts()) == {"dropped": 0}
    undo(catalog)
    undo(catalog)
    assert states(catalog)[2] == "exported"
    assert catalog.execute(DropArtifacts()) == {"dropped": 0}
    decide(catalog, "reset", 1, 2)
    decide(catalog, "merge", 2)
    decide(catalog, "approve", 1)
    export(catalog, 1)
    assert catalog.execute(DropArtifacts()) == {"dropped": 2}
    assert check(catalog) == []


def test_attempts_are_counted_anew_after_a_good_end(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    export(catalog, 2)
    decide(catalog, "reset", 2)
    decide(catalog, "approve", 2)
    version = clip(catalog, 2)["version"]
    assert catalog.execute(StartExport(2, version, "frames 10-20", "h264"))["attempts"] == 1


def test_a_failed_export_can_be_decided_anew_or_tried_again(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    catalog.execute(StartExport(2, 2, "in", "h264"))
    catalog.execute(FailExport(2, "in", "h264", "disk full"))
    assert states(catalog)[2] == "export_failed"
    assert catalog.rows("SELECT state, error FROM jobs WHERE stage = 'export'") == [
        {"state": "failed", "error": "disk full"}
    ]

    export(catalog, 2)
    assert states(catalog)[2] == "exported"
    assert check(catalog) == []


def test_a_late_result_for_a_clip_that_was_taken_back_is_refused(catalog: AnyCatalog, show: int) -> None:
    finish = FinishExport(str(uuid.uuid4()), 2, "in", "h264", "f.mp4", main=True)
    with pytest.raises(StaleVersion, match="is pending by now: its new file is not used"):
        catalog.execute(finish)


def test_a_further_preset_adds_its_file_to_an_exported_clip(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    first = export(catalog, 2)
    version = clip(catalog, 2)["version"]
    second = export(catalog, 2, preset="ffv1")

    row = clip(catalog, 2)
    assert (row["state"], row["clip_filepath"], row["version"]) == ("exported", first, version)
    assert live(catalog) == [first, first + ".json", second, second + ".json"]


def test_a_new_export_after_other_cuts_supersedes_all_older_files(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    main = export(catalog, 2)
    export(catalog, 2, preset="ffv1")
    decide(catalog, "reset", 2)
    decide(catalog, "move-cut", 2, frame=8)
    decide(catalog, "approve", 2)
    export(catalog, 2, sha256="new")

    assert live(catalog) == [main, main + ".json"]
    assert catalog.rows("SELECT sha256 FROM clip_artifacts WHERE uri = ?", [main]) == [{"sha256": "new"}]
    assert check(catalog) == []


def test_a_reset_and_approved_clip_takes_up_the_file_that_is_there(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    key = export(catalog, 2)
    decide(catalog, "reset", 2)
    decide(catalog, "approve", 2)
    row = clip(catalog, 2)
    catalog.execute(StartExport(2, row["version"], "frames 10-20", "h264"))
    catalog.execute(FinishExport(str(uuid.uuid4()), 2, "frames 10-20", "h264", key, main=True))

    assert states(catalog)[2] == "exported"
    assert live(catalog) == [key, key + ".json"]
    assert check(catalog) == []


def test_the_approval_of_an_exported_clip_can_not_be_undone(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    export(catalog, 1)
    with pytest.raises(DecisionRefused, match="exported"):
        undo(catalog)


def test_a_file_of_other_cut_points_never_becomes_the_clip(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    export(catalog, 1)
    catalog.execute(StartExport(1, clip(catalog, 1)["version"], "frames 0-10", "ffv1"))
    decide(catalog, "reset", 1)
    decide(catalog, "move-cut", 2, frame=7)
    decide(catalog, "approve", 1)
    late = FinishExport(str(uuid.uuid4()), 1, "frames 0-10", "ffv1", "old.mkv", main=True, cut_points=(0, 10))
    with pytest.raises(StaleVersion, match="other cut points"):
        catalog.execute(late)
    assert clip(catalog, 1)["state"] == "approved"


def test_a_retune_that_changes_nothing_leaves_nothing_that_undo_trips_over(
    catalog: AnyCatalog, show: int
) -> None:
    values = {"source_id": show, "cuts": [10, 20, 30], "detector": "heaters"}
    answer = catalog.execute(Decision(str(uuid.uuid4()), "retune", (), "ana", values=values))
    assert answer["clips"] == []
    with pytest.raises(NothingToUndo):
        undo(catalog)
