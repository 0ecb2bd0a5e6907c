"""The review queue as pages use it: runs of clips, what others do, and what happens when two want the same."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driving import Heaters, open_workspace
from rooms import Rooms, decide, leases, make_room, op_id, rooms_by, sit_down, states
from shows import add_source

from heaters.domain.queue import REFILL_AT
from heaters.errors import (
    ClipLeased,
    DecisionRefused,
    NothingToUndo,
    StaleVersion,
    UnknownReference,
    UsageError,
)
from heaters.review import HISTORY, ReviewSession
from heaters.workspace import Workspace

CLIP = {
    "id", "ref", "clip_no", "source_video_id", "start_frame", "end_frame", "state", "version", "group_id", "label", "tags", "note",
    "reviewer", "decided_at", "origin", "score",
}  # fmt: skip
STANDING = {
    "source_id", "held", "others", "lost", "changes", "events", "history", "seq", "counts", "at",
}  # fmt: skip


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Source 1 has clips 1 to 12, source 2 has clips 13 to 15."""
    return make_room(tmp_path_factory.mktemp("rooms") / "room", 12, 3)


@pytest.fixture(params=[pytest.param("direct", marks=pytest.mark.long), "owner"])
def open_room(pattern: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rooms]:
    with rooms_by(request.param, shutil.copytree(pattern, tmp_path / "room")) as rooms:
        yield rooms


@pytest.fixture
def room(open_room: Rooms) -> Workspace:
    return open_room()


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


# -- what is handed out ---------------------------------------------------------------------------------------------


def test_a_page_gets_a_run_of_clips_and_all_that_it_needs_of_their_source(room: Workspace) -> None:
    begun = ReviewSession(room, reviewer="ana").begin()

    assert set(begun) == STANDING | {"clips", "current"}
    assert (begun["source_id"], begun["current"], begun["held"]) == (1, 1, [1, 2, 3, 4, 5, 6])
    assert ids(begun["clips"]) == [*range(1, 13)]
    assert all(set(row) == CLIP for row in begun["clips"])
    assert begun["clips"][2] == {
        **dict.fromkeys(CLIP), "id": 3, "ref": "1.3", "clip_no": 3, "source_video_id": 1, "start_frame": 20, "end_frame": 30,
        "state": "pending", "version": 1, "tags": [], "origin": "auto",
    }  # fmt: skip
    assert begun["counts"] == {
        "pending": 12, "approved": 0, "skipped": 0, "archived": 0, "exporting": 0, "exported": 0, "export_failed": 0,
    }  # fmt: skip
    assert (begun["others"], begun["lost"], begun["changes"]) == ([], [], [])
    assert [(event["action"], event["clips"]) for event in begun["history"]] == [("detect", 12)]
    assert leases(room) == dict.fromkeys(range(1, 7), "ana")


def test_two_pages_never_hold_the_same_clip_be_they_of_one_reviewer_or_of_two(room: Workspace) -> None:
    first, second, third = (ReviewSession(room, reviewer=name) for name in ("ana", "ana", "ben"))
    held = [one.begin(source=1)["held"] for one in (first, second, third)]
    seen = third.beat(shown=None, active=False)["others"]

    assert held == [[*range(1, 7)], [*range(7, 13)], []]
    assert [(one["clip_id"], one["reviewer"], one["session"]) for one in seen] == [
        *((number, "ana", first.session) for number in range(1, 7)),
        *((number, "ana", second.session) for number in range(7, 13)),
    ]
    assert {one["idle_seconds"] for one in seen} <= {0, 1}
    assert all(one["until"] > third.beat(shown=None, active=False)["at"] for one in seen)


def test_whoever_decides_goes_on_to_the_next_clip_and_gets_more_before_they_run_out(room: Workspace) -> None:
    session = sit_down(room)
    lengths, seen = [], []
    for number in range(1, 13):
        answer = decide(session, "approve", number)
        lengths.append(len(answer["held"]))
        seen.append(answer["current"])

    assert seen == [*range(2, 13), None]
    assert lengths == [5, 4, 6, 5, 4, 6, 5, 4, 3, 2, 1, 0]
    assert min(lengths[:6]) > REFILL_AT
    assert leases(room) == {}
    assert answer["counts"]["approved"] == 12


