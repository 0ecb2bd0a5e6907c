from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.frame_index import FrameTimes
from heaters.errors import FrameOutsideClip

MS = Fraction(1, 1000)


@st.composite
def frame_times(draw: st.DrawFn) -> FrameTimes:
    """Variable rate, any time base, any start, also before zero."""
    base = draw(
        st.sampled_from(
            [MS, Fraction(1, 90000), Fraction(1001, 30000), Fraction(1, 12800), Fraction(1, 10**9)]
        )
    )
    start = draw(st.integers(-(10**7), 10**7))
    steps = draw(st.lists(st.integers(1, 5000), min_size=1, max_size=50))
    pts = list(accumulate(steps, initial=start))
    return FrameTimes(pts[:-1], base, start, pts[-1])


def vfr() -> FrameTimes:
    return FrameTimes([1000, 1040, 1100, 1101, 2000], MS, 1000, 2500)


def test_a_frame_is_shown_until_the_next_one_begins() -> None:
    times = vfr()
    shown = {pts: times.frame_at_pts(pts) for pts in (1000, 1039, 1040, 1099, 1100, 1101, 1999, 2000, 2499)}
    assert shown == {1000: 0, 1039: 0, 1040: 1, 1099: 1, 1100: 2, 1101: 3, 1999: 3, 2000: 4, 2499: 4}


def test_the_last_frame_lasts_until_the_end() -> None:
    times = vfr()
    assert times.duration == 1.5
    assert times.range_seconds(4, 5) == (1.0, 1.5)
    assert times.seconds(0) == 0


@pytest.mark.parametrize("at", [-0.001, 1.5, 60])
def test_a_time_outside_of_the_source_has_no_frame(at: float) -> None:
    with pytest.raises(FrameOutsideClip, match=r"which lasts 1\.500 s"):
        vfr().frame_at(at)


@pytest.mark.parametrize("frame", [-1, 6])
def test_a_frame_outside_of_the_source_has_no_time(frame: int) -> None:
    with pytest.raises(FrameOutsideClip, match="it has frames 0 to 4"):
        vfr().seconds(frame)


@given(frame_times())
def test_a_frame_is_found_again_by_its_pts_and_by_its_seconds(times: FrameTimes) -> None:
    for frame in range(times.n_frames):
        assert times.frame_at_pts(times.pts_at(frame)) == frame
        assert times.frame_at_pts(times.pts_at(frame + 1) - 1) == frame
        assert times.frame_at(times.seconds(frame)) == frame


@given(frame_times(), st.data())
def test_a_time_between_two_ticks_belongs_to_the_frame_before(times: FrameTimes, data: st.DataObject) -> None:
    frame = data.draw(st.integers(0, times.n_frames - 1))
    almost = Fraction(times.pts_at(frame + 1) - times.pts[0]) * times.time_base - times.time_base / 1000
    assert times.frame_at(almost) == frame


def test_a_day_at_29_97_finds_every_frame_from_its_rounded_seconds() -> None:
    n = 24 * 107892
    times = FrameTimes(range(0, n * 1001, 1001), Fraction(1, 30000), 0, n * 1001)
    for frame in range(0, n, 997):
        assert times.frame_at(times.seconds(frame)) == frame


def test_an_integer_array_does_as_well_as_a_list() -> None:
    times = FrameTimes(np.array([0, 512, 1024], dtype=np.int64), Fraction(1, 12800), 0, 1536)
    assert times.frame_at_pts(600) == 1
    assert type(times.pts_at(1)) is int
    assert times.duration == 0.12


@pytest.mark.parametrize(
    ("pts", "end", "message"),
    [
        ([], 1, "at least one"),
        ([0, 5, 5], 9, "increase"),
        ([0, 5, 4], 9, "increase"),
        ([0, 5], 5, "can't end"),
    ],
)
def test_impossible_times_are_refused(pts: list[int], end: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FrameTimes(pts, MS, 0, end)


def test_a_time_base_is_above_zero() -> None:
    with pytest.raises(ValueError, match="time base"):
        FrameTimes([0], Fraction(0), 0, 1)


@given(
    frame_times(),
    st.sampled_from([44100, 48000, 8000]),
    st.fractions(-10, 10, max_denominator=90000),
    st.data(),
)
def test_clips_that_tile_the_pictures_tile_the_sound(
    times: FrameTimes, rate: int, audio_start: Fraction, data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, times.n_frames)))
    borders = sorted({0, times.n_frames} | cuts)
    ranges = [times.sample_range(a, b, rate, audio_start) for a, b in pairwise(borders)]
    assert all(left[1] == right[0] for left, right in pairwise(ranges))
    whole = times.sample_range(0, times.n_frames, rate, audio_start)
    assert (ranges[0][0], ranges[-1][1]) == whole


def test_samples_count_from_the_start_of_the_sound() -> None:
    pts = list(range(3600, 3600 + 10 * 3003, 3003))
    times = FrameTimes(pts, Fraction(1, 90000), 3600, 3600 + 10 * 3003)
    assert times.sample_range(0, 10, 48000, Fraction(3600, 90000)) == (0, round(10 * 3003 * 48000 / 90000))
    assert times.sample_range(3, 4, 48000, Fraction(0)) == (6725, 8326)


def test_sound_that_begins_late_has_negative_samples_before_it() -> None:
    times = FrameTimes([0, 40, 80], MS, 0, 120)
    assert times.sample_range(0, 2, 1000, Fraction(1, 10)) == (-100, -20)
