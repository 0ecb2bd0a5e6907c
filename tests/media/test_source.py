from __future__ import annotations

import os
import random
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import numbered, write_film

from heaters.errors import DamagedMedia, NotAVideo
from heaters.media.filters import Chain
from heaters.media.source import Source, picture_crc, plane_bytes
from heaters.media.timeline import Timeline


def pictures_of(path: Path) -> list[tuple[int, int, int]]:
    with Source(path) as source:
        return [(one.number, one.pts, picture_crc(one.frame)) for one in source.pictures()]


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ("gray", 63 * 47), ("yuv420p", 63 * 47 + 2 * 32 * 24), ("yuv422p10le", 2 * (63 * 47 + 2 * 32 * 47)), ("rgb24", 63 * 47 * 3),
        ("bgra", 63 * 47 * 4), ("nv12", 63 * 47 + 64 * 24), ("p010le", 2 * (63 * 47 + 64 * 24)), ("monow", 8 * 47),
        ("rgb48le", 63 * 47 * 6), ("ya8", 63 * 47 * 2), ("gbrp", 63 * 47 * 3), ("rgb565le", 63 * 47 * 2),
        ("yuva444p", 63 * 47 * 4), ("pal8", 63 * 47 + 1024), ("gbrpf32le", 63 * 47 * 12), ("yuyv422", 64 * 47 * 2),
    ],
)  # fmt: skip
def test_a_picture_is_its_pixels_without_padding(pixels: str, expected: int) -> None:
    frame = av.VideoFrame(63, 47, pixels)
    assert sum(len(one) for one in plane_bytes(frame)) == expected


def test_the_checksum_ignores_how_rows_are_padded() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 50, 3), np.uint8)
    padded = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    assert padded.planes[0].line_size > 150
    assert picture_crc(padded) == zlib.crc32(pixels.tobytes())


def test_bottom_up_pictures_are_read_top_row_first() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    (upside_down,) = Chain(frame, [("vflip", "")], Fraction(1, 25), Fraction(1)).put(frame)
    assert upside_down.planes[0].line_size < 0
    assert picture_crc(upside_down) == zlib.crc32(pixels[::-1].tobytes())


def test_a_chain_gives_a_picture_of_its_own_with_the_same_pixels() -> None:
    frame = numbered(1, (64, 48), "yuv420p")
    frame.pts = 7
    (copy,) = Chain(frame, [], Fraction(1, 25), Fraction(1)).put(frame)
    copy.pts = 9
    assert (frame.pts, picture_crc(copy)) == (7, picture_crc(frame))


@pytest.mark.parametrize(
    "options", [{"g": "12", "bf": "3"}, {"g": "10", "bf": "2", "x264-params": "open-gop=1"}]
)
def test_every_range_of_a_film_with_b_frames_is_exact(tmp_path: Path, options: dict[str, str]) -> None:
    times = np.cumsum([0, *random.Random(5).choices([1, 1, 2, 7], k=59)]).tolist()
    film = write_film(
        tmp_path / "vfr.mp4", 60, codec="libx264", times=times, time_base=Fraction(1, 100), options=options
    )
    whole = pictures_of(film)
    pts = [one[1] for one in whole]
    assert len(whole) == 60
    for start in range(60):
        with Source(film) as source:
            end = min(60, start + 3)
            found = [
                (one.number, one.pts, picture_crc(one.frame))
                for one in source.pictures_range(start, end, pts)
            ]
        assert found == whole[start:end]


def test_several_ranges_of_one_open_source_in_any_order(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", 50, codec="libx264", options={"g": "20"})
    whole = pictures_of(film)
    with Source(film) as source:
        for start, end in [(40, 42), (3, 9), (0, 1), (49, 50)]:
            found = [
                (one.number, picture_crc(one.frame))
                for one in source.pictures_range(start, end, [one[1] for one in whole])
            ]
            assert found == [(one[0], one[2]) for one in whole[start:end]]


def test_a_range_outside_of_the_table_is_a_wrong_call(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", 5)
    with Source(film) as source:
        for start, end in [(2, 2), (-1, 2), (4, 6)]:
            with pytest.raises(ValueError, match="not in a table of 5"):
                next(source.pictures_range(start, end, [0, 40, 80, 120, 160]))


def test_a_range_at_other_times_than_the_table_says_is_damage(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mkv", 5)
    with Source(film) as source, pytest.raises(DamagedMedia, match="frame 2"):
        list(source.pictures_range(1, 4, [0, 40, 81, 120, 160]))


def test_rotation_is_known_before_a_picture_is_asked_for(shared_media: Path) -> None:
    with Source(shared_media / "torture" / "rotate90.mov") as source:
        assert source.rotation == 90


def test_a_track_behind_the_sound_gives_all_its_pictures(shared_media: Path) -> None:
    with Source(shared_media / "clips" / "friday.mp4") as source:
        assert source.video.index == 1
        assert sum(1 for _ in source.pictures()) == 185


def test_what_is_not_a_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no film")
    with pytest.raises(NotAVideo, match="notes"):
        Source(tmp_path / "notes.mp4")


def shifted(*times: tuple[int, float]) -> list[float]:
    """Seconds at which packets of (stream, seconds), each 40 ms long, come out."""
    line = Timeline()
    found = []
    with av.open(os.devnull, "w", format="mpegts") as film:
        streams = [film.add_stream("mpeg2video"), film.add_stream("mp2")]
        for stream, seconds in times:
            packet = av.Packet(b"x")
            packet.stream, packet.time_base = streams[stream], Fraction(1, 1000)
            packet.pts = packet.dts = round(seconds * 1000)
            packet.duration = 40
            line.shift(packet)
            found.append(packet.pts / 1000)
    return found


def test_a_clock_that_runs_on_is_left_alone() -> None:
    times = [(0, 1.0), (1, 0.98), (0, 1.04), (1, 1.02), (0, 9.0)]
    assert shifted(*times) == [time for _, time in times]


def test_after_a_restart_all_streams_go_on_by_the_same_offset() -> None:
    found = shifted(
        (0, 1.0), (1, 1.0), (0, 2.0), (1, 2.0), (0, 1.0), (1, 2.04), (1, 1.0), (0, 1.04), (1, 1.04)
    )
    assert found == [1.0, 1.0, 2.0, 2.0, 2.04, 2.04, 2.04, 2.08, 2.08]


def test_a_jump_of_hours_is_a_restart_too() -> None:
    assert shifted((0, 1.0), (0, 2.0), (0, 90000.0), (0, 90000.04)) == [1.0, 2.0, 2.04, 2.08]
