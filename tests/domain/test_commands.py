from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from boards import NOON, MemoryCatalog, after, board_of, clips_of, decision, following

from heaters.domain.commands import (
    ACTIONS,
    OF_A_SOURCE,
    check,
    decide,
    describe_difference,
    refuse_held,
    retile,
    revert,
)
from heaters.domain.model import CLIP_FIELDS, Clip
from heaters.domain.states import CLIP_TRANSITIONS, DECIDED, FROZEN
from heaters.errors import (
    ClipFrozen,
    ClipLeased,
    DecisionRefused,
    FrameOutsideClip,
    NothingToUndo,
    StaleVersion,
    UnknownReference,
    UsageError,
)


def exported(clip: Clip) -> Clip:
    return replace(
        clip, state="exported", is_virtual=False, clip_filepath=f"final_clips/{clip.id}.mp4", reviewer="ana"
    )


def ranges(rows: dict[int, Clip]) -> list[tuple[int, int, int]]:
    """Live clips as (id, start, end), in order of frames."""
    live = [clip for clip in rows.values() if clip.state != "superseded"]
    return [
        (clip.id, clip.start_frame, clip.end_frame)
        for clip in sorted(live, key=lambda clip: clip.start_frame)
    ]


class TestJudging:
    @pytest.mark.parametrize(("action", "state"), DECIDED.items())
    def test_a_decision_sets_the_state_and_says_who_and_when(self, action: str, state: str) -> None:
        board = board_of(*clips_of(0, 10, 20))
        change = decide(decision(action, 2), board)
        assert change.before == (board.clips[1],)
        assert change.after == (
            replace(board.clips[1], state=state, version=2, reviewer="ana", decided_at=NOON),
        )

    def test_a_bulk_decision_is_one_change(self) -> None:
        change = decide(decision("skip", 3, 1), board_of(*clips_of(0, 10, 20, 30)))
        assert [(clip.id, clip.state) for clip in change.after] == [(1, "skipped"), (3, "skipped")]

    def test_a_bulk_decision_may_span_sources(self) -> None:
        board = board_of(*clips_of(0, 10, 20), *clips_of(0, 5, source_id=2, first_id=3))
        assert {clip.state for clip in decide(decision("approve", 1, 3), board).after} == {"approved"}

    @pytest.mark.parametrize("state", sorted(CLIP_TRANSITIONS.keys() - {"superseded"}))
    @pytest.mark.parametrize(
        "action", ["approve", "skip", "archive", "reset", "annotate", "split", "merge", "group"]
    )
    def test_frozen_clips_are_refused_and_all_others_follow_the_state_table(
        self, action: str, state: str
    ) -> None:
        clip = clips_of(0, 10, 20)[1]
        there = exported(clip) if state == "exported" else replace(clip, state=state)
        board = board_of(clips_of(0, 10)[0], there)
        wanted = decision(
            action,
            2,
            frame=15 if action == "split" else None,
            values={"note": "x"} if action == "annotate" else {},
        )
        refused = state in FROZEN or (state == "archived" and action in {"split", "merge", "group"})
        if state == "exported" and action == "reset":
            refused = False
        if refused:
            with pytest.raises(
                ClipFrozen, match="exporting: wait" if state == "exporting" else "reset it first"
            ):
                decide(wanted, board)
        else:
            after(decide(wanted, board), board)

    def test_a_reset_of_an_exported_clip_keeps_its_file(self) -> None:
        board = board_of(exported(clips_of(0, 10)[0]))
        (clip,) = decide(decision("reset", 1), board).after
        assert (clip.state, clip.is_virtual, clip.clip_filepath) == ("pending", False, "final_clips/1.mp4")

    def test_a_split_after_that_makes_both_parts_virtual(self) -> None:
        board = board_of(exported(clips_of(0, 10)[0]))
        board = following(decide(decision("reset", 1), board), board)
        change = decide(decision("split", 1, frame=4), board)
        assert [(clip.is_virtual, clip.clip_filepath, clip.state) for clip in change.after] == [
            (True, None, "pending")
        ] * 2
        back = revert(change.before, change.after, {clip.id: clip for clip in change.after})
        assert back.after[0].clip_filepath == "final_clips/1.mp4"


