"""Sources: how they come in, and how each goes its own way through the stages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from driving import Heaters, open_workspace

from heaters import Workspace
from heaters.errors import MediaError, NotAVideo, UsageError
from heaters.execution.progress import Silent
from heaters.pipeline import run_stages


def stages(ws: Workspace, **arguments: object) -> list[tuple[int, str]]:
    return [(one["id"], one["stage"]) for one in ws.run(**arguments).done]  # type: ignore[arg-type]


def states(ws: Workspace) -> list[str]:
    return [row["ingest_state"] for row in ws.sources().rows()]


# -- ingest -----------------------------------------------------------------------------------------------------------


def test_the_original_is_copied_byte_for_byte(empty: Workspace, film: Path) -> None:
    (row,) = empty.ingest(film)
    assert (empty.root / row["original_filepath"]).read_bytes() == film.read_bytes()
    assert (row["ingest_state"], row["original_bytes"]) == ("downloaded", film.stat().st_size)
    assert row["origin_url"] == str(film)


def test_the_same_bytes_are_one_source_whatever_they_are_called(
    empty: Workspace, film: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other name.mkv"
    shutil.copy(film, other)
    rows = empty.ingest(film, other)
    assert [(row["id"], row["duplicate"], row["title"]) for row in rows] == [
        (1, False, "first"),
        (1, True, "first"),
    ]
    assert len(list((empty.root / "originals").iterdir())) == 1


def test_a_duplicate_of_a_finished_source_makes_nothing_new(ws: Workspace, film: Path) -> None:
    (row,) = ws.ingest(film)
    assert row["duplicate"]
    assert row["ingest_state"] == "ready"
    assert ws.run().report is None


def test_options_that_a_known_source_does_not_take_are_named(cli: Heaters, film: Path) -> None:
    assert (
        "--whole-clip and --title not applied to it"
        in cli("ingest", film, "--whole-clip", "--title", "T").out
    )
    assert "not applied" not in cli("ingest", film, "--title", "first").out


def test_clips_that_were_handed_over_are_no_new_sources(ws: Workspace, tmp_path: Path) -> None:
    ws.decide("approve", ["1.1", "1.2"])
    shows = tmp_path / "shows"
    ws.export(to=shows / "delivery")
    ws.decide("reset", "1.2")
    ws.export(to=shows / "delivery")
    assert len(list((shows / "delivery").glob("*.mp4"))) == 2
    with pytest.raises(UsageError, match="no video"):
        ws.ingest(shows)
    shutil.copy(shows / "delivery" / "001_first_001.mp4", shows)
    (row,) = ws.ingest(shows)
    assert row["title"] == "001_first_001"


def test_a_folder_means_the_videos_in_it_sorted_and_tells_of_each_that_fails(
    empty: Workspace, films: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "season"
    (folder / "extras").mkdir(parents=True)
    shutil.copy(films / "second.mp4", folder / "a.mp4")
    shutil.copy(films / "single.mp4", folder / "extras" / "B.MP4")
    (folder / "broken.mp4").write_bytes(b"broken")
    (folder / "notes.txt").write_text("no video", "utf-8")
    (folder / ".hidden.mp4").write_bytes(b"hidden")
    rows = empty.ingest(folder)
    assert [row.get("title") for row in rows] == ["a", None, "B"]
    assert rows[1]["source"] == str(folder / "broken.mp4")
    assert rows[1]["error"]["type"] == "NotAVideo"


def test_a_folder_that_holds_a_workspace_gives_none_of_its_artefacts(tmp_path: Path, film: Path) -> None:
    folder = tmp_path / "shows"
    ws = open_workspace(folder, create=True)
    shutil.copy(film, folder / "show.mp4")
    ws.ingest(folder / "show.mp4")
    rows = ws.ingest(folder)
    assert [(row["id"], row["duplicate"]) for row in rows] == [(1, True)]


def test_a_name_with_dots_and_links_is_stored_plainly(
    empty: Workspace, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    shutil.copy(film, tmp_path / "show.mp4")
    monkeypatch.chdir(tmp_path / "deep")
    (row,) = empty.ingest("../show.mp4")
    assert row["origin_url"] == str(tmp_path / "show.mp4")


def test_a_single_source_may_be_given_a_title(empty: Workspace, film: Path) -> None:
    assert empty.ingest(film, title="A night out")[0]["title"] == "A night out"


def test_one_file_that_cannot_be_taken_raises_and_leaves_no_row(empty: Workspace, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("words", "utf-8")
    with pytest.raises(NotAVideo, match=r"words\.mp4"):
        empty.ingest(tmp_path / "words.mp4")
    assert len(empty.sources()) == 0


def test_the_projection_of_both_master_modes_is_told_before_bytes_are_copied(
    empty: Workspace, film: Path
) -> None:
    told = []
    empty.ingest(
        film,
        on_plan=lambda file, projected: told.append(
            (file, dict(projected), list(empty.root.glob("originals/*")))
        ),
    )
    ((file, projected, there),) = told
    assert file == film
    assert projected["ffv1"] > projected["source"] > 0
    assert there == []


@pytest.mark.parametrize("master_mode", [pytest.param("ffv1", marks=pytest.mark.long), "source"])
def test_a_referenced_original_is_used_where_it_lies(tmp_path: Path, film: Path, master_mode: str) -> None:
    mine = tmp_path / "mine.mp4"
    shutil.copy(film, mine)
    ws = open_workspace(tmp_path / "ws", create=True, originals="reference", master_mode=master_mode)
    (row,) = ws.ingest(mine)
    assert row["original_filepath"] == str(mine)
    assert not (ws.root / "originals").exists()
    ws.run()
    ws.decide("approve", "1.2")
    assert [one["frames"] for one in ws.export().done] == [20]
    assert ws.verify()["ok"]
    assert ws.janitor()["orphans"] == []
    assert mine.read_bytes() == film.read_bytes()
    assert (ws.source(1)["gold_master_filepath"] == str(mine)) == (master_mode == "source")


def test_a_referenced_original_that_has_gone_fails_its_source_with_the_way_out(
    tmp_path: Path, film: Path
) -> None:
    mine = tmp_path / "mine.mp4"
    shutil.copy(film, mine)
    ws = open_workspace(tmp_path / "ws", create=True, originals="reference")
    ws.ingest(mine)
    mine.unlink()
    (failure,) = ws.run().failed
    assert str(mine) in failure["error"]
    shutil.copy(film, mine)
    assert stages(ws, stages=["prepare"]) == [(1, "prepare")]


# -- both kinds of source, both kinds of master -----------------------------------------------------------------------


def test_an_upload_that_is_a_clip_already_becomes_one_clip_without_detection(
    empty: Workspace, film: Path
) -> None:
    (row,) = empty.ingest(film, whole_clip=True)
    assert not row["needs_splicing"]
    assert stages(empty) == [(1, "prepare"), (1, "detect"), (1, "verify")]
    (clip,) = empty.clips().rows()
    assert (clip["start_frame"], clip["end_frame"], clip["state"]) == (0, 60, "pending")
    empty.decide("approve", "1.1")
    assert [(one["frames"], one["start_frame"]) for one in empty.export().done] == [(60, 0)]


def test_in_source_mode_the_original_is_the_master(tmp_path: Path, film: Path) -> None:
    ws = open_workspace(tmp_path / "ws", create=True, master_mode="source", reviewer="ada")
    ws.ingest(film)
    ws.run()
    row = ws.source(1)
    assert row["gold_master_filepath"] == row["original_filepath"] == "originals/video_1.mp4"
    assert not (ws.root / "gold_masters").exists()
    assert [clip["start_frame"] for clip in ws.clips().rows()] == [0, 20, 40]
    ws.decide("move-cut", "1.2", frame=17)
    ws.decide("approve", ["1.1", "1.2"])
    assert [(one["start_frame"], one["frames"]) for one in ws.export().done] == [(0, 17), (17, 23)]
    assert ws.verify()["ok"]
    assert ws.check() == []
    assert ws.janitor()["orphans"] == []


# -- the run ----------------------------------------------------------------------------------------------------------


def test_a_run_goes_source_by_source_highest_priority_first(empty: Workspace, films: Path) -> None:
    empty.ingest(films / "first.mp4", films / "single.mp4")
    with duckdb.connect(str(empty.catalog.file)) as catalog:
        catalog.execute("UPDATE source_videos SET priority = 5 WHERE id = 2")
    assert stages(empty) == [
        (2, "prepare"),
        (2, "detect"),
        (2, "verify"),
        (1, "prepare"),
        (1, "detect"),
        (1, "verify"),
    ]


def test_a_limit_touches_so_many_sources_and_later_runs_go_on(empty: Workspace, films: Path) -> None:
    empty.ingest(films / "first.mp4", films / "single.mp4")
    assert {source for source, _ in stages(empty, limit=1)} == {1}
    assert states(empty) == ["ready", "downloaded"]
    assert [one["id"] for one in empty.run(limit=1, dry_run=True).waiting] == [2]


def test_single_stages_can_be_run_and_the_rest_later(empty: Workspace, film: Path) -> None:
    empty.ingest(film)
    assert stages(empty, stages=["detect", "verify"]) == []
    assert stages(empty, stages=["prepare"]) == [(1, "prepare")]
    assert states(empty) == ["prepared"]
    assert stages(empty, stages=["verify", "detect"]) == [(1, "detect"), (1, "verify")]


def test_run_with_the_stage_export_exports(ws: Workspace) -> None:
    ws.decide("approve", "1.2")
    assert [one["clip_id"] for one in ws.run(["export"]).done] == [2]


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(empty: Workspace, films: Path) -> None:
    empty.ingest(films / "first.mp4", films / "single.mp4")
    report = empty.run(dry_run=True)
    assert [(one["id"], one["stage"]) for one in report.waiting] == [(1, "prepare"), (2, "prepare")]
    assert report.done == report.failed == []
    assert [
        len(empty.run(dry_run=True, limit=1).waiting),
        len(empty.run(["verify"], dry_run=True).waiting),
    ] == [1, 0]
    assert states(empty) == ["downloaded", "downloaded"]
    assert empty.sql("SELECT count(*) FROM runs").fetchall() == [(0,)]


@pytest.mark.long
def test_verification_can_be_switched_off_and_made_up_for(tmp_path: Path, film: Path) -> None:
    ws = open_workspace(tmp_path / "ws", create=True, verify="off")
    ws.ingest(film)
    assert stages(ws) == [(1, "prepare"), (1, "detect")]
    assert ws.run().report is None
    assert stages(open_workspace(ws.root)) == [(1, "verify")]


@pytest.mark.long
def test_several_workers_share_the_sources(tmp_path: Path, films: Path) -> None:
    ws = open_workspace(tmp_path / "ws", create=True, workers=2)
    ws.ingest(films / "first.mp4", films / "second.mp4")
    assert sorted(stages(ws)) == [(n, stage) for n in (1, 2) for stage in ("detect", "prepare", "verify")]
    assert [len(ws.clips(n)) for n in (1, 2)] == [3, 3]


def test_a_source_that_somebody_parks_while_the_run_looks_waits_and_the_others_carry_on(
    empty: Workspace, films: Path
) -> None:
    empty.ingest(films / "first.mp4", films / "single.mp4")
    rows, parked = empty.catalog.rows, []

    class ParkedByAnother:
        folder = empty.catalog.folder
        execute = staticmethod(empty.catalog.execute)

        def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
            found = rows(sql, parameters)
            if not parked:
                parked.append(empty.park(1))
            return found

    outcome = run_stages(ParkedByAnother(), empty.settings, empty.root, Silent(), 1)
    assert [(one["id"], one["stage"]) for one in outcome.done] == [
        (2, "prepare"), (2, "detect"), (2, "verify"),
    ]  # fmt: skip
    assert outcome.failed == []
    assert [(one["id"], "`heaters retry 1`" in one["reason"]) for one in outcome.waiting] == [(1, True)]


def test_the_master_is_freed_when_the_original_takes_its_place(ws: Workspace) -> None:
    (ws.root / ws.source(1)["gold_master_filepath"]).unlink()
    ws.verify()
    ws.retry(1)
    (ws.root / "gold_masters" / "video_1_master.mkv").write_bytes(b"the old one")
    later = open_workspace(ws.root, master_mode="source")
    later.run()
    assert later.verify()["ok"]
    assert later.janitor()["orphans"] == ["gold_masters/video_1_master.mkv"]
    assert later.check() == []


# -- failures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def crippled(empty: Workspace, films: Path) -> Workspace:
    """Two sources, of which the first one's original has gone."""
    empty.ingest(films / "first.mp4", films / "single.mp4")
    (empty.root / "originals" / "video_1.mp4").rename(empty.root / "aside")
    return empty