def test_a_page_that_comes_to_the_last_clips_gets_those_that_it_had_left_out(room: Workspace) -> None:
    session = ReviewSession(room, reviewer="ana")
    assert session.begin("1.9")["held"] == [9, 10, 11, 12]
    for number in (9, 10, 11):
        answer = decide(session, "skip", number)

    assert (answer["current"], answer["held"]) == (12, [1, 2, 3, 12])
    assert decide(session, "skip", 12)["current"] == 1


def test_neighbours_that_another_page_holds_end_a_run(room: Workspace) -> None:
    ReviewSession(room, reviewer="ben").begin("1.4")
    ana = sit_down(room)

    assert ana.beat(shown=1, active=True)["held"] == [1, 2, 3]
    assert decide(ana, "approve", 1)["held"] == [2, 3, 10, 11, 12]


# -- where it begins ------------------------------------------------------------------------------------------------


def test_a_clip_that_is_named_is_shown_first_and_the_run_begins_there(room: Workspace) -> None:
    session = sit_down(room)
    begun = session.begin("1.8")

    assert (begun["current"], begun["held"]) == (8, [8, 9, 10, 11, 12])
    assert leases(room) == dict.fromkeys([8, 9, 10, 11, 12], "ana")
    assert session.begin("1.10")["held"] == [8, 9, 10, 11, 12]


def test_a_link_to_a_clip_that_was_merged_leads_to_the_one_that_has_its_frames(room: Workspace) -> None:
    room.decide("merge", ["1.3", "1.5"])
    assert ReviewSession(room, reviewer="ana").begin("1.5")["current"] == 3


def test_without_a_wish_a_reviewer_goes_on_where_he_was_and_a_new_one_where_it_is_urgent(
    room: Workspace, open_room: Rooms
) -> None:
    open_room.write("UPDATE source_videos SET priority = 5 WHERE id = 2")
    room.decide("approve", "1.1", reviewer="ana")

    assert ReviewSession(room, reviewer="ana").begin()["source_id"] == 1
    assert ReviewSession(room, reviewer="ben").begin()["source_id"] == 2
    assert ReviewSession(room, reviewer="cem").begin()["source_id"] == 1
    assert ReviewSession(room, reviewer="dan", source=2).begin()["source_id"] == 2


def test_what_there_is_not_is_said_in_words(room: Workspace, empty: Workspace) -> None:
    new = add_source(room.catalog, "fresh")
    with pytest.raises(UnknownReference, match="there is no clip 99"):
        ReviewSession(room, reviewer="ana").begin(99)
    with pytest.raises(UnknownReference, match=r"there is no clip 1\.99"):
        ReviewSession(room, reviewer="ana").begin("1.99")
    with pytest.raises(UnknownReference, match="there is no source 9"):
        ReviewSession(room, reviewer="ana", source=9).begin()
    with pytest.raises(
        UsageError, match=rf"source {new} \(fresh\) is new and has no clips yet: `heaters run`"
    ):
        ReviewSession(room, reviewer="ana", source=new).begin()
    with pytest.raises(UsageError, match="nothing to review yet: `heaters ingest FILE`"):
        ReviewSession(empty, reviewer="ana").begin()
    for nameless in ("", "  ", "a\nb", "x" * 101):
        with pytest.raises(UsageError, match="it takes a name of 1 to 100 printable characters"):
            ReviewSession(room, reviewer=nameless)


# -- who may decide -------------------------------------------------------------------------------------------------


def test_a_decision_on_a_clip_that_another_page_holds_is_refused_by_name(room: Workspace) -> None:
    ana, other, ben = sit_down(room), sit_down(room), ReviewSession(room, reviewer="ben", source=2)
    ben.begin()

    with pytest.raises(ClipLeased, match=r"clip 1\.7 is held by ana in another window") as refused:
        decide(ana, "approve", 7)
    assert refused.value.facts["clip_id"] == 7
    with pytest.raises(ClipLeased, match=r"clip 1\.1 is held by ana: "):
        decide(ben, "approve", 1)
    with pytest.raises(ClipLeased, match=r"clip 1\.6 is held by ana in another window"):
        decide(other, "merge", 7)
    assert set(states(room).values()) == {"pending"}


def test_from_the_command_line_only_clips_of_other_reviewers_are_out_of_reach(room: Workspace) -> None:
    session, cli = sit_down(room), Heaters(room.root)

    said = cli.refused("decide", "approve", "1.2", "--reviewer", "ben", status=1, kind="ClipLeased")
    assert "clip 1.2 is held by ana" in said
    cli("decide", "approve", "1.2", "--reviewer", "ana")
    beaten = session.beat(shown=1, active=True)

    assert (beaten["held"], beaten["lost"]) == ([1, 3, 4, 5, 6], [])
    assert [(row["id"], row["state"]) for row in beaten["changes"]] == [(2, "approved")]


