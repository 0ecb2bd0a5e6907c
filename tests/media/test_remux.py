"""Packets into a better container: the same bytes at the same times, whatever they came in."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from web_server import copy_streams, make_dash, make_hls

from heaters.errors import MediaError, NotAVideo
from heaters.media.remux import fitting_container, remux, why_remux

Packets = list[tuple[Fraction, Fraction, int, bool]]


def packets(path: Path, kind: str) -> Packets:
    """Presentation time, decoding time, size and keyframe of each packet, from the first one on."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0] if kind == "video" else film.streams.audio[0]
        found = [one for one in film.demux(stream) if one.size]
        first = min(one.pts for one in found)
        unit = stream.time_base
        return [((one.pts - first) * unit, (one.dts - first) * unit, one.size, one.is_keyframe) for one in found]  # fmt: skip


def data(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as film:
        stream = film.streams.video[0] if kind == "video" else film.streams.audio[0]
        return [bytes(one) for one in film.demux(stream) if one.size]


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray().tobytes() for frame in film.decode(video=0)]


@pytest.fixture
def apart(tmp_path: Path, film: Path) -> list[Path]:
    return [
        copy_streams(film, tmp_path / f"{kind}.mp4", (kind,), format="mp4") for kind in ("video", "audio")
    ]


def test_pictures_and_sound_that_came_apart_are_the_same_packets_together(
    apart: list[Path], film: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.mp4"
    count = remux(apart, whole, "mp4")
    assert why_remux(apart) == "pictures and sound came apart"
    assert why_remux([whole]) is None
    for kind in ("video", "audio"):
        assert packets(whole, kind) == packets(film, kind)
        assert data(whole, kind) == data(film, kind)
    assert count == sum(len(packets(film, kind)) for kind in ("video", "audio"))


def test_a_transport_stream_that_is_called_mp4_becomes_one(film: Path, tmp_path: Path) -> None:
    called, whole = copy_streams(film, tmp_path / "called.mp4", format="mpegts"), tmp_path / "whole.mp4"
    assert why_remux([called]) == "an MPEG transport stream that is called .mp4"
    assert fitting_container([called]) == "mp4"
    remux([called], whole, "mp4")
    assert why_remux([whole]) is None
    assert pictures(whole) == pictures(film)
    tick = Fraction(1, 90_000)
    for one, two in zip(packets(whole, "video"), packets(film, "video"), strict=True):
        assert abs(one[0] - two[0]) <= tick
    assert data(whole, "audio") == data(film, "audio")


def test_a_transport_stream_under_its_own_name_is_good_as_it_is(film: Path, tmp_path: Path) -> None:
    assert why_remux([copy_streams(film, tmp_path / "film.ts", format="mpegts")]) is None


def test_fragments_get_an_index_of_their_own(film: Path, tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    fragments = copy_streams(film, tmp_path / "f.mp4", format="mp4", options=options)
    assert why_remux([fragments]) == "an MP4 in fragments"
    whole = tmp_path / "whole.mp4"
    remux([fragments], whole, "mp4")
    assert why_remux([whole]) is None
    assert packets(whole, "video") == packets(fragments, "video")
    assert data(whole, "video") == data(fragments, "video")


@pytest.mark.parametrize("late", [0.5, 36_000])
def test_parts_of_one_clock_keep_their_distance_and_begin_near_zero(film: Path, tmp_path: Path, late: float) -> None:  # fmt: skip
    parts = [
        copy_streams(film, tmp_path / f"{kind}.ts", (kind,), shift, format="mpegts")
        for kind, shift in (("video", late), ("audio", late + 0.25))
    ]
    whole = tmp_path / "whole.mp4"
    remux(parts, whole, "mp4")
    with av.open(str(whole)) as one:
        starts = [stream.start_time * stream.time_base for stream in (one.streams.video[0], one.streams.audio[0])]  # fmt: skip
    assert abs(starts[1] - starts[0] - Fraction(1, 4)) < Fraction(1, 20)
    assert starts[0] < 3


def test_parts_of_different_clocks_begin_together(film: Path, tmp_path: Path) -> None:
    """Sound without times of its own, as HLS may have it, beside pictures that begin at ten hours."""
    pictures_ = copy_streams(film, tmp_path / "video.ts", ("video",), 36_000, format="mpegts")
    sound = copy_streams(film, tmp_path / "sound.aac", ("audio",), format="adts")
    whole = tmp_path / "whole.mp4"
    remux([pictures_, sound], whole, "mp4")
    with av.open(str(whole)) as one:
        starts = [float(stream.start_time * stream.time_base) for stream in (one.streams.video[0], one.streams.audio[0])]  # fmt: skip
    assert starts == pytest.approx([0, 0], abs=0.1)
    assert len(packets(whole, "audio")) == len(packets(film, "audio"))


@pytest.mark.parametrize("make", [make_hls, make_dash])
def test_what_a_packager_makes_comes_together_picture_by_picture(
    film: Path, tmp_path: Path, make: object
) -> None:
    make(film, tmp_path / "made")  # type: ignore[operator]
    pieces = (
        [[f"init-stream{n}.m4s", f"chunk-stream{n}-*.m4s"] for n in (0, 1)] if make is make_dash else [["part*.ts"]]
    )  # fmt: skip
    parts = []
    for number, patterns in enumerate(pieces):
        files = [file for pattern in patterns for file in sorted((tmp_path / "made").glob(pattern))]
        parts.append(tmp_path / f"part{number}.mp4")
        parts[-1].write_bytes(b"".join(file.read_bytes() for file in files))
    whole = tmp_path / "whole.mp4"
    remux(parts, whole, fitting_container(parts))
    assert pictures(whole) == pictures(film)


def test_what_mp4_can_not_hold_goes_into_matroska(film: Path, tmp_path: Path) -> None:
    assert fitting_container([copy_streams(film, tmp_path / "film.mkv")]) == "matroska"
    remux([film], tmp_path / "copy.mkv", "matroska")
    assert data(tmp_path / "copy.mkv", "video") == data(film, "video")


def test_what_is_no_film_is_refused_with_its_name(film: Path, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("words", "utf-8")
    with pytest.raises(NotAVideo, match=r"words\.mp4"):
        remux([tmp_path / "words.mp4"], tmp_path / "whole.mp4", "mp4")
    with pytest.raises((MediaError, OSError)):
        remux([film], tmp_path / "no folder" / "whole.mp4", "mp4")
