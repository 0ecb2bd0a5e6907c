from __future__ import annotations

import uuid

import pytest
from shows import clip, decide, export, undo

from heaters.catalog.direct import DirectCatalog
from heaters.catalog.requests import FailExport, FinishExport, StartExport
from heaters.domain.commands import Decision
from heaters.errors import ClipFrozen, DecisionRefused, StaleVersion


def test_an_exported_clip_is_physical_and_frozen_until_it_is_reset(catalog: DirectCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    key = export(catalog, 1)
    row = clip(catalog, 1)
    assert (row["state"], row["is_virtual"], row["clip_filepath"]) == ("exported", False, key)
    with pytest.raises(ClipFrozen, match="reset it first"):
        decide(catalog, "split", 1, frame=5)
    decide(catalog, "reset", 1)
    assert clip(catalog, 1)["clip_filepath"] == key
    decide(catalog, "split", 1, frame=5)
    assert clip(catalog, 1)["is_virtual"]


def test_the_approval_of_an_exported_clip_can_not_be_undone(catalog: DirectCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    export(catalog, 1)
    with pytest.raises(DecisionRefused, match="exported"):
        undo(catalog)


def test_a_clip_that_changed_before_its_export_began_is_not_exported(
    catalog: DirectCatalog, show: int
) -> None:
    version = decide(catalog, "approve", 1)["clips"][0]["version"]
    decide(catalog, "skip", 1)
    with pytest.raises(StaleVersion):
        catalog.execute(StartExport(1, version, "input", "params"))


def test_a_file_of_other_cut_points_never_becomes_the_clip(catalog: DirectCatalog, show: int) -> None:
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


def test_a_failed_export_may_be_decided_again(catalog: DirectCatalog, show: int) -> None:
    row = decide(catalog, "approve", 1)["clips"][0]
    catalog.execute(StartExport(1, row["version"], "input", "params"))
    catalog.execute(FailExport(1, "input", "params", "the disk was full"))
    assert clip(catalog, 1)["state"] == "export_failed"
    decide(catalog, "approve", 1)
    assert clip(catalog, 1)["state"] == "approved"


def test_a_retune_that_changes_nothing_leaves_nothing_that_undo_trips_over(
    catalog: DirectCatalog, show: int
) -> None:
    values = {"source_id": show, "cuts": [10, 20, 30], "detector": "heaters"}
    answer = catalog.execute(Decision(str(uuid.uuid4()), "retune", (), "ana", values=values))
    assert answer["clips"] == []
    assert undo(catalog)["clips"] == []
