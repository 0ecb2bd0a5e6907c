from __future__ import annotations

from heaters.domain.states import CLIP_TRANSITIONS, DECIDED, FROZEN, SOURCE_TRANSITIONS, may_become


def test_every_state_that_follows_another_has_a_row_of_its_own() -> None:
    for table in (SOURCE_TRANSITIONS, CLIP_TRANSITIONS):
        assert {state for following in table.values() for state in following} <= set(table)


def test_every_source_state_is_reached_from_a_new_source() -> None:
    reached, waiting = {"new"}, ["new"]
    while waiting:
        fresh = SOURCE_TRANSITIONS[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(SOURCE_TRANSITIONS)


def test_every_clip_state_is_reached_from_a_pending_clip() -> None:
    reached, waiting = {"pending"}, ["pending"]
    while waiting:
        fresh = CLIP_TRANSITIONS[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    assert reached == set(CLIP_TRANSITIONS)


def test_every_decision_may_be_made_on_every_clip_that_is_not_frozen() -> None:
    for state in CLIP_TRANSITIONS.keys() - FROZEN - {"superseded"}:
        for decided in DECIDED.values():
            assert may_become(CLIP_TRANSITIONS, state, decided), (state, decided)


def test_an_exported_clip_can_only_be_reset() -> None:
    assert CLIP_TRANSITIONS["exported"] == {DECIDED["reset"]}


def test_nothing_but_the_export_itself_ends_an_export() -> None:
    assert CLIP_TRANSITIONS["exporting"] == {"exporting", "exported", "export_failed"}


def test_a_superseded_clip_stays_superseded() -> None:
    assert not CLIP_TRANSITIONS["superseded"]


def test_an_archived_clip_is_not_merged_away() -> None:
    assert not may_become(CLIP_TRANSITIONS, "archived", "superseded")


def test_a_killed_stage_may_begin_again() -> None:
    for state in SOURCE_TRANSITIONS:
        if state.endswith("ing"):
            assert may_become(SOURCE_TRANSITIONS, state, state)


def test_every_source_but_a_parked_one_can_be_parked() -> None:
    assert {state for state, following in SOURCE_TRANSITIONS.items() if "parked" not in following} == {
        "parked"
    }
