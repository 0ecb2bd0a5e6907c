"""Every file of the shared footage, prepared and compared with a plain decode that knows nothing of heaters."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from conftest import MANIFEST

from heaters.errors import DamagedMedia, NotAVideo
from heaters.media.prepare import Prepared, PrepareSpec, prepare
from heaters.media.source import Source, picture_crc

REFUSED = [name for name, row in MANIFEST.items() if row["outcome"] == "refuse"]
DAMAGED = {
    "torture/truncated_tail.mp4": "header says 240 frames, 107 could be decoded",
    "torture/truncated_mid_frame.mkv": "header says about 49 frames, 19 could be decoded",
    "torture/damaged_frames.mp4": "header says 50 frames, 49 could be decoded",
}
PLAIN = {name for name in MANIFEST if name.startswith(("labelled/", "clips/"))}
LARGE = PLAIN | {
    "torture/full_range.mp4",
    "torture/hdr10_pq_vp9.webm",
    "torture/hevc10_hlg.mp4",
    "torture/multi_audio.mkv",
    "torture/no_duration.webm",
    "torture/same_bytes_as_sign_eat.mkv",
    "torture/two_subtitles.mkv",
}
ACCEPTED = [name for name, row in MANIFEST.items() if row["outcome"] in {"ok", "warn"}] + list(DAMAGED)
#: Upright size with square pixels, where it is not the stored one made even; limited to 720 lines.
SIZES = {
    "torture/rotate90.mov": (320, 568),
    "torture/sar_2x1.mp4": (1280, 360),
    "torture/interlaced_576i.ts": (1024, 576),
    "torture/odd name & 100% ü.mp4": (322, 134),
    "torture/prores_422.mov": (326, 136),
    "torture/vfr_phone.mp4": (1280, 720),
    "torture/hevc10_hlg.mp4": (1280, 720),
    "torture/odd_321x181.webm": (320, 180),
    "torture/animated.gif": (200, 112),
    "clips/city.mpg": (720, 404),
}
WARNINGS = {
    "torture/alpha_vp9.webm": "alpha",
    "torture/no_duration.webm": "alpha",
    "torture/hevc10_hlg.mp4": "approximate colours",
    "torture/hdr10_pq_vp9.webm": "approximate colours",
    "torture/two_subtitles.mkv": "2 subtitle tracks",
    "labelled/nasa_13013.mp4": "2 subtitle tracks",
} | DAMAGED
CHECKED_ALONE = 150  # packets of one file that are decoded out of order


@dataclass(frozen=True)
class Case:
    """One prepared file."""

    original: Path
    spec: PrepareSpec
    prepared: Prepared


@pytest.fixture(scope="module")
def prepare_once(shared_media: Path, tmp_path_factory: pytest.TempPathFactory):
    @cache
    def once(name: str) -> Case:
        folder = tmp_path_factory.mktemp("prepared")
        spec = PrepareSpec(
            original=str(shared_media / name), master=str(folder / "master.part"), proxy=str(folder / "proxy.part"),
            audio=str(folder / "audio.part"), allow_truncated=name in DAMAGED,
        )  # fmt: skip
        return Case(shared_media / name, spec, prepare(spec))

    return once


@pytest.fixture(
    params=[pytest.param(one, marks=pytest.mark.long) if one in LARGE else one for one in ACCEPTED]
)
def case(request: pytest.FixtureRequest, prepare_once) -> Case:
    return prepare_once(request.param)


@cache
def plain_pictures(path: Path | str) -> list[tuple[int, int]]:
    """(pts, CRC of the pixels) of every picture that PyAV decodes, with nothing of heaters."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if "damaged" in str(path) or "truncated" in str(path):
            stream.thread_type, stream.codec_context.thread_count = "AUTO", 4  # as the source was decoded
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            found += [(frame.pts, plain_crc(frame)) for frame in frames]
    return found


def plain_crc(frame: av.VideoFrame) -> int:
    crc = 0
    for plane in frame.planes:
        sample = {"yuv420p10le": 2, "yuv422p10le": 2, "bgra": 4}.get(frame.format.name, 1)
        rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
        crc = zlib.crc32(rows[:, : plane.width * sample].tobytes(), crc)
    return crc


def test_frames_and_times_are_those_of_a_plain_decode(case: Case) -> None:
    name = case.original.relative_to(case.original.parents[1]).as_posix()
    expected = plain_pictures(case.original)
    assert case.prepared.pts.tolist() == [pts for pts, _ in expected]
    assert case.prepared.n_frames == len(expected)
    if name != "torture/damaged_frames.mp4":  # its row stops counting at the first error
        assert case.prepared.n_frames == MANIFEST[name]["frames_decoded"]
    assert case.prepared.picture_crc32.tolist() == [crc for _, crc in expected]
    assert (case.prepared.width, case.prepared.height) == tuple(MANIFEST[name]["size"])
    assert case.prepared.end_pts > case.prepared.pts[-1]


def test_the_master_holds_the_pixels_of_the_source(case: Case) -> None:
    master = plain_pictures(case.spec.master)
    assert [crc for _, crc in master] == case.prepared.picture_crc32.tolist()
    with av.open(case.spec.master) as container, Source(case.original) as source:
        assert len(container.streams.audio) == len(source.container.streams.audio)
        first = next(source.pictures()).frame
        stored = next(container.decode(container.streams.video[0]))
        assert stored.format.name == first.format.name.replace("yuvj", "yuv")
        assert [int(getattr(stored, tag)) for tag in ("color_primaries", "color_trc", "colorspace")] == [
            int(getattr(first, tag)) for tag in ("color_primaries", "color_trc", "colorspace")
        ]
        assert (container.streams.video[0].sample_aspect_ratio or 1) == source.sar
        assert bool(stored.interlaced_frame) == bool(first.interlaced_frame)