def test_a_clip_that_nobody_holds_may_be_decided_on_and_that_takes_no_lease(room: Workspace) -> None:
    session = sit_down(room)
    for action, number, more in (
        ("approve", 9, {}),
        ("split", 11, {"frame": 105}),
        ("annotate", 12, {"values": {"note": "x"}}),
    ):
        answer = decide(session, action, number, **more)
        assert answer["held"] == [1, 2, 3, 4, 5, 6]
    assert set(leases(room)) == {1, 2, 3, 4, 5, 6}


def test_a_version_that_is_over_is_refused_and_a_repeated_command_is_carried_out_once(
    room: Workspace,
) -> None:
    session, again = sit_down(room), op_id()
    first = decide(session, "approve", 1, op_id=again, versions={1: 1})
    second = decide(session, "approve", 1, op_id=again, versions={1: 1})

    assert ids(second["clips"]) == ids(first["clips"]) == [1]
    assert (second["current"], second["held"]) == (2, [2, 3, 4, 5, 6])
    assert room.events().rows()[-1]["op_id"] == again
    with pytest.raises(StaleVersion, match=r"clip 1\.1 has changed since version 1"):
        decide(session, "skip", 1, versions={1: 1})


def test_what_comes_of_a_held_clip_is_held(room: Workspace) -> None:
    session = sit_down(room)

    split = decide(session, "split", 2, frame=14)
    assert ids(split["clips"]) == [2, 16]
    assert (split["held"], split["current"]) == ([1, 2, 16, 3, 4, 5, 6], 16)
    merged = decide(session, "merge", 3)
    assert (merged["held"], merged["current"]) == ([1, 2, 16, 4, 5, 6], 16)
    moved = decide(session, "move-cut", 7, frame=57)
    assert (moved["held"], moved["current"]) == ([1, 2, 16, 4, 5, 6, 7], 7)
    grouped = decide(session, "group", 2)
    assert (grouped["held"], grouped["current"]) == ([16, 4, 5, 6, 7], 16)


# -- taking over ----------------------------------------------------------------------------------------------------


def test_who_is_taken_a_clip_hears_of_it_and_can_decide_on_it_no_more(room: Workspace) -> None:
    ana, ben = sit_down(room), sit_down(room, "ben")
    taken = ben.take_over(2)

    assert (taken["current"], taken["taken_from"], taken["held"]) == (2, "ana", [2, *range(7, 13)])
    with pytest.raises(ClipLeased, match=r"clip 1\.2 is held by ben"):
        decide(ana, "approve", 2)
    beaten = ana.beat(shown=2, active=True)
    assert beaten["lost"] == [{"clip_id": 2, "reviewer": "ben", "session": ben.session}]
    assert beaten["held"] == [1, 3, 4, 5, 6]
    assert ana.beat(shown=2, active=True)["lost"] == []


def test_a_clip_that_was_taken_and_decided_on_is_lost_to_whoever_decided(room: Workspace) -> None:
    ana, ben = sit_down(room), sit_down(room, "ben")
    ben.take_over(2)
    decide(ben, "archive", 2)
    beaten = ana.beat(shown=1, active=True)

    assert beaten["lost"] == [{"clip_id": 2, "reviewer": "ben", "session": None}]
    assert [(row["id"], row["state"], row["reviewer"]) for row in beaten["changes"]] == [
        (2, "archived", "ben")
    ]
    assert [(event["reviewer"], event["action"], event["refs"]) for event in beaten["events"]] == [
        ("ben", "archive", ["1.2"])
    ]


def test_a_whole_run_can_be_taken_from_somebody_who_has_gone(room: Workspace) -> None:
    ana, ben = sit_down(room), sit_down(room, "ben")
    assert ben.take_over(3, whole_run=True)["held"] == [*range(1, 13)]
    assert sorted(one["clip_id"] for one in ana.beat(shown=1, active=False)["lost"]) == [1, 2, 3, 4, 5, 6]


