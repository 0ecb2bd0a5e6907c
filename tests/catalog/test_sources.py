from __future__ import annotations

import json
from typing import Any

import pytest
from shows import (
    PREPARED,
    AnyCatalog,
    add_show,
    add_source,
    clip,
    clips,
    content,
    decide,
    event_count,
    ranges,
    run_stage,
    source,
    states,
    undo,
)

from heaters.catalog.check import check
from heaters.catalog.requests import (
    AddKeyframes,
    AddSource,
    Artifact,
    DropArtifacts,
    FailStage,
    FinishRun,
    FinishStage,
    Park,
    Retry,
    StartRun,
    StartStage,
)
from heaters.errors import StageFailed, UnknownReference, UsageError


@pytest.fixture
def catalog(either: AnyCatalog) -> AnyCatalog:
    return either


def fail(catalog: AnyCatalog, stage: str, source_id: int, **more: Any) -> dict[str, Any]:
    catalog.execute(StartStage(stage, source_id, "input", "params"))
    given = {"error": "the disk hiccuped", "permanent": False, "max_attempts": 3} | more
    return catalog.execute(FailStage(stage, source_id, "input", "params", **given))


def artifacts(catalog: AnyCatalog) -> list[tuple[str, str, str]]:
    rows = catalog.rows("SELECT kind, uri, sha256 FROM clip_artifacts ORDER BY id")
    return [(row["kind"], row["uri"], row["sha256"]) for row in rows]


def test_the_same_bytes_are_one_source(catalog: AnyCatalog) -> None:
    first = AddSource(
        "ab" * 32,
        "show",
        "upload",
        "/films/a.mp4",
        needs_splicing=True,
        allow_truncated=False,
        original_bytes=10,
        probe={"fps": 25},
        warnings=["odd"],
    )
    again = first._replace(title="copy", origin_url="/films/b.mp4")

    assert catalog.execute(first)["duplicate"] is False
    answer = catalog.execute(again)
    assert answer["duplicate"] is True
    assert (answer["source"]["id"], answer["source"]["title"]) == (1, "show")
    assert json.loads(source(catalog, 1)["warnings"]) == ["odd"]


