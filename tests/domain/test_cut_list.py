"""Cut lists compared with the cuts that stand; what a human has touched stays."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.commands import Board, Decision, decide
from heaters.domain.cut_list import Entry, SourceClock, cuts_of, plan
from heaters.domain.cuts import tiling
from heaters.domain.model import Clip
from heaters.errors import UsageError

N = 200
NOW = datetime(2026, 1, 1)  # noqa: DTZ001 - as the catalog has it


def clips(cuts: list[int], **touched: dict[str, str]) -> list[Clip]:
    """Clips between cuts; `c2={"state": "approved"}` says what is different about the second one."""
    made = []
    for number, points in enumerate(tiling(cuts, N), 1):
        other = touched.get(f"c{number}", {})
        made.append(Clip(number, number, 1, points.start_frame, points.end_frame, **other))  # type: ignore[arg-type]
    return made


def after(own: list[Clip], cuts: list[int]) -> list[int]:
    """First frames of clips when an import with these cuts was applied."""
    board = Board(tuple(own), {1: N}, len(own) + 1, {1: len(own) + 1}, NOW)
    change = decide(Decision("op", "import", (), "ada", values={"source_id": 1, "cuts": cuts}), board)
    rows = {clip.id: clip for clip in own} | {clip.id: clip for clip in change.after}
    return sorted(clip.start_frame for clip in rows.values() if clip.state != "superseded")[1:]


APPROVED = {"state": "approved", "reviewer": "ada"}


def test_cuts_are_kept_moved_added_and_removed() -> None:
    found = plan(clips([20, 40, 60]), {20, 43, 100})
    assert (found.kept, found.moved, found.added, found.removed, found.conflicts) == (
        [20], [(40, 43)], [100], [60], [],
    )  # fmt: skip
    assert found.cuts() == [20, 43, 100]


def test_each_cut_moves_once_and_to_the_nearest() -> None:
    found = plan(clips([50, 58]), {52, 55, 70})
    assert found.moved == [(50, 52), (58, 55)]
    assert (found.added, found.removed) == ([70], [])


def test_a_cut_that_a_human_has_set_stays_and_is_told() -> None:
    found = plan(clips([20, 50, 70], c2=APPROVED), {22, 35, 70})
    assert (found.kept, found.moved, found.added, found.removed) == ([20, 70], [], [], [])
    assert [(one.frame, one.what, one.ref) for one in found.conflicts] == [
        (22, "moved", "1.2"), (35, "added", "1.2"), (50, "removed", "1.2"),
    ]  # fmt: skip
    assert found.conflicts[0].reason == "it is approved, touched by ada"
    assert found.cuts() == [20, 50, 70]


def test_an_import_may_replace_another_one_but_detection_may_not() -> None:
    own = clips([20], c1={"origin": "import"}, c2={"origin": "import"})
    assert after(own, [50]) == [50]
    board = Board(tuple(own), {1: N}, 3, {1: 3}, NOW)
    assert not decide(Decision("op", "retune", (), "ada", values={"source_id": 1, "cuts": [50]}), board).after


@given(
    st.sets(st.integers(1, N - 1), max_size=12),
    st.sets(st.integers(1, N - 1), max_size=12),
    st.sets(st.integers(1, 13)),
)
def test_what_is_planned_is_what_is_laid(standing: set[int], wanted: set[int], touched: set[int]) -> None:
    own = clips(sorted(standing), **{f"c{number}": APPROVED for number in touched})
    found = plan(own, wanted)
    assert after(own, found.cuts()) == found.cuts()
    laid = {*found.kept, *(new for _, new in found.moved), *found.added}
    refused = {one.frame for one in found.conflicts if one.what != "removed"}
    assert wanted == (laid & wanted) | refused
    for clip in own:
        if clip.reviewer:
            assert {clip.start_frame, clip.end_frame} <= {0, N, *found.cuts()}


def test_cuts_stand_where_pieces_begin_and_end() -> None:
    assert cuts_of([Entry(0, 50, "1"), Entry(80, 120, "2"), Entry(120, None, "3")], N) == ({50, 80, 120}, [])
    assert cuts_of([], N) == (set(), [])


def test_a_list_of_another_source_is_refused_and_one_that_is_a_little_long_is_cut_off() -> None:
    with pytest.raises(UsageError, match=r"line 7 begins at frame 200.*0 to 199.*--start"):
        cuts_of([Entry(200, 210, "line 7")], N)
    with pytest.raises(UsageError, match="begins at frame -4"):
        cuts_of([Entry(-4, 210, "line 7")], N)
    with pytest.raises(UsageError, match="ends at frame 10"):
        cuts_of([Entry(10, 10, "line 7")], N)
    assert cuts_of([Entry(150, 203, "line 7")], N) == (
        {150},
        ["line 7 ends 3 frames after the source: cut off"],
    )


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.data())
def test_times_find_their_frames_again(steps: list[int], data: st.DataObject) -> None:
    pts = [0]
    for step in steps:
        pts.append(pts[-1] + step)
    clock = SourceClock(len(steps), Fraction(25), Fraction(1, 1000), pts)
    frame = data.draw(st.integers(0, len(steps)))
    assert clock.frame_at(Fraction(pts[frame], 1000)) == frame
    assert clock.frame_at(Fraction(10**9)) == len(steps)


def test_even_times_are_frames() -> None:
    clock = SourceClock(100, Fraction(30000, 1001), Fraction(1, 30000))
    assert [clock.frame_at(n / clock.rate) for n in (0, 1, 99, 100)] == [0, 1, 99, 100]