def test_taking_over_what_nobody_holds_is_holding_it_and_what_is_decided_is_nobodys(room: Workspace) -> None:
    session = sit_down(room)
    room.decide("approve", "1.10")

    assert session.take_over(9)["held"] == [1, 2, 3, 4, 5, 6, 9]
    assert session.take_over(10)["taken_from"] is None
    assert 10 not in leases(room)
    for stranger in (99, 13):
        with pytest.raises(UnknownReference, match=f"no live clip {stranger} in source 1"):
            session.take_over(stranger)


# -- time -----------------------------------------------------------------------------------------------------------


def test_the_clips_of_a_page_that_was_closed_are_free_after_a_while_and_it_decides_on_none_of_them_later(
    open_room: Rooms,
) -> None:
    gone = sit_down(open_room(lease_seconds=0.2))
    ben = ReviewSession(open_room(), reviewer="ben", source=2)
    ben.begin()
    time.sleep(0.3)
    assert ben.begin("1.1")["held"] == [*range(1, 7)]

    with pytest.raises(ClipLeased, match=r"clip 1\.1 is held by ben"):
        decide(gone, "approve", 1)
    lost = gone.beat(shown=1, active=True)
    assert {(one["clip_id"], one["reviewer"]) for one in lost["lost"]} == {
        (number, "ben") for number in range(1, 7)
    }
    assert lost["held"] == []


def test_beats_of_a_tab_that_nobody_looks_at_renew_its_leases_before_they_run_out(
    open_room: Rooms,
) -> None:
    def ends() -> set[datetime]:
        return {row["expires_at"] for row in room.catalog.rows("SELECT expires_at FROM leases")}

    room = open_room(lease_seconds=1.0)
    session = sit_down(room)
    first = ends()
    time.sleep(0.5)
    beaten = session.beat(shown=1, active=False)

    assert ends() == {beaten["at"] + timedelta(seconds=1)} != first
    assert beaten["held"] == [*range(1, 7)]


def test_others_see_for_how_long_nobody_has_touched_a_page(room: Workspace, open_room: Rooms) -> None:
    def idle() -> int:
        (seconds,) = {one["idle_seconds"] for one in ben.beat(shown=7, active=True)["others"]}
        return int(seconds)

    ana, ben = sit_down(room), sit_down(room, "ben")
    for touch in (
        lambda: decide(ana, "approve", 1),
        lambda: ana.beat(shown=3, active=False),
        lambda: ana.beat(shown=3, active=True),
    ):
        year = datetime.now(UTC).year
        open_room.write(
            f"UPDATE meta SET value = replace(value, '{year}-', '{year - 1}-') WHERE key LIKE 'session:%'",
        )
        assert idle() > 86_400
        touch()
        assert idle() < 60


def test_a_page_that_slept_goes_on_where_nobody_has_taken_its_clips(open_room: Rooms) -> None:
    ana = sit_down(open_room(lease_seconds=0.2))
    time.sleep(0.3)
    room = open_room()
    ReviewSession(room, reviewer="ben", source=2).begin()  # sweeps what has run out
    assert set(leases(room)) == {13, 14, 15}

    assert ana.beat(shown=1, active=True)["held"] == [*range(1, 7)]
    time.sleep(0.3)
    assert decide(ana, "approve", 1)["current"] == 2


def test_what_has_run_out_goes_to_whoever_works_on_without_anybody_opening_a_page(open_room: Rooms) -> None:
    sit_down(open_room(lease_seconds=0.2))
    ben = ReviewSession(open_room(), reviewer="ben")
    ben.begin(7)
    time.sleep(0.3)
    for number in (7, 8, 9):
        answer = decide(ben, "approve", number)

    assert answer["held"] == [1, 2, 3, 10, 11, 12]
    assert answer["others"] == []


def test_a_page_that_is_loaded_anew_after_a_long_time_has_its_clips_if_nobody_took_them(
    open_room: Rooms,
) -> None:
    sit_down(open_room(lease_seconds=0.2), session="tab").beat(shown=4, active=True)
    time.sleep(0.3)
    begun = ReviewSession(open_room(), reviewer="ana", session="tab").begin()

    assert (begun["held"], begun["current"]) == ([1, 2, 3, 4, 5, 6], 4)


def test_a_beat_with_nothing_new_writes_nothing(room: Workspace) -> None:
    session = sit_down(room)
    session.beat(shown=1, active=True)
    files = {file: file.stat().st_mtime_ns for file in (room.root / "catalog").glob("catalog.duckdb*")}
    for _ in range(5):
        beaten = session.beat(shown=1, active=True)

    assert set(beaten) == STANDING
    assert {
        file: file.stat().st_mtime_ns for file in (room.root / "catalog").glob("catalog.duckdb*")
    } == files