class TestMerging:
    def test_one_clip_merges_with_the_previous_one(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30))
        rows = after(decide(decision("merge", 2), board), board)
        assert ranges(rows) == [(1, 0, 20), (3, 20, 30)]
        assert (rows[1].state, rows[1].clip_no, rows[1].origin) == ("pending", 1, "human")
        assert rows[2].state == "superseded"
        assert rows[2].cut_points == board.clips[1].cut_points

    def test_several_clips_merge_with_all_between(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30, 40, 50))
        assert ranges(after(decide(decision("merge", 4, 2), board), board)) == [
            (1, 0, 10),
            (2, 10, 40),
            (5, 40, 50),
        ]

    def test_the_left_of_the_run_is_the_one_with_the_first_frame_and_not_the_lowest_id(self) -> None:
        board = board_of(*clips_of(0, 10, 20))
        board = following(decide(decision("split", 1, frame=4), board), board)
        assert ranges({clip.id: clip for clip in board.clips}) == [(1, 0, 4), (3, 4, 10), (2, 10, 20)]
        assert ranges(after(decide(decision("merge", 2, 3), board), board)) == [(1, 0, 4), (3, 4, 20)]

    def test_what_reviewers_wrote_is_kept(self) -> None:
        one, two, three = clips_of(0, 10, 20, 30)
        board = board_of(
            replace(one, tags=("a", "b"), note="first"),
            replace(two, label="goal", tags=("b", "c")),
            replace(three, label="foul", note="third"),
        )
        joined = decide(decision("merge", 1, 3), board).after[0]
        assert (joined.label, joined.tags, joined.note) == ("goal", ("a", "b", "c"), "first\nthird")

    def test_the_first_clip_of_a_source_has_none_before_it(self) -> None:
        board = board_of(*clips_of(0, 10, 20), *clips_of(0, 5, source_id=2, first_id=3))
        with pytest.raises(
            DecisionRefused,
            match=r"clip 2\.1 is the first of its source: there is none before it to merge it with",
        ):
            decide(decision("merge", 3), board)

    def test_clips_of_two_sources_do_not_merge(self) -> None:
        board = board_of(*clips_of(0, 10, 20), *clips_of(0, 5, source_id=2, first_id=3))
        with pytest.raises(UsageError, match=r"different sources: 1\.2, 2\.1"):
            decide(decision("merge", 2, 3), board)

    def test_a_clip_named_twice_does_not_merge_with_the_one_before(self) -> None:
        with pytest.raises(UsageError, match=r"clip 1\.2 with itself"):
            decide(decision("merge", 2, 2), board_of(*clips_of(0, 10, 20)))

    @pytest.mark.parametrize("state", ["archived", "exporting", "exported"])
    def test_one_archived_or_frozen_clip_between_refuses_the_merge(self, state: str) -> None:
        one, two, three = clips_of(0, 10, 20, 30)
        board = board_of(one, exported(two) if state == "exported" else replace(two, state=state), three)
        with pytest.raises(ClipFrozen, match=rf"clip 1\.2 is {state}"):
            decide(decision("merge", 1, 3), board)

    def test_a_clip_between_that_someone_else_holds_refuses_the_merge_and_is_named(self) -> None:
        with pytest.raises(ClipLeased, match=r"clip 1\.2 is held by ben"):
            decide(decision("merge", 1, 3), board_of(*clips_of(0, 10, 20, 30)), {2: "ben"})


class TestSplitting:
    def test_the_frame_is_the_first_of_the_right_clip(self) -> None:
        board = board_of(*clips_of(0, 10, 20))
        rows = after(decide(decision("split", 2, frame=13), board), board)
        assert ranges(rows) == [(1, 0, 10), (2, 10, 13), (3, 13, 20)]
        assert (rows[3].clip_no, rows[3].version, rows[3].reviewer, rows[3].origin) == (3, 1, "ana", "human")
        assert (rows[2].clip_no, rows[2].version, rows[2].origin) == (2, 2, "human")

    def test_both_parts_are_pending_even_if_the_clip_was_approved(self) -> None:
        one = replace(clips_of(0, 10)[0], state="approved", label="goal", tags=("x",), note="long")
        left, right = decide(decision("split", 1, frame=5), board_of(one)).after
        assert (left.state, left.label, left.tags, left.note) == ("pending", "goal", ("x",), "long")
        assert (right.state, right.label, right.tags, right.note) == ("pending", "goal", ("x",), None)

    def test_new_numbers_count_in_the_source_and_new_ids_over_all(self) -> None:
        board = board_of(*clips_of(0, 10, 20), *clips_of(0, 5, source_id=2, first_id=3))
        fresh = decide(decision("split", 3, frame=2), board).after[1]
        assert (fresh.id, fresh.clip_no, fresh.ref) == (4, 2, "2.2")

    @pytest.mark.parametrize("frame", [0, 9, 10, 20, 21, -1])
    def test_a_frame_that_is_not_inside_is_refused_with_the_ones_that_are(self, frame: int) -> None:
        with pytest.raises(
            FrameOutsideClip, match=rf"frame {frame} is outside clip 1\.2: it must be from 11 to 19"
        ):
            decide(decision("split", 2, frame=frame), board_of(*clips_of(0, 10, 20)))

    def test_a_clip_of_one_frame_can_not_be_split(self) -> None:
        with pytest.raises(FrameOutsideClip, match=r"clip 1\.2 has only frame 10"):
            decide(decision("split", 2, frame=10), board_of(*clips_of(0, 10, 11)))

    @pytest.mark.parametrize("frame", [None, 4.0, True, "4"])
    def test_a_split_needs_a_frame_number(self, frame: Any) -> None:
        with pytest.raises(UsageError, match="split needs a frame"):
            decide(decision("split", 1, frame=frame), board_of(*clips_of(0, 10)))

    def test_one_clip_at_a_time(self) -> None:
        with pytest.raises(UsageError, match="split takes one clip, not 2"):
            decide(decision("split", 1, 2, frame=4), board_of(*clips_of(0, 10, 20)))