def test_the_master_shows_each_frame_within_a_millisecond(case: Case) -> None:
    unit, pts = case.prepared.time_base, case.prepared.pts
    shown = [Fraction(time, 1000) for time, _ in plain_pictures(case.spec.master)]
    exact = [(int(one) - int(pts[0])) * unit for one in pts]
    assert all(
        abs((time - shown[0]) - at) <= Fraction(1, 2000) for time, at in zip(shown, exact, strict=True)
    )


def test_the_proxy_shows_the_same_frames_at_the_same_times(case: Case) -> None:
    prepared = case.prepared
    with av.open(case.spec.proxy) as container:
        stream = container.streams.video[0]
        frames = [
            (frame.pts * stream.time_base, frame.width, frame.height) for frame in container.decode(stream)
        ]
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.sample_aspect_ratio in {None, 1}
        assert stream.codec_context.color_range == 1
        assert 2 not in {
            stream.codec_context.color_primaries,
            stream.codec_context.color_trc,
            stream.codec_context.colorspace,
        }
    exact = [(int(one) - prepared.start_pts) * prepared.time_base for one in prepared.pts]
    assert [time for time, _, _ in frames] == exact
    assert {size for _, *size in map(tuple, frames) for size in [tuple(size)]} == {
        (prepared.proxy_width, prepared.proxy_height)
    }


def test_the_proxy_is_upright_with_square_pixels(case: Case) -> None:
    name = case.original.relative_to(case.original.parents[1]).as_posix()
    expected = SIZES.get(name, tuple(MANIFEST[name]["size"]))
    assert (case.prepared.proxy_width, case.prepared.proxy_height) == expected
    assert case.prepared.proxy_width % 2 == case.prepared.proxy_height % 2 == 0


def test_every_packet_of_the_proxy_is_an_idr_picture(case: Case) -> None:
    data = Path(case.spec.proxy).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    for offset, size, crc in zip(case.prepared.offset, case.prepared.size, case.prepared.crc32, strict=True):
        packet = data[offset : offset + size]
        assert zlib.crc32(packet) == crc
        kinds = nal_types(packet)
        assert 5 in kinds
        assert not kinds & {1, 2, 3, 4}


def nal_types(packet: bytes) -> set[int]:
    kinds, position = set(), 0
    while position < len(packet):
        kinds.add(packet[position + 4] & 31)
        position += 4 + int.from_bytes(packet[position : position + 4])
    assert position == len(packet)
    return kinds


def test_a_byte_range_alone_decodes_to_its_frame(case: Case) -> None:
    prepared, data = case.prepared, Path(case.spec.proxy).read_bytes()
    with av.open(case.spec.proxy) as container:
        in_order = [picture_crc(frame) for frame in container.decode(video=0)]
    assert prepared.codec == f"avc1.{prepared.avcc[1:4].hex()}"
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = prepared.avcc
    numbers = random.Random(1).sample(range(prepared.n_frames), min(CHECKED_ALONE, prepared.n_frames))
    for number in numbers:
        offset, size = int(prepared.offset[number]), int(prepared.size[number])
        frames = decoder.decode(av.Packet(data[offset : offset + size])) + decoder.decode(None)
        assert [picture_crc(frame) for frame in frames] == [in_order[number]]
        decoder.flush_buffers()


def test_scores_have_a_row_for_each_frame(case: Case) -> None:
    assert {len(column) for column in case.prepared.scores.columns().values()} == {case.prepared.n_frames}


def test_warnings_say_what_is_unusual(case: Case) -> None:
    name = case.original.relative_to(case.original.parents[1]).as_posix()
    found = case.prepared.warnings
    if name in WARNINGS:
        assert any(WARNINGS[name] in one for one in found), found
    else:
        assert found == []


def test_ranges_of_original_and_master_are_those_frames(case: Case) -> None:
    prepared = case.prepared
    chance = random.Random(2)
    for path in (case.original, case.spec.master):
        for _ in range(4):
            start = chance.randrange(prepared.n_frames)
            end = min(prepared.n_frames, start + chance.randrange(1, 6))
            with Source(path) as source:
                found = [
                    (one.number, one.pts, picture_crc(one.frame))
                    for one in source.pictures_range(start, end, prepared.pts)
                ]
            numbers = range(start, end)
            assert found == [(n, prepared.pts[n], prepared.picture_crc32[n]) for n in numbers]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_is_refused_in_a_sentence_and_leaves_nothing(
    name: str, shared_media: Path, tmp_path: Path
) -> None:
    spec = PrepareSpec(str(shared_media / name), *(str(tmp_path / one) for one in ("m", "p", "a")))
    with pytest.raises(NotAVideo, match=Path(name).name):
        prepare(spec)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "sentence"), DAMAGED.items())
def test_a_damaged_file_is_refused_unless_allowed(
    name: str, sentence: str, shared_media: Path, tmp_path: Path
) -> None:
    spec = PrepareSpec(str(shared_media / name), *(str(tmp_path / one) for one in ("m", "p", "a")))
    with pytest.raises(DamagedMedia) as error:
        prepare(spec)
    assert sentence in error.value.message
    assert name in error.value.message