# -- going away and coming back -------------------------------------------------------------------------------------


def test_a_page_that_is_loaded_anew_goes_on_with_the_same_clips_at_the_same_place(room: Workspace) -> None:
    before = sit_down(room, session="tab")
    decide(before, "approve", 1)
    before.beat(shown=4, active=True)
    after = ReviewSession(room, reviewer="ana", session="tab")
    begun = after.begin()

    assert (begun["held"], begun["current"]) == ([2, 3, 4, 5, 6], 4)
    assert [event["action"] for event in begun["history"]] == ["approve", "detect"]
    assert ReviewSession(room, reviewer="ana", session="tab", source=1).begin()["current"] == 4
    assert ReviewSession(room, reviewer="ana", session="tab").begin(3)["current"] == 3


def test_of_two_windows_with_one_session_the_one_that_was_opened_last_goes_on(room: Workspace) -> None:
    old, new = (sit_down(room, session="tab") for _ in range(2))

    with pytest.raises(ClipLeased, match=r"clip 1\.1 is held by ana in another window"):
        decide(old, "approve", 1)
    beaten = old.beat(shown=1, active=True)
    assert {one["session"] for one in beaten["lost"]} == {"tab"}
    assert beaten["held"] == []
    old.give_back()
    assert decide(new, "approve", 1)["held"] == [2, 3, 4, 5, 6]
    new.beat(shown=3, active=True)
    old.beat(shown=6, active=True)
    assert ReviewSession(room, reviewer="ana", session="tab").begin()["current"] == 3


def test_what_is_given_back_is_free_at_once_and_the_place_is_remembered(room: Workspace) -> None:
    session = sit_down(room, session="tab")
    session.beat(shown=5, active=True)
    session.give_back()

    assert leases(room) == {}
    assert ReviewSession(room, reviewer="ben").begin()["held"] == [*range(1, 7)]
    begun = ReviewSession(room, reviewer="cem", session="tab").begin()
    assert (begun["current"], begun["held"]) == (7, [*range(7, 13)])
    assert ReviewSession(room, reviewer="cem", session="tab").begin("1.5")["current"] == 5


def test_a_page_that_goes_keeps_its_clips_for_a_moment_since_it_may_be_loaded_anew(room: Workspace) -> None:
    sit_down(room, session="tab").give_back(after=20)
    ben = sit_down(room, "ben")
    assert ben.beat(shown=7, active=True)["held"] == [*range(7, 13)]
    told = ben.beat(shown=7, active=True)
    left = {one["until"] - told["at"] for one in told["others"]}

    assert timedelta(0) < max(left) <= timedelta(seconds=20)
    again = sit_down(room, session="tab")
    assert again.beat(shown=1, active=True)["held"] == [*range(1, 7)]
    again.give_back(after=0.2)
    again.give_back(after=20)
    time.sleep(0.3)
    assert ben.begin(1)["held"] == [*range(1, 7)]


def test_who_closes_a_page_and_opens_a_new_one_at_once_has_his_clips_and_nobody_elses(
    room: Workspace,
) -> None:
    old, other = sit_down(room), sit_down(room)
    old.give_back(after=20)
    assert sit_down(room, "ben").begin(1)["held"] == []
    new = ReviewSession(room, reviewer="ana").begin()

    assert (new["current"], new["held"]) == (1, [*range(1, 7)])
    assert other.beat(shown=7, active=True)["held"] == [*range(7, 13)]
    assert old.beat(shown=1, active=True)["held"] == []


def test_a_page_that_comes_back_from_being_left_keeps_its_clips(room: Workspace) -> None:
    page = sit_down(room)
    page.give_back(after=20)
    assert page.beat(shown=1, active=True)["held"] == [*range(1, 7)]

    assert ReviewSession(room, reviewer="ana").begin()["held"] == [*range(7, 13)]


def test_going_to_another_source_lets_go_of_the_first_one(room: Workspace) -> None:
    session = sit_down(room)
    begun = session.begin(source=2)

    assert (begun["source_id"], begun["current"], begun["held"]) == (2, 13, [13, 14, 15])
    assert set(leases(room)) == {13, 14, 15}
    assert decide(session, "approve", 13)["current"] == 14