def test_a_failing_source_is_noted_tried_by_three_runs_and_then_parked_while_the_others_carry_on(
    crippled: Workspace,
) -> None:
    report = crippled.run()
    assert [one["id"] for one in report.done] == [2, 2, 2]
    assert [(one["id"], one["stage"]) for one in report.failed] == [(1, "prepare")]
    row = crippled.source(1)
    assert (row["ingest_state"], row["retry_count"], row["last_error"]) == (
        "prepare_failed",
        1,
        report.failed[0]["error"],
    )
    jobs = crippled.sql(
        "SELECT state, error FROM jobs WHERE stage = 'prepare' AND subject = 'source:1'"
    ).fetchall()
    assert jobs == [("failed", row["last_error"])]
    for attempt in (2, 3):
        assert [one["id"] for one in crippled.run().failed] == [1]
        assert crippled.source(1)["retry_count"] == attempt
    assert states(crippled) == ["parked", "ready"]
    report = crippled.run()
    assert (report.done, report.failed, report.report) == ([], [], None)
    assert [(one["id"], one["stage"]) for one in report.waiting] == [(1, "parked")]
    assert report.waiting[0]["reason"] == crippled.source(1)["last_error"]
    assert Heaters(crippled.root)("run").out.endswith("nothing to do: what is left is waiting\n")