def test_a_source_goes_through_its_stages(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    seen = [source(catalog, source_id)["ingest_state"]]
    for stage, columns in (
        ("ingest", {}),
        ("prepare", {**PREPARED, "n_frames": 30}),
        ("detect", {}),
        ("verify", {}),
    ):
        catalog.execute(StartStage(stage, source_id, "i", "p"))
        seen.append(source(catalog, source_id)["ingest_state"])
        cuts = [10] if stage == "detect" else None
        catalog.execute(FinishStage(stage, source_id, "i", "p", columns, cuts=cuts))
        seen.append(source(catalog, source_id)["ingest_state"])

    assert seen == [
        "new",
        "downloading",
        "downloaded",
        "preparing",
        "prepared",
        "detecting",
        "ready",
        "ready",
        "ready",
    ]
    assert ranges(catalog) == [(0, 10), (10, 30)]
    assert check(catalog) == []


def test_stages_begin_in_order_only(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    with pytest.raises(StageFailed, match="source 1 is new, so detect can't begin"):
        catalog.execute(StartStage("detect", source_id, "i", "p"))
    with pytest.raises(UnknownReference, match="no source 9"):
        catalog.execute(StartStage("ingest", 9, "i", "p"))


def test_attempts_are_counted_per_input_and_parameters(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    start = StartStage("ingest", source_id, "i", "p")
    assert [catalog.execute(start)["attempts"] for _ in range(3)] == [1, 2, 3]
    assert catalog.execute(start._replace(params_hash="q"))["attempts"] == 1


def test_a_result_is_applied_once(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    run_stage(catalog, "ingest", source_id)
    run_stage(catalog, "prepare", source_id, columns={**PREPARED, "n_frames": 40})
    catalog.execute(StartStage("detect", source_id, "i", "p"))
    finish = FinishStage(
        "detect", source_id, "i", "p", {}, [Artifact("source_keyframe", "k/1.webp", 5, "aa")], cuts=[10]
    )

    assert catalog.execute(finish)["applied"] is True
    decide(catalog, "split", 1, frame=5)
    seen = content(catalog), artifacts(catalog), event_count(catalog)
    assert catalog.execute(finish)["applied"] is False
    assert (content(catalog), artifacts(catalog), event_count(catalog)) == seen


def test_a_result_without_a_start_is_applied_once_too(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    finish = FinishStage("ingest", source_id, "i", "p", {"original_filepath": "originals/x.mp4"})
    assert [catalog.execute(finish)["applied"] for _ in range(2)] == [True, False]


def test_a_stage_sets_known_columns_only(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    for column in ("ingest_state", "created_at", "colour"):
        with pytest.raises(UsageError, match=f"can't set {column}"):
            run_stage(catalog, "ingest", source_id, columns={column: "x"})


def test_warnings_add_up_without_doubles(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    run_stage(catalog, "ingest", source_id, warnings=["alpha is dropped"])
    run_stage(
        catalog,
        "prepare",
        source_id,
        columns={**PREPARED, "n_frames": 9},
        warnings=["alpha is dropped", "late start"],
    )
    assert json.loads(source(catalog, source_id)["warnings"]) == ["alpha is dropped", "late start"]


def test_a_failing_source_is_parked_after_its_last_attempt_and_retried_from_there(
    catalog: AnyCatalog,
) -> None:
    source_id = add_source(catalog)
    run_stage(catalog, "ingest", source_id)
    outcomes = [fail(catalog, "prepare", source_id) for _ in range(3)]

    assert [one["parked"] for one in outcomes] == [False, False, True]
    row = source(catalog, source_id)
    assert (row["ingest_state"], row["parked_from"], row["retry_count"]) == ("parked", "downloaded", 3)
    assert row["last_error"] == "the disk hiccuped"
    with pytest.raises(StageFailed, match=r"parked.*heaters retry 1"):
        catalog.execute(StartStage("prepare", source_id, "i", "p"))

    assert catalog.execute(Retry([source_id])) == {"retried": [source_id]}
    row = source(catalog, source_id)
    assert (row["ingest_state"], row["retry_count"], row["last_error"]) == ("downloaded", 0, None)
    assert catalog.execute(Retry([source_id])) == {"retried": []}


def test_a_permanent_error_parks_at_once(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    assert fail(catalog, "ingest", source_id, permanent=True) == {"parked": True, "retry_count": 1}
    assert source(catalog, source_id)["parked_from"] == "new"


def test_a_good_end_forgets_earlier_failures(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    fail(catalog, "ingest", source_id)
    assert source(catalog, source_id)["ingest_state"] == "download_failed"
    run_stage(catalog, "ingest", source_id)
    row = source(catalog, source_id)
    assert (row["ingest_state"], row["retry_count"], row["last_error"]) == ("downloaded", 0, None)


def test_what_failed_verification_is_prepared_again(catalog: AnyCatalog, show: int) -> None:
    fail(catalog, "verify", show, error="frame 3 differs", max_attempts=1)
    catalog.execute(Retry([show]))
    row = source(catalog, show)
    assert (row["ingest_state"], row["proxy_filepath"], row["verified_at"]) == ("downloaded", None, None)


@pytest.mark.parametrize("end", ["well", "badly"])
def test_a_source_parked_while_it_is_worked_on_stays_parked_and_keeps_the_result(
    catalog: AnyCatalog, end: str
) -> None:
    source_id = add_source(catalog)
    key = "ingest", source_id, "i", "p"
    catalog.execute(StartStage(*key))
    catalog.execute(Park(source_id, "not today"))
    if end == "well":
        catalog.execute(FinishStage(*key, {"original_filepath": "originals/x.mp4"}))
    else:
        catalog.execute(FailStage(*key, "no route", permanent=False, max_attempts=3))

    assert source(catalog, source_id)["ingest_state"] == "parked"
    catalog.execute(Retry([source_id]))
    row = source(catalog, source_id)
    expected = ("downloaded", "originals/x.mp4") if end == "well" else ("new", None)
    assert (row["ingest_state"], row["original_filepath"]) == expected


def test_parking_by_hand_and_back(catalog: AnyCatalog, show: int) -> None:
    row = catalog.execute(Park(show, "rights unclear"))
    assert (row["ingest_state"], row["parked_from"], row["last_error"]) == (
        "parked",
        "ready",
        "rights unclear",
    )
    catalog.execute(Park(show, "again"))
    assert source(catalog, show)["last_error"] == "rights unclear"
    catalog.execute(Retry([show]))
    assert source(catalog, show)["ingest_state"] == "ready"


def test_new_shots_leave_what_humans_have_touched(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    decide(catalog, "annotate", 4, values={"note": "keep"})
    catalog.execute(StartStage("verify", show, "i", "p"))
    catalog.execute(FinishStage("detect", show, "i", "new", {}, cuts=[5, 15, 25, 35], detector="content"))

    assert ranges(catalog) == [(0, 5), (5, 10), (10, 20), (20, 25), (25, 30), (30, 40)]
    assert states(catalog)[2] == "approved"
    assert clip(catalog, 4)["note"] == "keep"
    assert {row["detector"] for row in clips(catalog) if row["id"] > 4} == {"content"}
    assert check(catalog) == []
    assert undo(catalog)["undid"] == "annotate"


def test_a_whole_upload_is_one_clip(catalog: AnyCatalog) -> None:
    add_show(catalog, 0, 123)
    assert ranges(catalog) == [(0, 123)]


def test_exact_times_are_replaced_and_dropped_by_a_later_preparation(catalog: AnyCatalog, show: int) -> None:
    def times(number: int, pts: list[int] | None) -> list[dict[str, Any]]:
        columns = {**PREPARED, "n_frames": 40}
        catalog.execute(FinishStage("prepare", show, f"{number}", "p", columns, pts=pts))
        return catalog.rows("SELECT pts FROM frame_pts")

    assert times(1, [512, 900]) == [{"pts": [512, 900]}]
    assert times(2, [512, 901, 1300]) == [{"pts": [512, 901, 1300]}]
    assert times(3, None) == []


def test_artefacts_of_a_stage_replace_those_of_the_same_kind(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    original = Artifact("original", "originals/video_1.mp4", 10, "aa")
    catalog.execute(FinishStage("ingest", source_id, "i", "p", {}, [original]))
    both = [Artifact("gold_master", "m.mkv", 10, "bb"), Artifact("review_proxy", "p.mp4", 10, "cc")]
    for number, digest in ((1, "bb"), (2, "dd")):
        given = [both[0]._replace(sha256=digest), both[1]]
        catalog.execute(
            FinishStage("prepare", source_id, f"{number}", "p", {**PREPARED, "n_frames": 9}, given)
        )
    assert artifacts(catalog) == [
        ("original", "originals/video_1.mp4", "aa"), ("gold_master", "m.mkv", "dd"), ("review_proxy", "p.mp4", "cc"),
    ]  # fmt: skip
    assert catalog.rows("SELECT max(id) AS id FROM clip_artifacts") == [{"id": 5}]


def test_what_a_stage_made_before_and_makes_no_more_is_named_no_more(catalog: AnyCatalog) -> None:
    source_id = add_source(catalog)
    made = [Artifact("gold_master", "m.mkv", 10, "bb"), Artifact("proxy_audio", "a.m4a", 10, "cc")]
    kept = Artifact("review_proxy", "p.mp4", 10, "dd")
    catalog.execute(FinishStage("ingest", source_id, "i", "p", {}, [Artifact("original", "o.mp4", 10, "aa")]))
    for number, given in (("1", [*made, kept]), ("2", [kept])):
        catalog.execute(FinishStage("prepare", source_id, number, "p", {**PREPARED, "n_frames": 9}, given))
    assert artifacts(catalog) == [("original", "o.mp4", "aa"), ("review_proxy", "p.mp4", "dd")]


def test_keyframes_are_named_once_and_forgotten_by_id(catalog: AnyCatalog, show: int) -> None:
    named = [Artifact("source_keyframe", f"k/{frame}.webp", 5, "aa", frame=frame) for frame in (5, 15)]
    assert catalog.execute(AddKeyframes(show, named)) == {"added": 2}
    assert catalog.execute(AddKeyframes(show, [*named, named[0]._replace(frame=25)])) == {"added": 1}
    assert catalog.execute(DropArtifacts([1, 3, 99])) == {"dropped": 2}
    assert catalog.execute(DropArtifacts([])) == {"dropped": 0}


def test_a_run_that_died_is_closed_by_the_next_one(catalog: AnyCatalog) -> None:
    first = catalog.execute(StartRun("run", 1, "here"))["run_id"]
    second = catalog.execute(StartRun("export", 2, "here"))["run_id"]
    catalog.execute(FinishRun(second, "done", done=3, bytes=10))
    rows = catalog.rows("SELECT id, state, done, finished_at IS NOT NULL AS ended FROM runs ORDER BY id")
    assert rows == [
        {"id": first, "state": "died", "done": 0, "ended": True}, {"id": second, "state": "done", "done": 3, "ended": True},
    ]  # fmt: skip


def test_what_nobody_knows_is_no_command(catalog: AnyCatalog) -> None:
    with pytest.raises(TypeError, match="no command: str"):
        catalog.execute("approve everything")