class TestMovingACut:
    @pytest.mark.parametrize("frame", [1, 9, 11, 19])
    def test_it_moves_to_any_frame_that_leaves_neither_clip_empty(self, frame: int) -> None:
        board = board_of(*(replace(clip, state="approved") for clip in clips_of(0, 10, 20)))
        rows = after(decide(decision("move-cut", 2, frame=frame), board), board)
        assert ranges(rows) == [(1, 0, frame), (2, frame, 20)]
        assert {clip.state for clip in rows.values()} == {"pending"}

    @pytest.mark.parametrize("frame", [0, 20])
    def test_a_frame_that_would_empty_one_is_refused(self, frame: int) -> None:
        with pytest.raises(FrameOutsideClip, match=r"outside clips 1\.1 and 1\.2: it must be from 1 to 19"):
            decide(decision("move-cut", 2, frame=frame), board_of(*clips_of(0, 10, 20)))

    def test_a_cut_that_is_there_already_takes_no_decision_back(self) -> None:
        board = board_of(*(replace(clip, state="approved") for clip in clips_of(0, 10, 20)))
        with pytest.raises(DecisionRefused, match="is at frame 10 already"):
            decide(decision("move-cut", 2, frame=10), board)

    def test_the_start_of_the_source_is_no_cut(self) -> None:
        with pytest.raises(DecisionRefused, match="no cut at its start to move"):
            decide(decision("move-cut", 1, frame=3), board_of(*clips_of(0, 10, 20)))

    def test_a_frozen_neighbour_refuses_it(self) -> None:
        one, two = clips_of(0, 10, 20)
        with pytest.raises(ClipFrozen, match=r"clip 1\.1 is exported: reset it first to cut it"):
            decide(decision("move-cut", 2, frame=5), board_of(exported(one), two))