def test_at_the_end_of_a_source_its_totals_are_told_and_where_there_is_more_to_do(room: Workspace) -> None:
    session = sit_down(room, source=2)
    for action, number in (("approve", 13), ("skip", 14), ("approve", 15)):
        last = decide(session, action, number)
    sit_down(room, "ben")
    end = session.next_source()

    assert (last["current"], last["held"]) == (None, [])
    assert (end["source_id"], end["title"], end["clips"], end["held_by_others"]) == (2, "show 2", 3, 0)
    assert {state: count for state, count in end["counts"].items() if count} == {"approved": 2, "skipped": 1}
    assert end["decisions"] == 3
    assert 0 <= end["minutes"] < 1
    assert end["next"] == {"id": 1, "title": "show 1", "clips": 12, "pending": 12, "free": 6}
    assert session.sources() == [
        end["next"],
        {"id": 2, "title": "show 2", "clips": 3, "pending": 0, "free": 0},
    ]
    assert session.begin(source=1)["held"] == [*range(7, 13)]
    assert session.next_source()["next"] is None
    assert session.next_source()["held_by_others"] == 6


def test_where_others_hold_the_rest_nothing_is_shown_until_they_let_go(room: Workspace) -> None:
    ana, ben = sit_down(room, source=2), ReviewSession(room, reviewer="ben", source=2)
    begun = ben.begin()
    assert (begun["current"], begun["held"], begun["counts"]["pending"]) == (None, [], 3)
    assert ben.next_source()["held_by_others"] == 3
    ana.give_back()

    assert ben.beat(shown=None, active=True)["held"] == []
    assert ben.begin()["current"] == 13


# -- undo -----------------------------------------------------------------------------------------------------------


def test_undo_brings_the_clip_back_and_holds_it(room: Workspace) -> None:
    session = sit_down(room)
    decide(session, "approve", 1)
    decide(session, "archive", 2)
    undone = session.undo(op_id())

    assert (undone["action"], undone["undid"], undone["current"]) == ("undo", "archive", 2)
    assert [(row["id"], row["state"]) for row in undone["clips"]] == [(2, "pending")]
    assert undone["held"] == [2, 3, 4, 5, 6]
    assert [(event["action"], event["undone"], event["of"]) for event in undone["history"][:3]] == [
        ("undo", False, "archive"),
        ("archive", True, None),
        ("approve", False, None),
    ]
    redone = session.redo(op_id())
    assert (redone["redid"], redone["current"], redone["held"]) == ("archive", 3, [3, 4, 5, 6])
    assert [(event["action"], event["undone"]) for event in redone["history"][:3]] == [
        ("redo", False),
        ("undo", False),
        ("archive", False),
    ]
    assert room.history(source=1)[2]["undone"] is False


def test_undo_of_a_merge_or_of_a_whole_range_brings_back_every_clip_of_it(room: Workspace) -> None:
    session = sit_down(room)
    decide(session, "merge", 3)
    assert session.undo(op_id())["held"] == [1, 2, 3, 4, 5, 6]
    decide(session, "skip", *range(1, 7))
    undone = session.undo(op_id())

    assert (undone["current"], undone["held"]) == (6, [*range(1, 7), *range(7, 13)])


def test_undo_is_for_this_source_and_refused_where_somebody_has_got_the_clip_by_now(room: Workspace) -> None:
    ana = sit_down(room)
    decide(ana, "approve", 1)
    ana.begin(source=2)
    with pytest.raises(NothingToUndo, match="ana has nothing to undo in source 2"):
        ana.undo(op_id())
    room.decide("annotate", "1.9", reviewer="ana", note="x")
    ben = ReviewSession(room, reviewer="ben")
    ben.begin(9)
    ana.begin(source=1)
    with pytest.raises(ClipLeased, match=r"clip 1\.9 is held by ben"):
        ana.undo(op_id())
    ben.give_back()
    assert ana.undo(op_id())["undid"] == "annotate"
    room.decide("reset", "1.1", reviewer="cem")
    with pytest.raises(DecisionRefused, match=r"clip 1\.1 has moved on: .*\(by cem\)"):
        ana.undo(op_id())
    room.decide("approve", "1.12", reviewer="ana")
    with pytest.raises(NothingToUndo, match="has nothing to redo"):
        ana.redo(op_id())