def test_retry_takes_a_parked_source_up_again(crippled: Workspace) -> None:
    open_workspace(crippled.root, max_attempts=1).run(["prepare"], limit=1)
    assert states(crippled)[0] == "parked"
    (crippled.root / "aside").rename(crippled.root / "originals" / "video_1.mp4")
    assert crippled.retry() == [1]
    row = crippled.source(1)
    assert (row["ingest_state"], row["retry_count"], row["last_error"], row["parked_from"]) == (
        "downloaded",
        0,
        None,
        None,
    )
    assert stages(crippled, stages=["prepare"], limit=1) == [(1, "prepare")]
    assert crippled.retry() == []


def test_park_by_hand_takes_a_source_out_of_all_runs(empty: Workspace, film: Path) -> None:
    empty.ingest(film)
    assert empty.park(1)["ingest_state"] == "parked"
    assert empty.run().report is None
    assert empty.retry(1) == [1]
    assert empty.source(1)["ingest_state"] == "downloaded"


def test_an_original_with_other_bytes_is_not_prepared(empty: Workspace, films: Path) -> None:
    empty.ingest(films / "first.mp4")
    shutil.copy(films / "second.mp4", empty.root / "originals" / "video_1.mp4")
    (failure,) = empty.run().failed
    assert "video_1.mp4 has changed since it was ingested" in failure["error"]
    assert states(empty) == ["prepare_failed"]