class TestGrouping:
    def grouped(self, *ids: int, n: int = 6) -> Any:
        board = board_of(*clips_of(*range(0, 10 * n + 1, 10)))
        return following(decide(decision("group", *ids), board), board)

    def groups(self, board: Any) -> dict[int, int]:
        return {clip.id: clip.group_id for clip in board.clips if clip.group_id is not None}

    def test_a_group_is_named_after_its_lowest_clip_and_decides_nothing(self) -> None:
        board = self.grouped(5, 2)
        assert self.groups(board) == {2: 2, 5: 2}
        assert {clip.state for clip in board.clips} == {"pending"}

    @pytest.mark.parametrize("action", ["approve", "skip", "archive"])
    def test_a_decision_on_one_member_is_for_all(self, action: str) -> None:
        board = self.grouped(2, 5)
        assert [(clip.id, clip.state) for clip in decide(decision(action, 5), board).after] == [
            (2, DECIDED[action]),
            (5, DECIDED[action]),
        ]

    def test_a_reset_is_for_one_member_only(self) -> None:
        board = self.grouped(2, 5)
        board = following(decide(decision("approve", 5), board), board)
        assert [clip.id for clip in decide(decision("reset", 5), board).after] == [5]

    def test_one_clip_is_grouped_with_the_previous_one_and_both_are_approved(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30))
        change = decide(decision("group", 3), board)
        assert [(clip.id, clip.group_id, clip.state) for clip in change.after] == [
            (2, 2, "approved"),
            (3, 2, "approved"),
        ]

    def test_that_approves_the_rest_of_their_groups_too(self) -> None:
        board = self.grouped(1, 4)
        change = decide(decision("group", 5), board)
        assert [(clip.id, clip.group_id, clip.state) for clip in change.after] == [
            (i, 1, "approved") for i in (1, 4, 5)
        ]

    @pytest.mark.parametrize("archived", [2, 3])
    def test_that_is_refused_when_one_of_them_is_archived(self, archived: int) -> None:
        board = board_of(
            *(
                replace(clip, state="archived") if clip.id == archived else clip
                for clip in clips_of(0, 10, 20, 30)
            )
        )
        with pytest.raises(ClipFrozen, match=rf"clip 1\.{archived} is archived: reset it first to group it"):
            decide(decision("group", 3), board)

    def test_several_archived_clips_can_be_grouped(self) -> None:
        board = board_of(*(replace(clip, state="archived") for clip in clips_of(0, 10, 20)))
        assert {clip.group_id for clip in decide(decision("group", 1, 2), board).after} == {1}

    def test_two_groups_become_one(self) -> None:
        board = self.grouped(3, 4)
        board = following(decide(decision("group", 2, 6), board), board)
        board = following(decide(decision("group", 6, 4), board), board)
        assert self.groups(board) == dict.fromkeys((2, 3, 4, 6), 2)

    def test_clips_of_two_sources_are_no_group(self) -> None:
        board = board_of(*clips_of(0, 10, 20), *clips_of(0, 5, source_id=2, first_id=3))
        with pytest.raises(UsageError, match="can't group clips of different sources"):
            decide(decision("group", 1, 3), board)

    def test_a_group_that_loses_its_lowest_is_named_anew(self) -> None:
        board = self.grouped(2, 4, 6)
        change = decide(decision("ungroup", 2), board)
        assert self.groups(following(change, board)) == {4: 4, 6: 4}

    def test_a_group_of_one_is_none(self) -> None:
        board = self.grouped(2, 4)
        assert self.groups(following(decide(decision("ungroup", 4), board), board)) == {}

    def test_all_members_leave_at_once(self) -> None:
        board = self.grouped(2, 4, 6)
        assert self.groups(following(decide(decision("ungroup", 2, 4, 6), board), board)) == {}

    def test_a_clip_in_no_group_can_not_leave_one(self) -> None:
        with pytest.raises(DecisionRefused, match=r"clip 1\.1 is in no group"):
            decide(decision("ungroup", 1), board_of(*clips_of(0, 10)))

    def test_members_that_stay_get_a_new_version_but_no_new_reviewer(self) -> None:
        board = self.grouped(2, 4, 6)
        change = decide(decision("ungroup", 6, reviewer="ben"), board)
        assert [(clip.id, clip.version, clip.reviewer) for clip in change.after] == [
            (2, 3, "ana"),
            (4, 3, "ana"),
            (6, 3, "ben"),
        ]

    def test_a_split_member_leaves_both_parts_in_the_group(self) -> None:
        board = self.grouped(2, 4)
        board = following(decide(decision("split", 2, frame=15), board), board)
        assert self.groups(board) == {2: 2, 4: 2, 7: 2}

    def test_a_merge_inside_a_group_leaves_it_smaller(self) -> None:
        board = self.grouped(2, 3, 5)
        board = following(decide(decision("merge", 3), board), board)
        assert self.groups(board) == {2: 2, 5: 2}

    def test_a_group_whose_two_members_merge_is_none(self) -> None:
        board = self.grouped(2, 3)
        assert self.groups(following(decide(decision("merge", 3), board), board)) == {}

    def test_a_merge_into_a_clip_without_a_group_takes_the_group_over_and_names_it_anew(self) -> None:
        board = self.grouped(2, 5)
        board = following(decide(decision("merge", 2), board), board)
        assert self.groups(board) == {1: 1, 5: 1}

    def test_a_merge_across_two_groups_keeps_the_left_ones(self) -> None:
        board = self.grouped(3, 5, 6)
        board = following(decide(decision("group", 1, 2), board), board)
        board = following(decide(decision("merge", 3), board), board)
        assert self.groups(board) == {1: 1, 2: 1, 5: 5, 6: 5}

    def test_a_member_that_someone_else_holds_refuses_a_decision_on_the_group(self) -> None:
        with pytest.raises(ClipLeased, match=r"clip 1\.5 is held by ben"):
            decide(decision("approve", 2), self.grouped(2, 5), {5: "ben"})

    def test_an_exported_member_is_named_with_both_ways_out(self) -> None:
        one, two = (replace(clip, group_id=1) for clip in clips_of(0, 10, 20))
        board = board_of(exported(one), two)
        with pytest.raises(
            ClipFrozen, match=r"clip 1\.1 is exported: reset it first to approve it, or ungroup 1\.2"
        ):
            decide(decision("approve", 2), board)
        board = following(decide(decision("ungroup", 2), board), board)
        rows = after(decide(decision("approve", 2), board), board)
        assert (rows[1].state, rows[1].group_id, rows[2].state) == ("exported", None, "approved")

    def test_a_group_can_not_change_while_a_member_is_exporting(self) -> None:
        one, two = (replace(clip, group_id=1) for clip in clips_of(0, 10, 20))
        with pytest.raises(ClipFrozen, match=r"clip 1\.1 is exporting"):
            decide(decision("ungroup", 2), board_of(replace(one, state="exporting"), two))