def test_undo_leaves_alone_what_was_done_in_another_window_that_is_open(room: Workspace) -> None:
    first, second = sit_down(room), sit_down(room)
    mine = decide(first, "approve", 1)["seq"]
    theirs = decide(second, "archive", 7)["seq"]
    decide(first, "approve", 2)
    decide(second, "split", 8, frame=75)

    assert first.undo_to(mine, op_id())["current"] == 1
    with pytest.raises(
        NothingToUndo,
        match="nothing to undo in source 1; another window of yours takes back what was done there",
    ):
        first.undo(op_id())
    with pytest.raises(DecisionRefused, match=f"event {theirs} was decided in another window of yours"):
        first.undo_to(theirs, op_id())
    decide(second, "annotate", 9, values={"note": "x"})
    assert [first.redo(op_id())["redid"] for _ in range(2)] == ["approve", "approve"]
    assert [second.undo(op_id())["undid"] for _ in range(3)] == ["annotate", "split", "archive"]
    assert room.undo(reviewer="ana")["undid"] == "approve"
    assert states(room)[2] == "pending"


def test_undo_goes_on_with_what_was_done_in_windows_that_are_closed(room: Workspace) -> None:
    before = sit_down(room)
    decide(before, "approve", 1)
    decide(before, "skip", 2)
    room.decide("archive", "1.12", reviewer="ana")
    before.give_back()
    session = sit_down(room)
    decide(session, "approve", 3)

    undone = [session.undo(op_id()) for _ in range(4)]
    assert [(one["undid"], one["current"]) for one in undone] == [
        ("approve", 3),
        ("archive", 12),
        ("skip", 2),
        ("approve", 1),
    ]


def test_one_can_go_back_to_an_earlier_decision_of_ones_own(room: Workspace) -> None:
    ana, before = sit_down(room), states(room)
    first = decide(ana, "approve", 1)["seq"]
    decide(ana, "split", 2, frame=15)
    room.decide("archive", "1.12", reviewer="ben")
    decide(ana, "merge", 16)
    again = op_id()
    undone = ana.undo_to(first, again)

    assert [(one["seq"], one["action"]) for one in undone["undone"]] == [
        (first + 3, "merge"),
        (first + 1, "split"),
        (first, "approve"),
    ]
    assert (undone["undid"], undone["current"]) == ("merge", 1)
    assert states(room) == {**before, 12: "archived"}
    assert undone["held"][:3] == [1, 2, 3]
    assert [event["action"] for event in undone["history"][:4]] == ["undo", "undo", "undo", "merge"]
    assert ids(ana.undo_to(first, again)["clips"]) == ids(undone["clips"])
    assert len(room.history(source=1)) == 8
    assert [ana.redo(op_id())["redid"] for _ in range(3)] == ["approve", "split", "merge"]
    assert room.check() == []


def test_one_goes_back_all_the_way_or_not_at_all_and_hears_what_stands_in_the_way(room: Workspace) -> None:
    ana = sit_down(room)
    first = decide(ana, "approve", 1)["seq"]
    decide(ana, "approve", 2)
    decide(ana, "approve", 3)
    room.decide("archive", "1.2", reviewer="ben")
    theirs = room.history(source=1)[0]["seq"]
    before = states(room)

    with pytest.raises(
        DecisionRefused, match=r"nothing was undone, because approve of 1\.2 stands in the way: .*\(by ben\)"
    ):
        ana.undo_to(first, op_id())
    with pytest.raises(
        DecisionRefused, match=f"event {theirs} is a decision of ben: go back to one of your own"
    ):
        ana.undo_to(theirs, op_id())
    with pytest.raises(DecisionRefused, match="event 1 is detect: choose a decision"):
        ana.undo_to(1, op_id())
    with pytest.raises(NothingToUndo, match="source 1 has no event 99"):
        ana.undo_to(99, op_id())
    assert states(room) == before
    assert [one["clip_ids"] for one in ana.undo_to(first + 2, op_id())["undone"]] == [[3]]
    with pytest.raises(NothingToUndo, match=f"event {first + 2} was taken back already"):
        ana.undo_to(first + 2, op_id())


# -- what is remembered ---------------------------------------------------------------------------------------------


