from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.timing import (
    as_fraction,
    frame_of_timecode,
    nominal_rate,
    seconds,
    takes_drop_frame,
    timecode,
)
from heaters.errors import MediaError, UsageError

NTSC = Fraction(30000, 1001)
NTSC_60 = Fraction(60000, 1001)
FILM = Fraction(24000, 1001)
RATES = [NTSC, NTSC_60, FILM, Fraction(24), Fraction(25), Fraction(30), Fraction(50), Fraction(120000, 1001), Fraction(25, 2),
         Fraction(2997, 100), Fraction(179, 6)]  # fmt: skip
DAY = 24 * 60 * 60


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (0, "00:00:00;00"),
        (29, "00:00:00;29"),
        (1799, "00:00:59;29"),
        (1800, "00:01:00;02"),
        (3597, "00:01:59;29"),
        (3598, "00:02:00;02"),
        (17981, "00:09:59;29"),
        (17982, "00:10:00;00"),
        (17982 + 1800, "00:11:00;02"),
        (107892, "01:00:00;00"),
        (2589407, "23:59:59;29"),
    ],
)
def test_drop_frame_at_29_97_skips_two_numbers_a_minute_but_not_every_tenth(frame: int, text: str) -> None:
    assert timecode(frame, NTSC) == text
    assert frame_of_timecode(text, NTSC) == frame


@pytest.mark.parametrize(
    ("frame", "text"),
    [(3599, "00:00:59;59"), (3600, "00:01:00;04"), (7195, "00:01:59;59"), (7196, "00:02:00;04"), (35964, "00:10:00;00"),
     (215784, "01:00:00;00")],
)  # fmt: skip
def test_drop_frame_at_59_94_skips_four(frame: int, text: str) -> None:
    assert timecode(frame, NTSC_60) == text
    assert frame_of_timecode(text, NTSC_60) == frame


@pytest.mark.parametrize(
    ("frame", "text"),
    [(23, "00:00:00:23"), (24, "00:00:01:00"), (1440, "00:01:00:00"), (86400, "01:00:00:00")],
)
def test_23_976_counts_24_without_dropping(frame: int, text: str) -> None:
    assert timecode(frame, FILM) == text
    assert frame_of_timecode(text, FILM) == frame


def test_drop_frame_stays_within_a_fifth_of_a_second_of_the_clock_for_a_day() -> None:
    for hour in range(24):
        for minute in range(60):
            frame = frame_of_timecode(f"{hour:02d}:{minute:02d}:30;00", NTSC)
            clock = (hour * 60 + minute) * 60 + 30
            assert abs(frame / NTSC - clock) < Fraction(1, 5)


@given(st.sampled_from(RATES), st.data())
def test_every_frame_of_a_day_has_a_timecode_of_its_own(rate: Fraction, data: st.DataObject) -> None:
    frame = data.draw(st.integers(0, int(DAY * rate)))
    drop = data.draw(st.sampled_from([None, False, *([True] if takes_drop_frame(rate) else [])]))
    text = timecode(frame, rate, drop=drop)
    assert frame_of_timecode(text, rate) == frame
    assert (";" in text) == (takes_drop_frame(rate) if drop is None else drop)


@given(st.sampled_from(RATES), st.integers(0, DAY * 25))
def test_timecodes_sort_as_their_frames_do(rate: Fraction, frame: int) -> None:
    assert timecode(frame, rate) < timecode(frame + 1, rate)


def test_hours_go_on_after_a_day() -> None:
    assert timecode(25 * 3600 * 25, Fraction(25)) == "25:00:00:00"
    assert timecode(100 * 3600 * 25, Fraction(25)) == "100:00:00:00"
    assert frame_of_timecode("100:00:00:00", Fraction(25)) == 100 * 3600 * 25


@pytest.mark.parametrize(
    "text", ["00:01:00;00", "00:01:00;01", "00:59:00;01", "10:11:00;00", "00:01:00.00", "00:01:00,01"]
)
def test_a_timecode_that_drop_frame_skips_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="begins at frame number 02"):
        frame_of_timecode(text, NTSC)


def test_at_59_94_four_numbers_are_refused() -> None:
    for part in range(4):
        with pytest.raises(UsageError, match="begins at frame number 04"):
            frame_of_timecode(f"00:01:00;{part:02d}", NTSC_60)
    assert frame_of_timecode("00:10:00;00", NTSC_60) == 35964


@pytest.mark.parametrize("text", ["00:60:00:00", "00:00:60:00", "00:00:00:25", "00:00:00:99"])
def test_a_field_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="out of range"):
        frame_of_timecode(text, Fraction(25))


@pytest.mark.parametrize(
    "text", ["", "12", "1:2:3:4", "00:00:01", "00:00:00:0x", "-0:00:00:00", "00;00;00;00", "٠٠:٠٠:٠٠:٠٠"]
)
def test_other_text_is_not_a_timecode(text: str) -> None:
    with pytest.raises(UsageError, match="not a timecode"):
        frame_of_timecode(text, Fraction(25))


@pytest.mark.parametrize("rate", [FILM, Fraction(25), Fraction(30), Fraction(60)])
def test_drop_frame_exists_at_29_97_and_its_multiples_only(rate: Fraction) -> None:
    assert not takes_drop_frame(rate)
    with pytest.raises(ValueError, match="no drop-frame"):
        timecode(0, rate, drop=True)
    with pytest.raises(UsageError, match="use ':' throughout"):
        frame_of_timecode("00:02:00;10", rate)


def test_a_rate_written_as_29_97_is_ntsc() -> None:
    assert timecode(1800, Fraction(2997, 100)) == "00:01:00;02"


def test_there_is_no_timecode_before_the_first_frame() -> None:
    with pytest.raises(ValueError, match="before the first frame"):
        timecode(-1, Fraction(25))


@pytest.mark.parametrize(
    ("rate", "nominal"), [(Fraction(25, 2), 13), (NTSC, 30), (Fraction(1, 10), 1), (Fraction(179, 6), 30)]
)
def test_odd_rates_count_at_the_nearest_whole_rate(rate: Fraction, nominal: int) -> None:
    assert nominal_rate(rate) == nominal


def test_rationals_of_other_libraries_become_exact() -> None:
    assert as_fraction(SimpleNamespace(numerator=30000, denominator=1001)) == NTSC
    assert as_fraction("30000/1001") == NTSC
    assert as_fraction(Fraction(1, 12800)) == Fraction(1, 12800)
    assert as_fraction(25) == 25


class _Falsy:
    """Looks like the rational of PyAV 19 where a file does not say a rate."""

    def __init__(self, numerator: int, denominator: int) -> None:
        self.numerator, self.denominator = numerator, denominator

    def __bool__(self) -> bool:
        return self.numerator != 0

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@pytest.mark.parametrize(
    "value", [None, _Falsy(0, 1), _Falsy(0, 0), _Falsy(1, 0), Fraction(0), Fraction(-25), "0/0", "fast"]
)
def test_a_rate_that_the_file_does_not_say_is_an_error_and_not_a_zero(value: object) -> None:
    with pytest.raises(MediaError, match="does not say its frame rate"):
        as_fraction(value, "frame rate")  # type: ignore[arg-type]


def test_a_float_is_no_exact_rate() -> None:
    with pytest.raises(TypeError, match="as a fraction"):
        as_fraction(29.97)  # type: ignore[arg-type]


def test_seconds_of_a_pts() -> None:
    assert seconds(1001, Fraction(1, 30000)) == 1001 / 30000
    assert seconds(-512, Fraction(1, 12800)) == -0.04