class TestAnnotating:
    def test_only_what_is_given_changes(self) -> None:
        one = replace(clips_of(0, 10)[0], label="goal", note="old", state="approved")
        (clip,) = decide(
            decision("annotate", 1, values={"note": "new", "tags": ["a", "b", "a"]}), board_of(one)
        ).after
        assert (clip.label, clip.note, clip.tags, clip.state) == ("goal", "new", ("a", "b"), "approved")

    def test_empty_values_clear(self) -> None:
        one = replace(clips_of(0, 10)[0], label="goal", note="old", tags=("a",))
        (clip,) = decide(
            decision("annotate", 1, values={"label": None, "note": "", "tags": None}), board_of(one)
        ).after
        assert (clip.label, clip.note, clip.tags) == (None, None, ())

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({}, "not nothing"),
            ({"colour": "red"}, "not colour"),
            ({"tags": "goal"}, "tags are a list of words, not 'goal'"),
            ({"tags": ["a", 3]}, "tags are a list"),
            ({"label": 3}, "are text"),
        ],
    )
    def test_wrong_values_are_refused(self, values: dict[str, Any], message: str) -> None:
        with pytest.raises(UsageError, match=message):
            decide(decision("annotate", 1, values=values), board_of(*clips_of(0, 10)))

    def test_a_clip_whose_export_failed_can_still_be_annotated_and_grouped(self) -> None:
        board = board_of(*(replace(clip, state="export_failed") for clip in clips_of(0, 10, 20)))
        assert decide(decision("annotate", 1, values={"note": "x"}), board).after[0].state == "export_failed"
        assert {clip.state for clip in decide(decision("group", 1, 2), board).after} == {"export_failed"}


class TestRefusals:
    def test_an_unknown_action_is_told_which_there_are(self) -> None:
        with pytest.raises(
            UsageError,
            match=r"unknown action 'delete'; there are approve, skip.*annotate$",
        ):
            decide(decision("delete", 1), board_of(*clips_of(0, 10)))

    @pytest.mark.parametrize("action", sorted(ACTIONS.keys() - OF_A_SOURCE.keys()))
    def test_a_decision_is_about_at_least_one_clip(self, action: str) -> None:
        with pytest.raises(UsageError, match="at least one clip"):
            decide(decision(action), board_of(*clips_of(0, 10)))

    def test_a_clip_that_is_not_live_is_unknown(self) -> None:
        with pytest.raises(UnknownReference, match="no live clip 9"):
            decide(decision("approve", 1, 9), board_of(*clips_of(0, 10)))

    def test_a_clip_that_the_client_saw_alive_is_stale(self) -> None:
        with pytest.raises(StaleVersion, match="clip 9 has been merged or replaced"):
            decide(decision("approve", 9, versions={9: 3}), board_of(*clips_of(0, 10)))

    def test_a_stale_version_is_told_what_the_clip_is_now(self) -> None:
        one = replace(clips_of(0, 10)[0], version=4, state="skipped")
        with pytest.raises(
            StaleVersion,
            match=r"clip 1\.1 has changed since version 3: it is skipped, frames 0 to 9, version 4",
        ):
            decide(decision("approve", 1, versions={1: 3}), board_of(one))

    def test_a_stale_version_of_a_clip_that_is_drawn_in_counts_too(self) -> None:
        board = board_of(*(replace(clip, version=2) for clip in clips_of(0, 10, 20, 30)))
        with pytest.raises(StaleVersion, match=r"clip 1\.2 has changed"):
            decide(decision("merge", 1, 3, versions={1: 2, 2: 1, 3: 2}), board)
        decide(decision("approve", 1, versions={1: 2, 2: 1}), board)

    def test_a_clip_of_mine_is_not_held_from_me(self) -> None:
        board = board_of(*clips_of(0, 10, 20))
        assert decide(decision("approve", 1), board, {2: "ben"}).after[0].state == "approved"
        with pytest.raises(ClipLeased, match="held by ben"):
            refuse_held(board.clips, {2: "ben"})


