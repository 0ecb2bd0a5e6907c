from __future__ import annotations

import random
from typing import Any

import pytest
from shows import (
    AnyCatalog,
    add_show,
    clip,
    clips,
    content,
    decide,
    event_count,
    export,
    lease,
    ranges,
    redo,
    states,
    undo,
    write,
)

from heaters.catalog.check import check
from heaters.catalog.requests import Undo
from heaters.domain.commands import ACTIONS
from heaters.errors import (
    CatalogDamaged,
    ClipFrozen,
    ClipLeased,
    DecisionRefused,
    FrameOutsideClip,
    HeatersError,
    NothingToUndo,
    StaleVersion,
    UnknownReference,
    UsageError,
)


@pytest.fixture
def catalog(either: AnyCatalog) -> AnyCatalog:
    return either


@pytest.mark.parametrize(
    ("action", "state"),
    [("approve", "approved"), ("skip", "skipped"), ("archive", "archived"), ("reset", "pending")],
)
def test_a_plain_decision_sets_the_state_and_says_who_decided(
    catalog: AnyCatalog, show: int, action: str, state: str
) -> None:
    decide(catalog, action, 2, reviewer="ben")

    row = clip(catalog, 2)
    assert (row["state"], row["reviewer"], row["version"]) == (state, "ben", 2)
    assert row["decided_at"] is not None
    assert [one["version"] for one in clips(catalog) if one["id"] != 2] == [1, 1, 1]


def test_an_answer_has_the_rows_of_the_view_and_the_next_pending_clip(catalog: AnyCatalog, show: int) -> None:
    answer = decide(catalog, "approve", 2, op_id="op-1")

    assert set(answer) == {"op_id", "action", "clips", "next"}
    assert (answer["op_id"], answer["action"]) == ("op-1", "approve")
    assert answer["clips"] == [clip(catalog, 2)]
    assert answer["next"] == clip(catalog, 3)
    assert answer["next"]["cut_points"] == {
        "start_frame": 20,
        "end_frame": 30,
        "start_time": 0.8,
        "end_time": 1.2,
    }


def test_times_of_an_uneven_source_are_the_exact_ones_of_its_frames(catalog: AnyCatalog) -> None:
    pts = [512, 1024, 1700, 2048, 2600, 3000]
    add_show(catalog, 0, 2, 5, 6, pts=pts, end_pts=3333)

    answer = decide(catalog, "approve", 2, 3)

    assert answer["clips"] == clips(catalog, "id IN (2, 3)")
    first, last = (row["cut_points"] for row in answer["clips"])
    assert (first["start_time"], first["end_time"]) == ((1700 - 512) / 12800, (3000 - 512) / 12800)
    assert last["end_time"] == (3333 - 512) / 12800
    assert answer["next"] == clip(catalog, 1)


def test_next_goes_round_in_the_source_then_to_the_next_source_by_priority(
    catalog: AnyCatalog, show: int
) -> None:
    add_show(catalog, 0, 5, 10, title="later")
    add_show(catalog, 0, 5, 10, title="urgent")
    write(catalog, "UPDATE source_videos SET priority = 5 WHERE title = 'urgent'")

    seen = [decide(catalog, "approve", 3)["next"]]
    while seen[-1]:
        seen.append(decide(catalog, "approve", seen[-1]["id"])["next"])

    assert [row["id"] for row in seen if row] == [4, 1, 2, 7, 8, 5, 6]
    assert seen[-1] is None


def test_after_a_split_the_right_part_is_next_and_after_an_undo_the_clip_itself(
    catalog: AnyCatalog, show: int
) -> None:
    assert decide(catalog, "split", 2, frame=15)["next"]["start_frame"] == 15
    assert undo(catalog)["next"]["id"] == 2


def test_merge_joins_with_the_previous_clip_and_keeps_what_was_written(
    catalog: AnyCatalog, show: int
) -> None:
    decide(catalog, "annotate", 2, values={"label": "goal", "tags": ["a", "b"], "note": "left"})
    decide(catalog, "annotate", 3, values={"tags": ["b", "c"], "note": "right"})

    answer = decide(catalog, "merge", 3)

    left = clip(catalog, 2)
    assert (left["start_frame"], left["end_frame"], left["state"], left["origin"]) == (
        10,
        30,
        "pending",
        "human",
    )
    assert (left["label"], left["tags"], left["note"]) == ("goal", ["a", "b", "c"], "left\nright")
    assert clip(catalog, 3)["state"] == "superseded"
    assert answer["clips"] == [clip(catalog, 2), clip(catalog, 3)]
    assert ranges(catalog) == [(0, 10), (10, 30), (30, 40)]


def test_merge_of_two_outer_clips_takes_the_run_between(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "merge", 4, 1)

    assert ranges(catalog) == [(0, 40)]
    assert clip(catalog, 1)["state"] == "pending"