def test_what_others_do_is_told_once_and_the_history_is_the_same_as_that_of_the_log(room: Workspace) -> None:
    ana, ben = sit_down(room), sit_down(room, "ben")
    decide(ben, "approve", 7)
    decide(ben, "split", 8, frame=75)
    answer = decide(ana, "skip", 1)

    assert [(row["id"], row["state"]) for row in answer["changes"]] == [
        (7, "approved"),
        (8, "pending"),
        (16, "pending"),
    ]
    assert [(event["reviewer"], event["action"]) for event in answer["events"]] == [
        ("ana", "skip"),
        ("ben", "split"),
        ("ben", "approve"),
    ]
    assert answer["history"] == room.history(source=1)
    assert answer["counts"]["approved"] == 1
    quiet = ana.beat(shown=2, active=True)
    assert (quiet["changes"], quiet["events"], quiet["seq"]) == ([], [], answer["seq"])
    assert quiet["counts"] == answer["counts"]
    decide(ben, "approve", 8)
    for number in range(60):
        decide(ben, "annotate", 9, values={"note": str(number)})
    assert len(ana.beat(shown=2, active=True)["history"]) == HISTORY
    assert room.history(source=1, limit=2)[0]["refs"] == ["1.9"]


def test_a_page_that_did_not_get_an_answer_is_told_again_what_has_happened(room: Workspace) -> None:
    session = sit_down(room)
    decide(session, "approve", 1)
    known = session.seen
    decide(session, "skip", 2)
    session.seen = known  # the page has not heard of it
    beaten = session.beat(shown=2, active=True)

    assert [(row["id"], row["state"]) for row in beaten["changes"]] == [(2, "skipped")]
    assert [event["action"] for event in beaten["events"]] == ["skip"]
    assert beaten["history"] == room.history(source=1)


def test_a_clip_and_a_source_have_a_history(room: Workspace) -> None:
    room.decide("approve", ["1.1", "2.1"], reviewer="ana")
    room.undo(reviewer="ana")

    assert [(row["action"], row["refs"], row["undone"], row["of"]) for row in room.history(source=2)] == [
        ("undo", ["1.1", "2.1"], False, "approve"),
        ("approve", ["1.1", "2.1"], True, None),
        ("detect", ["2.1", "2.2", "2.3"], False, None),
    ]
    assert [row["action"] for row in room.history("1.1")] == ["detect", "approve", "undo"]
    for wrong in ({}, {"clip": 1, "source": 1}):
        with pytest.raises(UsageError, match="name one: a clip, or a source"):
            room.history(**wrong)


def test_preferences_are_kept_for_each_reviewer(room: Workspace, open_room: Rooms) -> None:
    session = ReviewSession(room, reviewer="ana")
    chosen = session.prefer({"fast": True, "speed": 2.0, "keys": {"approve": "e"}})

    assert session.preferences() == chosen == {
        "fast": True, "speed": 2.0, "muted": False, "preset": "heaters", "keys": {"approve": "e"},
    }  # fmt: skip
    assert open_room().preferences("ana") == chosen
    assert open_room().preferences("ben")["fast"] is None
    assert session.prefer({"fast": None})["speed"] == 2.0
    with pytest.raises(UsageError, match="there is no preference 'colour'"):
        session.prefer({"colour": "red"})


def test_every_cut_has_the_score_that_the_detector_saw(ws: Workspace) -> None:
    session = ReviewSession(ws, reviewer="ana")
    begun = session.begin()
    scores = session.scores()

    assert scores is not None
    assert len(scores) == 60
    first, *others = [row["score"] for row in begun["clips"]]
    assert first is None
    assert others == pytest.approx([float(scores[20]), float(scores[40])], abs=0.001)
    assert min(others) >= 1 > float(scores[10])
    split = decide(session, "split", 2, frame=30)
    assert [row["score"] for row in split["clips"]] == pytest.approx(
        [float(scores[20]), float(scores[30])], abs=0.001
    )
    (ws.root / ws.source(1)["scores_filepath"]).unlink()
    assert ReviewSession(ws, reviewer="ben").begin()["clips"][1]["score"] is None


@pytest.mark.long
def test_a_long_source_is_handed_out_as_quickly_as_it_can_be_decided(tmp_path: Path) -> None:
    """Not a matter of seconds: a bulk of thousands is one event, and whoever undoes it does not keep it all to himself."""
    ws = open_workspace(make_room(tmp_path / "long", 3000))
    session = sit_down(ws)
    answer = decide(session, "skip", *range(1, 3000))

    assert (answer["current"], answer["held"]) == (3000, [3000])
    assert (answer["events"][0]["clips"], len(answer["events"][0]["refs"])) == (2999, 100)
    undone = session.undo(op_id())
    assert (undone["counts"]["pending"], undone["held"]) == (3000, [*range(2990, 3001)])
    assert ws.check() == []
