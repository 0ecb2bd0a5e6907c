from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.cuts import CutPoints, find_tiling_fault, tiling
from heaters.domain.model import Clip


@st.composite
def ranges(draw: st.DrawFn, least: int = 1) -> CutPoints:
    start = draw(st.integers(0, 10_000))
    return CutPoints(start, start + draw(st.integers(least, 10_000)))


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5)])
def test_a_range_is_never_empty_or_negative(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="cut points need"):
        CutPoints(start, end)


def test_the_end_frame_is_not_in_the_range() -> None:
    points = CutPoints(3, 5)
    assert [frame for frame in range(10) if frame in points] == [3, 4]
    assert len(points) == 2


@given(ranges(least=2), st.data())
def test_a_split_is_undone_by_a_merge(points: CutPoints, data: st.DataObject) -> None:
    frame = data.draw(st.integers(points.start_frame + 1, points.end_frame - 1))
    left, right = points.split(frame)
    assert (left.end_frame, right.start_frame) == (frame, frame)
    assert len(left) + len(right) == len(points)
    assert left.merge(right) == points


@given(ranges())
def test_a_range_can_not_be_split_at_its_ends_or_outside(points: CutPoints) -> None:
    for frame in (points.start_frame - 1, points.start_frame, points.end_frame, points.end_frame + 1):
        with pytest.raises(ValueError, match="cut points need"):
            points.split(frame)


@pytest.mark.parametrize("right", [CutPoints(11, 20), CutPoints(9, 20), CutPoints(0, 10)])
def test_only_neighbours_merge(right: CutPoints) -> None:
    with pytest.raises(ValueError, match="not neighbours"):
        CutPoints(0, 10).merge(right)


def test_a_moved_cut_keeps_the_outer_ends() -> None:
    assert CutPoints(0, 10).move_cut(CutPoints(10, 20), 4) == (CutPoints(0, 4), CutPoints(4, 20))
    assert CutPoints(0, 10).move_cut(CutPoints(10, 20), 19) == (CutPoints(0, 19), CutPoints(19, 20))


@pytest.mark.parametrize("frame", [0, 20, -3, 25])
def test_a_moved_cut_leaves_no_range_empty(frame: int) -> None:
    with pytest.raises(ValueError, match="cut points need"):
        CutPoints(0, 10).move_cut(CutPoints(10, 20), frame)


@given(st.lists(st.integers(-50, 1_050), max_size=60), st.integers(1, 1_000))
def test_any_cuts_give_ranges_that_tile_the_source(cuts: list[int], n_frames: int) -> None:
    found = tiling(cuts, n_frames)
    assert find_tiling_fault(found, n_frames) is None
    assert {points.start_frame for points in found} == {0, *(cut for cut in cuts if 0 < cut < n_frames)}


def test_no_cuts_give_one_range() -> None:
    assert tiling([], 7) == [CutPoints(0, 7)]


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        ([CutPoints(0, 4), CutPoints(5, 10)], "gap between frames 4 and 5"),
        ([CutPoints(0, 4), CutPoints(3, 10)], "overlap between frames 3 and 4"),
        ([CutPoints(1, 10)], "gap between frames 0 and 1"),
        ([CutPoints(0, 9)], "the clips end at frame 9, the source at 10"),
        ([CutPoints(0, 11)], "the clips end at frame 11, the source at 10"),
        ([], "the clips end at frame 0, the source at 10"),
    ],
)
def test_a_fault_in_the_tiles_is_named(found: list[CutPoints], fault: str) -> None:
    assert find_tiling_fault(found, 10) == fault


def test_a_row_without_frames_is_a_fault() -> None:
    rows = [Clip(1, 1, 1, 0, 5), Clip(2, 2, 1, 5, 5), Clip(3, 3, 1, 5, 10)]
    assert find_tiling_fault(rows, 10) == "a range of no frames at frame 5"