def test_split_makes_a_clip_with_a_fresh_number_that_is_never_given_again(
    catalog: AnyCatalog, show: int
) -> None:
    decide(catalog, "split", 2, frame=14)
    undo(catalog)
    decide(catalog, "split", 3, frame=21)

    assert ranges(catalog) == [(0, 10), (10, 20), (20, 21), (21, 30), (30, 40)]
    fresh = [(row["id"], row["clip_no"], row["state"]) for row in clips(catalog, "id > 4")]
    assert fresh == [(5, 5, "superseded"), (6, 6, "pending")]


def test_move_cut_moves_the_start_of_the_clip(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    decide(catalog, "move-cut", 3, frame=17)

    assert ranges(catalog) == [(0, 10), (10, 17), (17, 30), (30, 40)]
    assert states(catalog) == dict.fromkeys((1, 2, 3, 4), "pending")


def test_a_group_is_judged_together_in_one_event(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "group", 4, 2)
    before = event_count(catalog)
    answer = decide(catalog, "archive", 4)

    assert [row["id"] for row in answer["clips"]] == [2, 4]
    assert {row["group_id"] for row in answer["clips"]} == {2}
    assert states(catalog) == {1: "pending", 2: "archived", 3: "pending", 4: "archived"}
    assert event_count(catalog) == before + 1


def test_grouping_one_clip_takes_the_previous_one_and_approves_both(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "group", 2)
    assert states(catalog) == {1: "approved", 2: "approved", 3: "pending", 4: "pending"}

    decide(catalog, "ungroup", 1)
    assert {row["group_id"] for row in clips(catalog)} == {None}


def test_a_group_far_apart_is_named_anew_when_its_lowest_member_leaves(catalog: AnyCatalog) -> None:
    add_show(catalog, *range(0, 510, 10))
    decide(catalog, "group", 2, 30, 49)
    decide(catalog, "ungroup", 2)

    assert {row["id"]: row["group_id"] for row in clips(catalog) if row["group_id"]} == {30: 30, 49: 30}
    assert check(catalog) == []


def test_decisions_on_clips_of_several_sources_are_one_event(catalog: AnyCatalog, show: int) -> None:
    add_show(catalog, 0, 5, 10, title="other")

    answer = decide(catalog, "approve", 6, 1, versions={6: 1, 1: 1})
    assert [row["id"] for row in answer["clips"]] == [1, 6]
    assert answer["next"]["id"] == 5
    event = catalog.rows("SELECT source_video_id, clip_ids FROM clip_events ORDER BY seq DESC LIMIT 1")
    assert event == [{"source_video_id": None, "clip_ids": [1, 6]}]

    assert [row["id"] for row in undo(catalog)["clips"]] == [1, 6]
    assert set(states(catalog).values()) == {"pending"}


def test_a_retry_gets_the_stored_answer_and_changes_nothing(catalog: AnyCatalog, show: int) -> None:
    first = decide(catalog, "approve", 2, op_id="once", versions={2: 1})
    decide(catalog, "archive", 2, reviewer="ben")
    seen = content(catalog), event_count(catalog)

    again = decide(catalog, "approve", 2, op_id="once", versions={2: 1})

    assert again["clips"] == first["clips"]
    assert again["next"]["id"] == 3
    assert (content(catalog), event_count(catalog)) == seen


def test_a_retried_undo_takes_back_one_command_only(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    decide(catalog, "approve", 2)
    first = catalog.execute(Undo("undo-1", "ana"))
    again = catalog.execute(Undo("undo-1", "ana"))

    assert again == first
    assert first["undid"] == "approve"
    assert states(catalog)[1] == "approved"


def test_an_op_id_of_another_command_is_refused(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2, op_id="once")
    for action, reviewer in (("skip", "ana"), ("approve", "ben")):
        with pytest.raises(UsageError, match="belongs to another command"):
            decide(catalog, action, 2, reviewer=reviewer, op_id="once")


@pytest.mark.parametrize(
    ("action", "ids", "more", "error", "words"),
    [
        ("approve", (99,), {}, UnknownReference, "there is no clip 99"),
        ("approve", (1, 99), {}, UnknownReference, "no live clip 99"),
        ("approve", (), {}, UsageError, "at least one clip"),
        ("explode", (1,), {}, UsageError, "unknown action"),
        ("merge", (1,), {}, DecisionRefused, "first of its source"),
        ("split", (2,), {"frame": 20}, FrameOutsideClip, "from 11 to 19"),
        ("split", (2,), {}, UsageError, "needs a frame"),
        ("move-cut", (2,), {"frame": 0}, FrameOutsideClip, "from 1 to 19"),
        ("ungroup", (2,), {}, DecisionRefused, "in no group"),
        ("annotate", (2,), {}, UsageError, "annotate takes"),
        ("retune", (), {}, UsageError, "retune needs"),
        ("retune", (), {"values": {"source_id": 9, "cuts": []}}, UnknownReference, "no source 9"),
        ("approve", (2,), {"versions": {2: 7}}, StaleVersion, "changed since version 7"),
    ],
)
def test_a_refusal_is_a_sentence_and_changes_nothing(
    catalog: AnyCatalog,
    show: int,
    action: str,
    ids: tuple[int, ...],
    more: dict[str, Any],
    error: type[HeatersError],
    words: str,
) -> None:
    seen = content(catalog), event_count(catalog)
    with pytest.raises(error, match=words):
        decide(catalog, action, *ids, **more)
    assert (content(catalog), event_count(catalog)) == seen


def test_clips_of_different_sources_are_neither_merged_nor_grouped(catalog: AnyCatalog, show: int) -> None:
    add_show(catalog, 0, 5, 10, title="other")
    for action in ("merge", "group"):
        with pytest.raises(UsageError, match=r"different sources: 1\.2, 2\.1"):
            decide(catalog, action, 2, 5)


def test_a_stale_version_is_refused_even_where_the_clip_was_merged_away(
    catalog: AnyCatalog, show: int
) -> None:
    decide(catalog, "merge", 3)
    with pytest.raises(StaleVersion, match="merged or replaced"):
        decide(catalog, "approve", 3, 4, versions={3: 1, 4: 1}, reviewer="ben")


def test_exported_clips_are_frozen_until_they_are_reset(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    key = export(catalog, 2)

    for action, more in (
        ("skip", {}),
        ("merge", {}),
        ("split", {"frame": 15}),
        ("annotate", {"values": {"label": "x"}}),
    ):
        with pytest.raises(ClipFrozen, match="exported: reset it first"):
            decide(catalog, action, 2, **more)
    with pytest.raises(ClipFrozen, match="exported"):
        decide(catalog, "merge", 3)

    decide(catalog, "reset", 2)
    assert (clip(catalog, 2)["state"], clip(catalog, 2)["clip_filepath"]) == ("pending", key)
    undo(catalog)
    assert clip(catalog, 2)["state"] == "exported"


def test_leases_of_others_are_respected_by_every_way_to_touch_a_clip(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    lease(catalog, 2, "ben")

    for action, ids in (("approve", (2,)), ("merge", (3,)), ("merge", (4, 1)), ("approve", (1, 2))):
        with pytest.raises(ClipLeased, match=r"1\.2 is held by ben"):
            decide(catalog, action, *ids)
    with pytest.raises(ClipLeased, match="held by ben"):
        undo(catalog)

    decide(catalog, "approve", 1)
    decide(catalog, "skip", 2, reviewer="ben")
    assert states(catalog)[2] == "skipped"


def test_a_lease_that_is_over_holds_nobody_back(catalog: AnyCatalog, show: int) -> None:
    lease(catalog, 2, "ben", seconds=-1)
    decide(catalog, "approve", 2)
    assert states(catalog)[2] == "approved"


COMMANDS: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
    ("approve", (2,), {}), ("archive", (1, 2, 3, 4), {}), ("merge", (3,), {}), ("merge", (1, 4), {}), ("split", (2,), {"frame": 13}),
    ("move-cut", (3,), {"frame": 12}), ("group", (1, 3, 4), {}), ("group", (2,), {}),
    ("annotate", (1, 4), {"values": {"label": "x", "tags": ["t"], "note": "n"}}),
    ("retune", (), {"values": {"source_id": 1, "cuts": [13, 17, 20], "detector": "content"}}),
    ("import", (), {"values": {"source_id": 1, "cuts": [13, 17, 20], "detector": "cuts.csv"}}),
    ("label", (1, 4), {"values": {"each": {1: {"label": "x"}, 4: {"note": "n"}}}}),
]  # fmt: skip


@pytest.mark.parametrize(("action", "ids", "more"), COMMANDS)
def test_undo_brings_every_row_back_and_redo_carries_it_out_again(
    catalog: AnyCatalog, show: int, action: str, ids: tuple[int, ...], more: dict[str, Any]
) -> None:
    decide(catalog, "skip", 1, reviewer="ben")
    decide(catalog, "group", 3, 4, reviewer="ben")
    before = content(catalog)
    decide(catalog, action, *ids, **more)
    after = content(catalog)
    assert after != before

    for _ in range(2):
        answer = undo(catalog)
        assert (answer["action"], answer["undid"]) == ("undo", action)
        assert content(catalog) == before
        answer = redo(catalog)
        assert (answer["action"], answer["redid"]) == ("redo", action)
        assert content(catalog) == after
    assert check(catalog) == []


def test_every_action_is_undone_in_these_tests() -> None:
    assert {action for action, _, _ in COMMANDS} | {"skip", "reset", "ungroup"} == set(ACTIONS)


def test_undo_is_each_reviewers_own_and_as_long_as_the_log(catalog: AnyCatalog, show: int) -> None:
    before = content(catalog)
    for clip_id, reviewer in ((1, "ana"), (2, "ben"), (3, "ana"), (4, "ben")):
        decide(catalog, "approve", clip_id, reviewer=reviewer)

    undo(catalog, "ana")
    undo(catalog, "ana")
    assert states(catalog) == {1: "pending", 2: "approved", 3: "pending", 4: "approved"}
    with pytest.raises(NothingToUndo, match="ana has nothing to undo"):
        undo(catalog, "ana")
    undo(catalog, "ben")
    undo(catalog, "ben")
    assert content(catalog) == before


def test_redo_goes_forward_in_order_until_a_new_decision(catalog: AnyCatalog, show: int) -> None:
    for clip_id in (1, 2, 3):
        decide(catalog, "approve", clip_id)
    for _ in range(3):
        undo(catalog)

    assert [redo(catalog)["clips"][0]["id"] for _ in range(2)] == [1, 2]
    assert undo(catalog)["clips"][0]["id"] == 2
    decide(catalog, "archive", 4)
    with pytest.raises(NothingToUndo, match="nothing to redo"):
        redo(catalog)
    assert [undo(catalog)["clips"][0]["id"] for _ in range(2)] == [4, 1]


def test_undo_of_one_source_leaves_later_work_on_others(catalog: AnyCatalog, show: int) -> None:
    other = add_show(catalog, 0, 5, 10, title="other")
    decide(catalog, "approve", 1)
    decide(catalog, "approve", 5)

    assert [row["id"] for row in undo(catalog, source_id=show)["clips"]] == [1]
    assert states(catalog)[5] == "approved"
    with pytest.raises(NothingToUndo, match="in source 1"):
        undo(catalog, source_id=show)
    assert [row["id"] for row in redo(catalog, source_id=show)["clips"]] == [1]
    decide(catalog, "skip", 1, 6)
    assert [row["id"] for row in undo(catalog, source_id=other)["clips"]] == [1, 6]


def test_undo_is_refused_with_the_reason_where_a_clip_has_moved_on(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 2)
    decide(catalog, "archive", 2, reviewer="ben")
    with pytest.raises(DecisionRefused, match=r"1\.2 has moved on: it is archived now \(by ben\)"):
        undo(catalog)

    decide(catalog, "split", 3, frame=25)
    decide(catalog, "merge", 4, reviewer="ben")
    seen = content(catalog)
    with pytest.raises(DecisionRefused, match="moved on"):
        undo(catalog)
    assert content(catalog) == seen


def test_undo_finds_commands_far_back_in_the_log(catalog: AnyCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    write(
        catalog,
        "INSERT INTO clip_events (seq, op_id, ts, reviewer, action, clip_ids, before, after) SELECT seq + i, 'x' || i, ts, 'ben', "
        "'approve', clip_ids, '[]', '[]' FROM clip_events, range(1, 6001) t(i) WHERE action = 'approve'",
        "UPDATE counters SET value = value + 6000 WHERE name = 'clip_events'",
    )

    assert undo(catalog)["clips"][0]["id"] == 1
    assert redo(catalog)["clips"][0]["id"] == 1


def test_a_damaged_tiling_stops_decisions_in_words(catalog: AnyCatalog, show: int) -> None:
    write(catalog, "UPDATE clips SET end_frame = 18 WHERE id = 2")
    with pytest.raises(CatalogDamaged, match=r"source 1: .*gap.*nothing was changed"):
        decide(catalog, "approve", 4)
    assert states(catalog)[4] == "pending"


def test_any_run_of_decisions_tiles_the_sources_and_is_undone_to_the_start(catalog: AnyCatalog) -> None:
    for borders in ((0, 30, 50, 51, 80), (0, 7, 90)):
        add_show(catalog, *borders)
    before, chance, done = content(catalog), random.Random(5), 0
    for _ in range(30):
        live = clips(catalog)
        row = chance.choice(live)
        action = chance.choice([one for one in ACTIONS if one != "retune"])
        given: dict[str, dict[str, Any]] = {
            "annotate": {"values": {"note": str(done)}},
            **{cut: {"frame": chance.randrange(90)} for cut in ("split", "move-cut")},
        }
        ids = (
            {row["id"], chance.choice(live)["id"]}
            if action in {"merge", "group", "approve", "skip"}
            else {row["id"]}
        )
        try:
            decide(catalog, action, *ids, **given.get(action, {}))
        except HeatersError:
            continue
        done += 1
    assert done > 10
    assert check(catalog) == []

    for _ in range(done):
        undo(catalog)
    assert content(catalog) == before
    assert check(catalog) == []