class TestRetuning:
    def laid(self, board: Any, *cuts: int) -> dict[int, Clip]:
        return after(
            decide(decision("retune", values={"source_id": 1, "cuts": cuts, "detector": "content"}), board),
            board,
        )

    def test_the_first_cuts_are_laid_on_nothing(self) -> None:
        empty = replace(board_of(*clips_of(0, 10)), clips=(), n_frames={7: 30}, next_id=5, next_no={7: 1})
        rows = retile((), [20, 10], empty, 7, "heaters")
        assert [(clip.id, clip.clip_no, clip.start_frame, clip.end_frame) for clip in rows] == [
            (5, 1, 0, 10),
            (6, 2, 10, 20),
            (7, 3, 20, 30),
        ]
        assert {(clip.source_video_id, clip.origin, clip.detector, clip.reviewer) for clip in rows} == {
            (7, "auto", "heaters", None)
        }

    def test_no_cuts_give_one_clip(self) -> None:
        assert ranges(self.laid(board_of(*clips_of(0, 10, 20)))) == [(3, 0, 20)]

    def test_the_same_cuts_change_nothing(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30))
        change = decide(decision("retune", values={"source_id": 1, "cuts": [10, 20]}), board)
        assert change.before == change.after == ()

    def test_clips_that_keep_both_cuts_stay_the_rows_that_they_are(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30))
        rows = self.laid(board, 10, 25)
        assert ranges(rows) == [(1, 0, 10), (4, 10, 25), (5, 25, 30)]
        assert rows[1] == board.clips[0]
        assert (rows[4].reviewer, rows[4].decided_at, rows[4].detector, rows[4].clip_no) == (
            None,
            None,
            "content",
            4,
        )

    def test_touched_clips_stay_and_cuts_inside_them_are_dropped(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30, 40))
        board = following(decide(decision("skip", 2), board), board)
        assert ranges(self.laid(board, 5, 10, 15, 20, 33)) == [
            (5, 0, 5),
            (6, 5, 10),
            (2, 10, 20),
            (7, 20, 33),
            (8, 33, 40),
        ]

    def test_kept_clips_at_both_ends_keep_the_ends(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30, 40))
        board = following(decide(decision("skip", 1, 4), board), board)
        assert ranges(self.laid(board, 3, 17, 35)) == [(1, 0, 10), (5, 10, 17), (6, 17, 30), (4, 30, 40)]

    def test_two_free_stretches_side_by_side_become_one(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30, 40))
        board = following(decide(decision("skip", 1, 4), board), board)
        assert ranges(self.laid(board)) == [(1, 0, 10), (5, 10, 30), (4, 30, 40)]

    def test_neighbours_that_are_both_kept_keep_the_cut_between_them(self) -> None:
        board = board_of(*clips_of(0, 10, 20, 30))
        board = following(decide(decision("annotate", 1, 2, values={"note": "x"}), board), board)
        assert ranges(self.laid(board, 5, 15)) == [(1, 0, 10), (2, 10, 20), (3, 20, 30)]

    def test_cuts_outside_of_the_source_are_dropped(self) -> None:
        assert ranges(self.laid(board_of(*clips_of(0, 10)), -5, 0, 10, 99)) == [(1, 0, 10)]

    def test_a_clip_that_is_not_pending_stays_whoever_decided_it(self) -> None:
        one, two = clips_of(0, 10, 20)
        assert ranges(self.laid(board_of(replace(one, state="approved"), two), 5, 15)) == [
            (1, 0, 10),
            (3, 10, 15),
            (4, 15, 20),
        ]

    def test_a_clip_with_a_human_cut_is_touched(self) -> None:
        board = board_of(*clips_of(0, 20, 30))
        board = following(decide(decision("split", 1, frame=7), board), board)
        assert ranges(self.laid(board, 10, 25)) == [(1, 0, 7), (3, 7, 20), (4, 20, 25), (5, 25, 30)]

    def test_a_clip_whose_decision_was_undone_is_untouched_again(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20)))
        catalog.decide(decision("approve", 1))
        catalog.undo("ana")
        assert ranges(self.laid(replace(catalog.board, clips=catalog.live), 5)) == [(3, 0, 5), (4, 5, 20)]

    def test_a_clip_that_someone_else_holds_is_not_replaced(self) -> None:
        with pytest.raises(ClipLeased, match="held by ben"):
            decide(
                decision("retune", values={"source_id": 1, "cuts": [5]}),
                board_of(*clips_of(0, 10)),
                {1: "ben"},
            )

    def test_other_sources_stay_as_they_are(self) -> None:
        board = board_of(*clips_of(0, 10), *clips_of(0, 5, source_id=2, first_id=2))
        assert self.laid(board, 5)[2] == board.clips[1]

    @pytest.mark.parametrize(
        ("values", "kind", "message"),
        [({"source_id": 1}, UsageError, "needs cuts"), ({}, UsageError, "needs cuts and source_id"),
         ({"source_id": 1, "cuts": ["a"]}, UsageError, "list of frame numbers"),
         ({"source_id": 1, "cuts": 3}, UsageError, "list of frame numbers"),
         ({"source_id": 9, "cuts": []}, UnknownReference, "no source 9")],
    )  # fmt: skip
    def test_a_retune_says_what_it_lacks(
        self, values: dict[str, Any], kind: type[Exception], message: str
    ) -> None:
        with pytest.raises(kind, match=message):
            decide(decision("retune", values=values), board_of(*clips_of(0, 10)))


