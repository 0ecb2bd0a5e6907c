"""Edit decision lists: not one frame is lost on the way through another program's reader."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain import edl
from heaters.domain.edl import Event
from heaters.errors import UsageError

FILM, NTSC, NTSC_60 = Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)
TWO_HOURS = 7200 * 60
RATES = [FILM, Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), NTSC_60, Fraction(60)]


def shots(cuts: list[int]) -> list[Event]:
    return [Event(a, b) for a, b in pairwise(cuts)]


def ranges(found: list[edl.Entry]) -> list[tuple[int, int | None]]:
    return [(one.start_frame, one.end_frame) for one in found]


def read_by_another(text: str, rate: Fraction) -> list[tuple[int, int]]:
    """What OpenTimelineIO's own reader of EDLs finds."""
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))
    spans = [clip.source_range for clip in timeline.find_clips()]
    return [(round(span.start_time.value), round(span.end_time_exclusive().value)) for span in spans]


def awkward(rate: Fraction) -> list[int]:
    """Cuts around the minutes at which drop-frame timecode skips numbers, for two hours."""
    minute = round(60 * rate)
    near = [minute * n + d for n in (1, 2, 9, 10, 11, 59, 60, 61, 119, 120) for d in (-2, -1, 0, 1, 2, 3, 4)]
    return sorted({0, *near})


@pytest.mark.parametrize("rate", [FILM, NTSC, NTSC_60], ids=["23.976", "29.97", "59.94"])
def test_another_reader_finds_the_same_frames(rate: Fraction) -> None:
    cuts = awkward(rate)
    text = edl.write("Show", "show.mp4", shots(cuts), rate)
    wanted = list(pairwise(cuts))
    assert read_by_another(text, rate) == wanted
    assert ranges(edl.read(text, rate)) == wanted
    dropping = "NON-DROP" not in text
    assert dropping == (rate != FILM)
    assert (";" in text) == dropping


@pytest.mark.parametrize("rate", [FILM, NTSC, NTSC_60], ids=["23.976", "29.97", "59.94"])
def test_what_another_writer_writes_is_read(rate: Fraction) -> None:
    track = otio.schema.Track("V", kind=otio.schema.TrackKind.Video)
    cuts = awkward(rate)
    for first, last in pairwise(cuts):
        span = [otio.opentime.RationalTime(value, float(rate)) for value in (first, last - first)]
        track.append(otio.schema.Clip("show.mp4", source_range=otio.opentime.TimeRange(*span)))
    timeline = otio.schema.Timeline("Show")
    timeline.tracks.append(track)
    text = otio.adapters.write_to_string(timeline, "cmx_3600", rate=float(rate))
    assert ranges(edl.read(text, rate)) == list(pairwise(cuts))


@given(
    st.sampled_from(RATES),
    st.sets(st.integers(0, TWO_HOURS), min_size=2, max_size=20),
    st.integers(0, 200_000),
)
def test_what_is_written_is_read_again(rate: Fraction, cuts: set[int], start: int) -> None:
    pieces = shots(sorted(cuts))
    text = edl.write("Show", "a film.mp4", pieces, rate, start)
    found = edl.read(text, rate, start)
    assert ranges(found) == [(one.start_frame, one.end_frame) for one in pieces]
    assert {one.name for one in found} == {"a film.mp4"}


def test_drop_frame_with_colons_is_known_by_its_header() -> None:
    text = edl.write("Show", "show.mp4", shots([0, 1800, 17982]), NTSC)
    assert ranges(edl.read(text.replace(";", ":"), NTSC)) == [(0, 1800), (1800, 17982)]
    plain = text.replace(";", ":").replace("DROP FRAME", "NON-DROP FRAME")
    assert ranges(edl.read(plain, NTSC))[0] == (0, 1802)


def test_dissolves_sound_and_comments_of_other_programs() -> None:
    text = """TITLE: EDIT
FCM: NON-DROP FRAME

001  AX       AA    C        00:00:00:00 00:00:02:00 00:00:00:00 00:00:02:00
002  TAPE 7   V     C        00:00:00:00 00:00:02:00 00:00:00:00 00:00:02:00
* FROM CLIP NAME: show.mov
M2   AX       024.0                00:00:00:00
003  AX       V     C        00:00:02:00 00:00:02:00 00:00:02:00 00:00:02:00
003  AX       V     D    024 00:00:05:00 00:00:07:00 00:00:02:00 00:00:04:00
* FROM CLIP NAME: gone.mov
* TO CLIP NAME: show.mov
004  AX       B     C        00:00:08:00 00:00:09:12 00:00:04:00 00:00:05:12
"""
    found = edl.read(text, Fraction(24))
    assert ranges(found) == [(0, 48), (120, 168), (192, 228)]
    assert [one.where for one in found] == ["line 5", "line 9", "line 12"]
    assert [one.name for one in found] == ["show.mov", "show.mov", ""]


@pytest.mark.parametrize(
    ("text", "rate", "said"),
    [
        ("no list at all", Fraction(25), "no event"),
        ("001 AX A C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00", Fraction(25), "no event"),
        (
            "001 AX V C 00:00:00:00 00:00:01:25 00:00:00:00 00:00:01:00",
            Fraction(25),
            "line 1: .*frames to 24",
        ),
        (
            "\n001 AX V C 00:00:00;00 00:00:01;00 00:00:00;00 00:00:01;00",
            Fraction(25),
            "line 2: .*drop-frame",
        ),
        ("001 AX V C 00:00:00;00 00:01:00;00 00:00:00;00 00:01:00;00", NTSC, "line 1: .*no '00:01:00;00'"),
        ("", Fraction(25, 2), "timecode.*25/2"),
        ("", Fraction(240), "timecode.*240"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, rate: Fraction, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        edl.read(text, rate)


def test_names_cannot_break_the_lines() -> None:
    text = edl.write("a\nTITLE: b", "x\n001", [Event(0, 5, ("one\ntwo",))], Fraction(25))
    assert len(re.findall(r"^TITLE", text, re.MULTILINE)) == 1
    assert ranges(edl.read(text, Fraction(25))) == [(0, 5)]
