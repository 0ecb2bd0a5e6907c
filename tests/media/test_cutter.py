from __future__ import annotations

import dataclasses
import hashlib
import itertools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numbered_films import RATE, Film, make, noise, read_number, steady

from heaters.errors import DamagedMedia, VerificationFailed
from heaters.media.cut_check import read_back
from heaters.media.cut_streams import Times
from heaters.media.cutter import Cut, CutSpec, cut
from heaters.media.prepare import Prepared, PrepareSpec, prepare
from heaters.media.presets import PRESETS

X264 = {"preset": "veryfast", "crf": "12"}
BIG_GOP = X264 | {"g": "25", "bf": "3", "b-pyramid": "none"}
JUMPS = tuple(itertools.accumulate([0, *([333, 1001, 500, 2750, 40] * 14)]))

FILMS = {
    "cfr24": Film(steady(60), Fraction(1, 24), Fraction(24)),
    "cfr25-aac": Film(steady(60, 512), Fraction(1, 12800), audio="aac"),
    "cfr30-bframes": Film(steady(75, 512), Fraction(1, 15360), Fraction(30), options=BIG_GOP),
    "ntsc": Film(steady(70, 1001), Fraction(1, 30000), Fraction(30000, 1001), container="mov", options=BIG_GOP),
    "ntsc60": Film(steady(90, 1001), Fraction(1, 60000), Fraction(60000, 1001), container="mov"),
    "vfr": Film(JUMPS, Fraction(1, 12800), Fraction(14), container="mov", options=BIG_GOP),
    "vfr-mkv": Film(tuple(p // 10 for p in JUMPS), Fraction(1, 1000), Fraction(10), container="matroska", audio="flac"),
    "edit-list": Film(steady(75, 512, -7 * 512), Fraction(1, 12800), options=BIG_GOP, audio="aac"),
    "late-start": Film(
        steady(60, 3600, 129_600), Fraction(1, 90_000), container="mpegts", audio="aac",
        audio_start=Fraction(3, 2), options=BIG_GOP,
    ),
    "sound-first": Film(steady(60, 512, 5_000), Fraction(1, 12800), container="mov", audio_start=Fraction(1, 16)),
    "sound-late": Film(steady(60, 512), Fraction(1, 12800), container="mov", audio_start=Fraction(1001, 1600)),
    "rotated90": Film(steady(40, 512), Fraction(1, 12800), rotation=90, audio=None),
    "rotated180": Film(steady(20, 512), Fraction(1, 12800), rotation=180, audio=None),
    "rotated270": Film(steady(20, 512), Fraction(1, 12800), rotation=270, sar=Fraction(4, 3), audio=None),
    "wide-pixels": Film(steady(40, 512), Fraction(1, 12800), sar=Fraction(64, 45), audio=None),
    "odd-size": Film(steady(20, 512), Fraction(1, 12800), size=(241, 161), codec="ffv1", container="matroska",
                     options={}, audio=None),
    "10bit": Film(steady(40, 512), Fraction(1, 12800), pix_fmt="yuv420p10le", audio=None, colours=(1, 9, 16, 9)),
    "full-range": Film(steady(40, 512), Fraction(1, 12800), audio=None, colours=(2, 1, 1, 1)),
    "interlaced": Film(
        steady(40, 1, 30), Fraction(1, 25), container="mpegts", codec="mpeg2video", audio=None,
        options={"flags": "+ilme+ildct", "b": "8000000", "g": "12", "bf": "2"},
    ),
}  # fmt: skip
SOUGHT = ("cfr30-bframes", "vfr", "edit-list", "late-start")  # films that are hard to seek in
ONE_BY_ONE = [
    pytest.param(
        name, preset, mode, marks=[pytest.mark.long] if mode == "source" and name not in SOUGHT else []
    )
    for name, preset, mode in itertools.product(FILMS, ("h264", "ffv1"), ("ffv1", "source"))
]
WITH_SOUND = [name for name, film in FILMS.items() if film.audio]


@dataclass
class Made:
    film: Film
    original: Path
    master: Path
    prepared: Prepared
    times: list[Fraction]  # of each picture by an independent decode, then the end of the last one

    def spec(self, start: int, end: int, output: Path, **changes: object) -> CutSpec:
        known = self.prepared
        audio = known.audio and Fraction(known.audio["start_pts"]) * Fraction(known.audio["time_base"])
        plain = CutSpec(
            master=str(self.master), original_is_master=False, start_frame=start, end_frame=end,
            pts=[*map(int, known.pts), known.end_pts], time_base=str(known.time_base),
            picture_crc32=[int(crc) for crc in known.picture_crc32[start:end]], rotation=known.rotation,
            preset="h264", output=str(output), audio_start=None if audio is None else str(audio), sar=str(known.sar),
        )  # fmt: skip
        return dataclasses.replace(plain, **changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """Prepared films by name, each made when it is first asked for."""
    folder, ready = tmp_path_factory.mktemp("films"), {}

    def get(name: str) -> Made:
        if name not in ready:
            film = FILMS[name]
            original = make(folder / f"{name}.{film.container}", film)
            master = folder / f"{name}_master.mkv"
            spec = PrepareSpec(
                str(original), str(master), str(folder / f"{name}.mp4.p"), str(folder / f"{name}.m4a")
            )
            known = prepare(spec)
            times = [frame.pts * Fraction(frame.time_base) for frame in pictures(original)]
            ready[name] = Made(film, original, master, known, [*times, known.end_pts * known.time_base])
        return ready[name]

    return get


def in_mode(made: Made, mode: str) -> dict[str, object]:
    return {"master": str(made.original), "original_is_master": True} if mode == "source" else {}


def pictures(path: Path) -> list[av.VideoFrame]:
    """An independent decode."""
    with av.open(str(path)) as container:
        return list(container.decode(container.streams.video[0]))


def sound(path: Path) -> tuple[np.ndarray, Fraction]:
    """All samples as floats, `[channels, n]`, and the time of the first."""
    with av.open(str(path)) as container:
        frames = list(container.decode(container.streams.audio[0]))
        resampler = av.AudioResampler("fltp")
        parts = [one.to_ndarray() for frame in frames for one in resampler.resample(frame)]
        return np.concatenate(parts, axis=1), frames[0].pts * Fraction(frames[0].time_base)


def edit_list(path: Path) -> tuple[int, int]:
    """How long the first track of an MP4 is shown, and the unit of that in parts of a second."""
    data = path.read_bytes()
    header = data.index(b"mvhd") + 4
    unit = int.from_bytes(data[header + 12 : header + 16])
    edits = data.index(b"elst") + 4
    assert data[header] == data[edits] == 0, "32-bit fields"
    assert int.from_bytes(data[edits + 4 : edits + 8]) == 1, "one edit"
    return int.from_bytes(data[edits + 8 : edits + 12]), unit


def turned(frame: av.VideoFrame, film: Film) -> av.VideoFrame:
    """An `ffv1` export's picture, turned as its metadata says."""
    assert (-round(frame.rotation)) % 360 == film.rotation
    if not film.rotation:
        return frame
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : frame.width]
    upright = np.ascontiguousarray(np.rot90(luma, -film.rotation // 90))
    return av.VideoFrame.from_ndarray(upright, format="gray")


def distance(found: np.ndarray, wanted: np.ndarray, reach: int) -> int:
    """By how many samples `found` lags behind `wanted`, up to `reach`."""
    count = min(len(found), len(wanted))
    a, b = (part[:count].astype(float) - part[:count].mean() for part in (found, wanted))
    spectrum = np.fft.rfft(a, 2 * count) * np.conj(np.fft.rfft(b, 2 * count))
    match = np.fft.irfft(spectrum)
    lags = np.concatenate([np.arange(0, reach + 1), np.arange(-reach, 0)])
    best = int(lags[np.argmax(match[lags])])
    assert match[best] > 0.6 * np.sqrt((a**2).sum() * (b**2).sum()), "this is not the sound of this place"
    return best


@pytest.mark.parametrize(("name", "preset", "mode"), ONE_BY_ONE)
def test_an_export_holds_exactly_its_frames_at_exactly_their_times(
    made, tmp_path: Path, name: str, preset: str, mode: str
) -> None:
    one = made(name)
    shown, total = one.film.shown, one.prepared.n_frames
    assert total == len(shown)
    for start, end in {(0, 5), (total // 3, min(total, total // 3 + 17)), (total - 1, total)}:
        output = tmp_path / f"{start}.part"
        done = cut(one.spec(start, end, output, preset=preset, **in_mode(one, mode)))
        frames = pictures(output)
        assert done.frames == len(frames) == end - start
        upright = frames if preset == "h264" else [turned(frame, one.film) for frame in frames]
        assert [read_number(frame) for frame in upright] == shown[start:end]
        wanted = [time - one.times[start] for time in one.times[start:end]]
        slack = 0 if preset == "h264" else Fraction(1, 2000)
        found = [frame.pts * Fraction(frame.time_base) for frame in frames]
        assert all(abs(a - b) <= slack for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("name", ["vfr", "ntsc", "edit-list"])
def test_the_last_frame_is_shown_for_as_long_as_in_the_source(made, tmp_path: Path, name: str) -> None:
    one = made(name)
    for start, end in ((3, 9), (10, 11), (20, 41)):
        done = cut(one.spec(start, end, tmp_path / "x.part"))
        exact = one.times[end] - one.times[start]
        shown, unit = edit_list(tmp_path / "x.part")
        assert Fraction(shown, unit) == exact
        assert done.duration == float(exact)


@pytest.mark.parametrize("mode", ["ffv1", pytest.param("source", marks=pytest.mark.long)])
@pytest.mark.parametrize("name", WITH_SOUND)
def test_an_export_holds_exactly_its_samples(made, tmp_path: Path, name: str, mode: str) -> None:
    one = made(name)
    exact, total = one.film.audio != "aac", one.prepared.n_frames
    heard_there, audio_start = sound(one.original)
    whole = noise(round((one.times[-1] - audio_start) * RATE) + RATE) if exact else heard_there
    for start, end in ((0, 20), (23, 47), (total - 12, total)):
        first, last = (round((one.times[frame] - audio_start) * RATE) for frame in (start, end))
        wanted = whole[:, max(0, first) : max(0, last)]
        lead = max(0, -first)
        for preset in ("h264", "ffv1"):
            output = tmp_path / f"{start}.{preset}.part"
            done = cut(one.spec(start, end, output, preset=preset, **in_mode(one, mode)))
            found, begin = sound(output)
            assert begin == 0
            assert done.audio is not None
            assert done.audio["samples"] == last - first
            assert abs(found.shape[1] - (last - first)) <= (1024 if preset == "h264" else 0)
            if exact and preset == "ffv1":
                heard = np.rint(found[:, lead : wanted.shape[1] + lead] * 32768).astype(int)
                missing = done.audio["silent"] - lead
                assert missing <= 1024 * (start > 40)
                assert np.array_equal(
                    heard[:, : heard.shape[1] - missing], wanted[:, : heard.shape[1] - missing]
                )
            else:
                off = distance(found[0, lead:], wanted[0], 2000)
                assert abs(off) <= (0 if exact else 48), "a millisecond of Matroska's rounding"


def test_clips_that_tile_the_source_tile_its_sound(made, tmp_path: Path) -> None:
    one = made("ntsc")
    parts = []
    for number, (start, end) in enumerate(itertools.pairwise([0, 7, 8, 31, 50, 70])):
        output = tmp_path / f"{number}.part"
        cut(one.spec(start, end, output, preset="ffv1"))
        parts.append(sound(output)[0])
    joined = np.rint(np.concatenate(parts, axis=1) * 32768).astype(int)
    assert np.array_equal(joined, noise(joined.shape[1]))


@pytest.mark.parametrize(
    ("name", "size", "pix_fmt"),
    [
        ("rotated90", (240, 160), "yuv420p"),
        ("rotated270", (240, 212), "yuv420p"),
        ("wide-pixels", (340, 160), "yuv420p"),
        ("odd-size", (240, 160), "yuv420p"),
        ("10bit", (240, 160), "yuv420p10le"),
        ("full-range", (240, 160), "yuvj420p"),
    ],
)
def test_h264_is_upright_square_even_and_as_deep_as_its_source(
    made, tmp_path: Path, name: str, size: tuple[int, int], pix_fmt: str
) -> None:
    one = made(name)
    cut(one.spec(2, 6, tmp_path / "x.part"))
    with av.open(str(tmp_path / "x.part")) as film:
        frame = next(film.decode(film.streams.video[0]))
        assert (frame.width, frame.height, frame.format.name) == (*size, pix_fmt)
        assert frame.rotation == 0
        assert film.streams.video[0].sample_aspect_ratio in (None, 1)
        tags = (frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace)
        assert tuple(map(int, tags)) == one.film.colours


def test_h264_is_deinterlaced_as_the_proxy_is(made, tmp_path: Path) -> None:
    one = made("interlaced")
    cut(one.spec(4, 12, tmp_path / "x.part"))
    cut(one.spec(4, 12, tmp_path / "y.part", preset="ffv1"))
    assert not any(frame.interlaced_frame for frame in pictures(tmp_path / "x.part"))
    assert all(frame.interlaced_frame for frame in pictures(tmp_path / "y.part"))


@pytest.mark.parametrize("mode", ["ffv1", "source"])
def test_ffv1_keeps_every_bit_and_tells_rotation_and_pixel_aspect(made, tmp_path: Path, mode: str) -> None:
    for name in ("rotated270", "wide-pixels", "10bit"):
        one = made(name)
        cut(one.spec(3, 9, tmp_path / "x.part", preset="ffv1", **in_mode(one, mode)))
        with av.open(str(tmp_path / "x.part")) as film:
            stream = film.streams.video[0]
            assert Fraction(stream.sample_aspect_ratio or 1) == one.film.sar
            frames = list(film.decode(stream))
        for frame, original in zip(frames, pictures(one.original)[3:9], strict=True):
            assert np.array_equal(frame.to_ndarray(), original.to_ndarray())
        assert (-round(frames[0].rotation)) % 360 == one.film.rotation


def test_ffv1_copies_the_packets_of_the_master(made, tmp_path: Path) -> None:
    one = made("vfr")
    cut(one.spec(5, 25, tmp_path / "x.part", preset="ffv1"))
    packets = []
    for path in (one.master, tmp_path / "x.part"):
        with av.open(str(path)) as film:
            packets.append([bytes(packet) for packet in film.demux(film.streams.video[0]) if packet.size])
    assert packets[1] == packets[0][5:25]


def test_the_report_tells_bytes_hash_settings_and_versions(made, tmp_path: Path) -> None:
    output = tmp_path / "x.part"
    seen: list[int] = []
    done = cut(made("cfr24").spec(0, 10, output), seen.append)
    assert isinstance(done, Cut)
    assert (done.bytes, done.sha256) == (
        output.stat().st_size,
        hashlib.sha256(output.read_bytes()).hexdigest(),
    )
    assert done.encoder["settings"] == PRESETS["h264"].settings()
    assert done.encoder["libraries"]["av"] == av.__version__
    assert seen == list(range(1, 11))
    assert done.warnings == []


def test_the_same_clip_gives_the_same_bytes(made, tmp_path: Path) -> None:
    one = made("cfr25-aac")
    assert cut(one.spec(7, 30, tmp_path / "a")).sha256 == cut(one.spec(7, 30, tmp_path / "b")).sha256


def test_mp4_can_be_played_before_it_is_loaded(made, tmp_path: Path) -> None:
    cut(made("cfr25-aac").spec(0, 50, tmp_path / "x.part"))
    head = (tmp_path / "x.part").read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


@pytest.mark.parametrize("preset", ["h264", "ffv1"])
def test_a_picture_that_is_not_the_prepared_one_is_named(made, tmp_path: Path, preset: str) -> None:
    one = made("cfr24")
    for changed in (10, 19):
        crcs = [int(crc) for crc in one.prepared.picture_crc32[10:20]]
        crcs[changed - 10] ^= 1
        with pytest.raises(VerificationFailed, match=rf"(frame|picture) ({changed}|{changed - 10}) is not"):
            cut(one.spec(10, 20, tmp_path / "x.part", preset=preset, picture_crc32=crcs))


def test_a_damaged_master_is_not_exported(made, tmp_path: Path) -> None:
    one = made("cfr24")
    broken = tmp_path / "broken.mkv"
    data = bytearray(one.master.read_bytes())
    with av.open(str(one.master)) as film:
        packet = [one for one in film.demux(film.streams.video[0]) if one.size][30]
        at = packet.pos + packet.size // 2
        data[at : at + 50] = bytes(byte ^ 0x55 for byte in data[at : at + 50])
    broken.write_bytes(data)
    for preset in ("h264", "ffv1"):
        with pytest.raises((VerificationFailed, DamagedMedia)):
            cut(one.spec(0, one.prepared.n_frames, tmp_path / "x.part", preset=preset, master=str(broken)))


def test_the_master_of_another_film_is_not_exported(made, tmp_path: Path) -> None:
    with pytest.raises((VerificationFailed, DamagedMedia)):
        cut(made("cfr24").spec(0, 5, tmp_path / "x.part", master=str(made("vfr").master)))


def test_a_range_outside_of_the_source_is_refused(made, tmp_path: Path) -> None:
    one = made("cfr24")
    for changes in (
        {"start_frame": 5, "end_frame": 5},
        {"start_frame": 50, "end_frame": 61},
        {"preset": "prores"},
    ):
        with pytest.raises(ValueError, match=r"frames|preset"):
            cut(dataclasses.replace(one.spec(0, 5, tmp_path / "x.part"), **changes))
    assert not (tmp_path / "x.part").exists()


def test_a_file_with_other_pictures_than_the_clip_does_not_pass(made, tmp_path: Path) -> None:
    one, output = made("cfr24"), tmp_path / "x.part"
    cut(one.spec(0, 10, output))
    unit = one.prepared.time_base
    exact = Times.of_range([*map(int, one.prepared.pts)], 0, 10, unit)
    read_back(str(output), PRESETS["h264"], exact, [])
    for pts, words in (
        (exact.pts[:-1], "more than the 9 pictures"),
        ((*exact.pts, exact.pts[-1] + 1), "has 10 of the 11 pictures"),
        ((*exact.pts[:4], exact.pts[4] + 1, *exact.pts[5:]), "shows picture 4 at a wrong time"),
    ):
        with pytest.raises(VerificationFailed, match=words):
            read_back(str(output), PRESETS["h264"], Times(pts, unit), [])


def test_a_full_disk_is_an_os_error_that_names_the_file(made) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(OSError, match="/dev/full") as caught:
        cut(made("cfr24").spec(0, 40, Path("/dev/full"), preset="ffv1"))
    assert caught.value.errno == 28


@pytest.mark.long
@pytest.mark.parametrize("preset", ["h264", "ffv1"])
def test_every_accepted_shared_file_exports_exactly(shared_media: Path, tmp_path: Path, preset: str) -> None:
    """In `source` mode, where every container must be sought in; the masters are proved with generated films."""
    for name in (
        "vfr_phone.mp4",
        "editlist_midgop.mp4",
        "pts_wrap.ts",
        "no_duration.webm",
        "failing_audio.mp4",
    ):
        path = shared_media / "torture" / name
        known = prepare(PrepareSpec(str(path), None, str(tmp_path / "p"), str(tmp_path / "a")))
        crcs, total = [int(crc) for crc in known.picture_crc32], known.n_frames
        for start in (0, total // 2, total - 3):
            spec = CutSpec(
                str(path), start > -1, start, start + 3, [*map(int, known.pts), known.end_pts], str(known.time_base),
                crcs[start : start + 3], known.rotation, preset, str(tmp_path / "x.part"),
            )  # fmt: skip
            assert cut(spec).frames == 3