class TestUndo:
    def test_undo_restores_everything_but_the_version(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        was = catalog.contents()
        catalog.decide(decision("merge", 1, 3))
        catalog.undo("ana")
        assert catalog.contents() == was
        assert [clip.version for clip in catalog.live] == [3, 3, 3]

    def test_redo_brings_the_same_new_clip_back(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10)))
        catalog.decide(decision("split", 1, frame=4))
        made = catalog.contents()
        catalog.undo("ana")
        catalog.redo("ana")
        assert catalog.contents() == made
        catalog.undo("ana")
        catalog.redo("ana")
        assert ranges(catalog.rows) == [(1, 0, 4), (2, 4, 10)]

    def test_a_number_that_was_undone_is_not_used_again(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10)))
        catalog.decide(decision("split", 1, frame=4))
        catalog.undo("ana")
        catalog.decide(decision("split", 1, frame=6))
        assert ranges(catalog.rows) == [(1, 0, 6), (3, 6, 10)]

    def test_a_new_decision_clears_redo(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20)))
        catalog.decide(decision("approve", 1))
        catalog.undo("ana")
        catalog.decide(decision("skip", 2))
        with pytest.raises(NothingToUndo):
            catalog.redo("ana")

    @pytest.mark.parametrize(
        ("meanwhile", "words"),
        [
            (decision("skip", 2, reviewer="ben"), r"clip 1\.2 has moved on: it is skipped now \(by ben\)"),
            (
                decision("merge", 2, reviewer="ben"),
                r"clip 1\.2 has moved on: it has been merged or replaced .*\(by ben\)",
            ),
            (
                decision("split", 2, reviewer="ben", frame=15),
                r"it is pending now and it covers frames 10 to 14 now \(by ben\)",
            ),
            (decision("group", 2, 3, reviewer="ben"), r"its group has changed \(by ben\)"),
            (
                decision("annotate", 2, reviewer="ben", values={"note": "x"}),
                r"its label, tags or note have changed \(by ben\)",
            ),
            (decision("approve", 2, reviewer="ben"), r"it was decided again \(by ben\)"),
        ],
        ids=lambda value: getattr(value, "action", ""),
    )
    def test_a_clip_that_has_moved_on_is_refused_with_what_changed_and_by_whom(
        self, meanwhile: Any, words: str
    ) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        catalog.decide(decision("approve", 2))
        catalog.decide(meanwhile)
        was = catalog.contents()
        with pytest.raises(DecisionRefused, match=words):
            catalog.undo("ana")
        assert catalog.contents() == was

    def test_when_the_other_takes_it_back_undo_works_again(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20)))
        was = catalog.contents()
        catalog.decide(decision("approve", 2))
        catalog.decide(decision("merge", 2, reviewer="ben"))
        with pytest.raises(DecisionRefused):
            catalog.undo("ana")
        catalog.undo("ben")
        catalog.undo("ana")
        assert catalog.contents() == was

    def test_redo_is_refused_too_when_a_clip_has_moved_on(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20)))
        catalog.decide(decision("split", 1, frame=5))
        catalog.undo("ana")
        catalog.decide(decision("merge", 2, reviewer="ben"))
        with pytest.raises(
            DecisionRefused, match=r"clip 1\.1 has moved on: it covers frames 0 to 19 now \(by ben\)"
        ):
            catalog.redo("ana")

    def test_an_export_is_not_blamed_on_the_reviewer(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10)))
        catalog.decide(decision("approve", 1))
        catalog.export(1, "final_clips/1.mp4")
        with pytest.raises(DecisionRefused, match=r"it is exported now; decide"):
            catalog.undo("ana")

    def test_a_reset_of_an_exported_clip_can_be_undone(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10)))
        catalog.decide(decision("approve", 1))
        catalog.export(1, "final_clips/1.mp4")
        was = catalog.contents()
        catalog.decide(decision("reset", 1))
        catalog.undo("ana")
        assert catalog.contents() == was

    def test_a_group_that_another_reviewer_has_dissolved_is_not_half_restored(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        catalog.decide(decision("group", 1, 2, 3))
        catalog.decide(decision("ungroup", 3))
        catalog.decide(decision("ungroup", 2, reviewer="ben"))
        with pytest.raises(DecisionRefused, match=r"its group has changed"):
            catalog.undo("ana")
        catalog.undo("ben")
        catalog.undo("ana")
        assert {clip.group_id for clip in catalog.live} == {1}

    def test_a_group_left_and_left_again_is_taken_back_from_the_end_only(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        catalog.decide(decision("group", 1, 2))
        catalog.decide(decision("ungroup", 1, reviewer="ben"))
        catalog.decide(decision("group", 2, 3))
        catalog.decide(decision("ungroup", 2))
        with pytest.raises(DecisionRefused, match=r"clip 1\.2 has moved on: it was decided again \(by ana\)"):
            catalog.undo("ben")
        catalog.undo("ana")
        catalog.undo("ana")
        catalog.undo("ben")
        assert {clip.id: clip.group_id for clip in catalog.live} == {1: 1, 2: 1, 3: None}

    def test_a_decision_that_was_taken_back_is_no_hindrance_to_those_it_shared_a_group_with(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        catalog.decide(decision("group", 1, 2, 3, reviewer="ben"))
        catalog.decide(decision("annotate", 1, values={"note": "x"}))
        catalog.decide(decision("ungroup", 3, reviewer="ben"))
        catalog.undo("ana")
        catalog.undo("ben")
        assert {(clip.group_id, clip.note) for clip in catalog.live} == {(1, None)}

    def test_a_group_is_not_restored_while_a_member_is_exporting(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        catalog.decide(decision("group", 1, 2, 3))
        catalog.decide(decision("approve", 1))
        catalog.decide(decision("ungroup", 3))
        catalog.rows[1] = replace(catalog.rows[1], state="exporting", version=9)
        with pytest.raises(ClipFrozen, match=r"clip 1\.1 is exporting"):
            catalog.undo("ana")

    def test_a_retune_is_undone_as_one(self) -> None:
        catalog = MemoryCatalog(board_of(*clips_of(0, 10, 20, 30)))
        was = catalog.contents()
        catalog.decide(decision("retune", values={"source_id": 1, "cuts": [5, 15]}))
        assert len(catalog.live) == 3
        catalog.undo("ana")
        assert catalog.contents() == was

    def test_another_file_at_the_same_state_is_a_difference(self) -> None:
        clip = exported(clips_of(0, 10)[0])
        assert (
            describe_difference(clip, replace(clip, clip_filepath="other.mp4"))
            == "its exported file has changed"
        )


class TestChecking:
    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"end_frame": 9}, "gap"),
            ({"end_frame": 11}, "overlap"),
            ({"end_frame": 0}, "gap|no frames"),
            ({"group_id": 1}, "group 1 has one member"),
        ],
    )
    def test_a_fault_in_the_rows_stops_the_transaction(self, change: dict[str, int], fault: str) -> None:
        one, two = clips_of(0, 10, 20)
        with pytest.raises(AssertionError, match=fault):
            check([replace(one, **change), two], {1: 20})

    def test_a_group_has_the_name_of_its_lowest_clip(self) -> None:
        with pytest.raises(AssertionError, match="not named after its lowest clip"):
            check([replace(clip, group_id=2) for clip in clips_of(0, 10, 20)], {1: 20})

    def test_a_group_is_of_one_source(self) -> None:
        rows = [
            replace(clip, group_id=1) for clip in (*clips_of(0, 10), *clips_of(0, 5, source_id=2, first_id=2))
        ]
        with pytest.raises(AssertionError, match="spans sources"):
            check(rows, {1: 10, 2: 5})