def test_damaged_footage_parks_at_once_unless_it_is_allowed(empty: Workspace, shared_media: Path) -> None:
    file = shared_media / "torture" / "truncated_tail.mp4"
    empty.ingest(file)
    (failure,) = empty.run().failed
    assert states(empty) == ["parked"]
    assert "107" in failure["error"]
    other = open_workspace(empty.root.with_name("other"), create=True)
    other.ingest(file, allow_truncated=True)
    assert len(other.run(["prepare"]).done) == 1
    row = other.source(1)
    assert row["n_frames"] == 107
    assert "107" in row["warnings"]


def test_unknown_stages_are_refused(empty: Workspace) -> None:
    with pytest.raises(
        UsageError, match="no stage encode; there are ingest, prepare, detect, verify, export"
    ):
        empty.run(["encode"])


def test_a_copy_that_changes_under_the_reader_is_refused(
    empty: Workspace, film: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.mp4"
    shutil.copy(film, mine)

    def grow(*_: object) -> None:
        with mine.open("ab") as file:
            file.write(b"more")

    with pytest.raises(MediaError, match=r"mine\.mp4 has changed since it was looked at"):
        empty.ingest(mine, on_plan=grow)
    assert not list((empty.root / "originals").glob("*"))
    os.truncate(mine, film.stat().st_size)
    assert empty.ingest(mine)[0]["original_filepath"] == "originals/video_1.mp4"