class TestRows:
    def full(self) -> Clip:
        return Clip(
            id=3, clip_no=2, source_video_id=1, start_frame=10, end_frame=20, state="exported", is_virtual=False,
            clip_filepath="final_clips/x.mp4", group_id=2, version=9, label="goal", tags=("a", "b"), note="note\nmore",
            origin="human", detector="heaters", reviewer="ana", decided_at=NOON,
        )  # fmt: skip

    def test_a_row_survives_json(self) -> None:
        for clip in (self.full(), *clips_of(0, 10)):
            assert Clip.from_json(json.loads(json.dumps(clip.as_json()))) == clip

    def test_a_row_comes_back_from_a_database_that_knows_lists_only(self) -> None:
        clip = self.full()
        row = [
            list(value) if isinstance(value, tuple) else value
            for value in (getattr(clip, name) for name in CLIP_FIELDS)
        ]
        assert Clip.from_row(row) == clip
        assert hash(Clip.from_row(row)) == hash(clip)

    def test_a_row_with_a_column_too_few_is_refused(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            Clip.from_row([1, 1, 1, 0, 10])

    def test_only_the_version_does_not_count_as_content(self) -> None:
        clip = self.full()
        assert clip.same_content(replace(clip, version=77))
        for one in fields(Clip):
            if one.name != "version":
                assert not clip.same_content(replace(clip, **{one.name: "other"})), one.name

    def test_people_call_a_clip_by_source_and_number(self) -> None:
        assert self.full().ref == "1.2"
