from __future__ import annotations

import errno
import hashlib
import random
import shutil
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from films import Sound, clicks_in, numbered, write_film

from heaters.errors import DamagedMedia, MediaError, NotAVideo, VerificationFailed
from heaters.media.lanes import Lane
from heaters.media.packets import is_idr, read_table
from heaters.media.prepare import Prepared, PrepareSpec, prepare
from heaters.media.readback import Problem, check_proxy, read_back, sample_frames
from heaters.media.source import Source, picture_crc, plane_bytes
from heaters.media.upright import upright_size


def spec_for(original: Path, folder: Path, **changes: object) -> PrepareSpec:
    names = {"master": "master.part", "proxy": "proxy.part", "audio": "audio.part"}
    paths = {name: str(folder / file) for name, file in names.items()}
    return PrepareSpec(**{"original": str(original), **paths, **changes})


def pictures(path: Path | str) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def check_whole(prepared: Prepared, spec: PrepareSpec) -> None:
    """Counts and pictures agree in all artefacts."""
    assert len(pictures(spec.proxy)) == prepared.n_frames
    assert read_back(spec.master or spec.original, prepared.pts, prepared.picture_crc32) == []
    assert check_proxy(spec.proxy, prepared.offset, prepared.size, prepared.crc32) == []


# --- what is written ---


def test_everything_is_written_and_described(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", 30, sound=Sound([0.2], 1.2))
    seen: list[int] = []
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec, seen.append)
    assert seen == list(range(1, 31))
    assert (prepared.n_frames, prepared.fps, prepared.time_base) == (30, 25, Fraction(1, 1000))
    assert (prepared.width, prepared.height, prepared.rotation, prepared.sar) == (64, 48, 0, 1)
    assert prepared.pts.tolist() == [40 * n for n in range(30)]
    assert (prepared.start_pts, prepared.end_pts) == (0, 1200)
    for name, path in (("master", spec.master), ("proxy", spec.proxy), ("audio", spec.audio)):
        data = Path(path).read_bytes()
        assert prepared.bytes[name] == len(data)
        assert prepared.sha256[name] == hashlib.sha256(data).hexdigest()
    assert {"wall", "decode", "master", "proxy", "scores"} <= set(prepared.seconds)
    assert prepared.warnings == []
    check_whole(prepared, spec)
    assert not [one for one in threading.enumerate() if one.name.startswith("heaters-")]


def test_source_mode_writes_no_master(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 40, codec="libx264", options={"bf": "2", "g": "15"})
    spec = spec_for(film, tmp_path, master=None)
    prepared = prepare(spec)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["film.mp4", "proxy.part"]
    assert set(prepared.bytes) == {"proxy"}
    check_whole(prepared, spec)


def test_frames_of_the_master_are_the_numbers_that_were_put_in(tmp_path: Path) -> None:
    order = random.Random(3).sample(range(100), 20)
    film = write_film(tmp_path / "film.mkv", order)
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    assert prepared.picture_crc32.tolist() == [picture_crc(numbered(n, (64, 48), "yuv420p")) for n in order]


def test_times_of_the_proxy_are_exact_at_29_97_and_with_variable_rate(tmp_path: Path) -> None:
    times = [0, 1001, 1500, 40000, 40001, 99999]
    film = write_film(
        tmp_path / "film.mp4", 6, codec="libx264", rate=Fraction(30000, 1001), times=times, time_base=Fraction(1, 30000)
    )  # fmt: skip
    with av.open(str(film)) as container:
        unit = container.streams.video[0].time_base
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    assert [int(one) * prepared.time_base for one in prepared.pts] == [Fraction(one, 30000) for one in times]
    shown = [frame.pts * frame.time_base for frame in pictures(spec.proxy)]
    assert shown == [Fraction(one, 30000) for one in times]
    assert read_table(spec.proxy).time.tolist() == [int(one) for one in prepared.pts]
    assert prepared.time_base == unit


def test_a_time_base_that_is_no_unit_fraction_stays_exact(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.avi", 10, codec="mpeg4", rate=Fraction(30000, 1001))
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    assert prepared.time_base == Fraction(1001, 30000)
    assert [frame.pts * frame.time_base for frame in pictures(spec.proxy)] == [
        Fraction(1001 * n, 30000) for n in range(10)
    ]


def test_the_index_is_what_the_manifest_of_a_browser_needs(tmp_path: Path) -> None:
    spec = spec_for(write_film(tmp_path / "film.mkv", 5), tmp_path)
    prepared = prepare(spec)
    assert prepared.codec == f"avc1.{prepared.avcc[1]:02x}{prepared.avcc[2]:02x}{prepared.avcc[3]:02x}"
    assert prepared.avcc[0] == 1
    assert np.all(prepared.offset[1:] >= prepared.offset[:-1] + prepared.size[:-1])


# --- pixels ---


@pytest.mark.parametrize(
    ("codec", "pixels", "kept", "container"),
    [
        ("png", "rgb24", "bgr0", "mov"), ("png", "rgba", "bgra", "mov"), ("png", "gray", "gray", "mov"),
        ("png", "pal8", "bgra", "mov"), ("png", "rgb48be", "gbrp16le", "mov"), ("png", "gray16be", "gray16le", "mov"),
        ("png", "ya8", "ya8", "mov"), ("png", "monob", "gray", "mov"), ("qtrle", "argb", "bgra", "mov"),
        ("rawvideo", "uyvy422", "yuv422p", "mov"), ("rawvideo", "nv12", "yuv420p", "nut"),
        ("rawvideo", "bgr24", "bgr0", "avi"), ("rawvideo", "rgb565le", "bgr0", "nut"),
        ("rawvideo", "yuv420p16be", "yuv420p16le", "nut"),
        ("libx264rgb", "bgr24", "bgr0", "mp4"), ("ffv1", "gbrp12le", "gbrp12le", "mkv"),
        ("ffv1", "yuva444p10le", "yuva444p10le", "mkv"), ("ffv1", "yuv411p", "yuv411p", "mkv"),
        ("mjpeg", "yuvj422p", "yuv422p", "mov"), ("prores_ks", "yuv444p10le", "yuv444p12le", "mov"),
        ("prores_ks", "yuva444p10le", "yuva444p12le", "mov"), ("dvvideo", "yuv411p", "yuv411p", "mov"),
    ],
)  # fmt: skip
def test_the_master_loses_no_bit_of_any_pixel_format(
    tmp_path: Path, codec: str, pixels: str, kept: str, container: str
) -> None:
    size = (720, 480) if codec == "dvvideo" else (66, 50)
    rate = Fraction(30000, 1001) if codec == "dvvideo" else 25
    options = {"crf": "0"} if "264" in codec else {}
    film = write_film(
        tmp_path / f"film.{container}", 4, codec=codec, pixels=pixels, size=size, rate=rate, options=options
    )
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    decoded = pictures(film)
    shown_as = {"pal8": "bgra", "monob": "gray"}.get(decoded[0].format.name)
    if shown_as:
        decoded = [frame.reformat(format=shown_as) for frame in decoded]
    assert prepared.picture_crc32.tolist() == [picture_crc(frame) for frame in decoded]
    stored = pictures(spec.master)
    assert stored[0].format.name == kept
    check_whole(prepared, spec)
    if "565" not in pixels:  # widening 5 bits to 8 is not the same in all converters
        assert [plain_values(one) for one in stored] == [plain_values(one) for one in decoded]


def plain_values(frame: av.VideoFrame) -> list[bytes]:
    """The samples, in one order for formats that only differ in their order."""
    name = frame.format.name
    if frame.format.is_rgb or name.startswith("mono"):
        return [frame.reformat(format="rgba64le").to_ndarray()[..., : 4 if has_alpha(name) else 3].tobytes()]
    planar = {"nv12": "yuv420p", "p010le": "yuv420p10le", "uyvy422": "yuv422p"}.get(name, name)
    return [bytes(one) for one in plane_bytes(frame.reformat(format=planar.replace("be", "le")))]


def has_alpha(name: str) -> bool:
    return name in {"bgra", "rgba", "argb", "abgr"}


def test_pixels_that_ffv1_can_not_hold_are_refused_with_a_way_out(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.nut", 2, codec="rawvideo", pixels="xyz12le")
    with pytest.raises(MediaError, match=r"xyz12le.*master_mode=source"):
        prepare(spec_for(film, tmp_path))
    assert prepare(spec_for(film, tmp_path, master=None)).n_frames == 2


def mean_rgb(frame: av.VideoFrame) -> np.ndarray:
    return frame.reformat(format="rgb24").to_ndarray().reshape(-1, 3).mean(axis=0)


@pytest.mark.parametrize(
    "name",
    ["torture/full_range.mp4", "torture/mjpeg.avi", "torture/animated.gif", "torture/odd_321x181.webm"],
)
def test_the_proxy_has_the_brightness_and_colours_of_the_source(
    shared_media: Path, tmp_path: Path, name: str
) -> None:
    spec = spec_for(shared_media / name, tmp_path)
    prepare(spec)
    with Source(shared_media / name) as source:
        first = next(source.pictures()).frame
    assert np.abs(mean_rgb(first) - mean_rgb(pictures(spec.proxy)[0])).max() < 2.5


@pytest.mark.long
def test_hdr_is_mapped_and_not_just_relabelled(shared_media: Path, tmp_path: Path) -> None:
    spec = spec_for(shared_media / "torture" / "hevc10_hlg.mp4", tmp_path, master=None)
    prepared = prepare(spec)
    (shown, *_) = pictures(spec.proxy)
    with Source(spec.original) as source:
        flat = next(source.pictures()).frame.reformat(1280, 720, "rgb24").to_ndarray().astype(int)
    vivid = shown.reformat(format="rgb24").to_ndarray().astype(int)
    assert int(shown.color_trc) == int(shown.color_primaries) == int(shown.colorspace) == 1
    assert np.ptp(vivid, axis=2).mean() > 1.2 * np.ptp(flat, axis=2).mean()
    assert any("approximate colours" in one for one in prepared.warnings)


@pytest.mark.parametrize(("name", "turns"), [("rotate90.mov", 3), ("rotate180.mov", 2)])
def test_the_proxy_is_turned_the_right_way(shared_media: Path, tmp_path: Path, name: str, turns: int) -> None:
    spec = spec_for(shared_media / "torture" / name, tmp_path)
    prepare(spec)
    stored = pictures(spec.original)[0].reformat(format="gray").to_ndarray().astype(int)
    shown = pictures(spec.proxy)[0].reformat(format="gray").to_ndarray().astype(int)
    off = [
        np.abs(np.rot90(stored, turn) - shown).mean() if np.rot90(stored, turn).shape == shown.shape else 255
        for turn in range(4)
    ]
    assert int(np.argmin(off)) == turns
    assert off[turns] < 4


def combing(frame: av.VideoFrame) -> float:
    """How much more neighbouring rows differ than rows of the same field."""
    rows = frame.reformat(format="gray").to_ndarray()[:, ::4].astype(int)
    return np.abs(rows[1:-1] - rows[:-2]).mean() / np.abs(rows[2:] - rows[:-2]).mean()


@pytest.mark.long
def test_fields_stay_in_the_master_and_are_gone_in_the_proxy(shared_media: Path, tmp_path: Path) -> None:
    spec = spec_for(shared_media / "torture" / "interlaced_576i.ts", tmp_path)
    prepare(spec)
    source, master, proxy = (pictures(one) for one in (spec.original, spec.master, spec.proxy))
    assert len(source) == len(master) == len(proxy)
    assert all(frame.interlaced_frame for frame in master)
    assert not any(frame.interlaced_frame for frame in proxy)
    worst = max(range(len(source)), key=lambda n: combing(source[n]))
    assert combing(proxy[worst]) < 0.75 * combing(source[worst])


def test_fields_that_begin_in_mid_film_are_deinterlaced_from_there(tmp_path: Path) -> None:
    kinds = {"whole": {"g": "1"}, "fields": {"g": "1", "flags": "+ildct+ilme"}}
    parts = [
        write_film(tmp_path / f"{name}.ts", 10, codec="mpeg2video", options={"qscale": "2", **options})
        for name, options in kinds.items()
    ]
    film = tmp_path / "film.ts"
    film.write_bytes(b"".join(part.read_bytes() for part in parts))
    decoded = pictures(film)
    flags = [bool(frame.interlaced_frame) for frame in decoded]
    assert flags == sorted(flags)
    assert len(set(flags)) == 2
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    shown, stored = (
        [frame.reformat(format="gray").to_ndarray().astype(int) for frame in one]
        for one in (pictures(spec.proxy), decoded)
    )
    assert prepared.n_frames == len(shown) == len(stored)
    for number, picture in enumerate(shown):
        near = range(max(0, number - 3), min(len(stored), number + 4))
        assert min(near, key=lambda n: np.abs(stored[n] - picture).mean()) == number


@pytest.mark.parametrize(
    ("stored", "sar", "rotation", "limit", "shown"),
    [
        ((1920, 1080), 1, 0, 720, (1280, 720)), ((1080, 1920), 1, 0, 720, (404, 720)), ((1920, 1080), 1, 90, 720, (404, 720)),
        ((321, 181), 1, 0, 720, (320, 180)), ((720, 576), Fraction(16, 15), 0, 720, (768, 576)),
        ((720, 480), Fraction(8, 9), 0, 720, (640, 480)), ((640, 360), 2, 90, 720, (202, 720)), ((1, 1), 1, 0, 720, (2, 2)),
        ((16384, 64), 1, 0, 720, (4096, 16)), ((640, 360), 1, 0, 100, (178, 100)),
    ],
)  # fmt: skip
def test_upright_sizes(stored, sar, rotation, limit, shown) -> None:
    assert upright_size(*stored, Fraction(sar), rotation, limit) == shown


# --- sound ---


@pytest.mark.parametrize("start", [0, 0.5, -0.3])
@pytest.mark.parametrize(
    ("codec", "kind", "container"),
    [("pcm_s16le", "s16", "mov"), ("aac", "fltp", "mp4"), ("flac", "s16", "mkv")],
)
def test_sound_stays_in_step_and_begins_with_frame_0(
    tmp_path: Path, start: float, codec: str, kind: str, container: str
) -> None:
    delay = max(0, -start)
    film = write_film(
        tmp_path / f"film.{container}", 40, times=[n * 40 + round(delay * 1000) for n in range(40)], time_base=Fraction(1, 1000),
        codec="libx264", sound=Sound([delay + 0.6, delay + 1.2], delay + 1.5, start=max(0, start), codec=codec, format=kind),
    )  # fmt: skip
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    assert prepared.start_pts * prepared.time_base == pytest.approx(delay, abs=0.0005)
    for path in (spec.proxy, spec.audio):
        assert clicks_in(path) == pytest.approx([0.6, 1.2], abs=0.003)
        with av.open(path) as container_:
            assert next(container_.decode(audio=0)).pts == 0
    with av.open(spec.master) as master:
        first = next(master.decode(video=0))
        offset = float(first.pts * first.time_base)
    assert [one - offset for one in clicks_in(spec.master)] == pytest.approx([0.6, 1.2], abs=0.003)
    assert prepared.audio is not None
    begins = Fraction(prepared.audio["start_pts"]) * Fraction(prepared.audio["time_base"])
    assert float(begins) - delay == pytest.approx(start, abs=0.0225)


@pytest.mark.parametrize(
    ("codec", "kind", "kept"),
    [("pcm_s16le", "s16", "flac"), ("pcm_s24le", "s32", "flac"), ("pcm_f32le", "flt", "pcm_f32le")],
)
def test_pcm_of_up_to_24_bits_becomes_flac_without_loss(
    tmp_path: Path, codec: str, kind: str, kept: str
) -> None:
    film = write_film(
        tmp_path / "film.mov",
        30,
        codec="mpeg4",
        sound=Sound([0.1, 0.7], 1.2, codec=codec, format=kind, layout="5.1"),
    )
    spec = spec_for(film, tmp_path)
    prepare(spec)
    with av.open(spec.master) as master:
        assert [one.codec_context.name for one in master.streams.audio] == [kept]
    assert np.array_equal(samples_of(spec.master), samples_of(film))


def samples_of(path: Path | str) -> np.ndarray:
    with av.open(str(path)) as container:
        parts = []
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray()
            parts.append(
                samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T
            )
    return np.concatenate(parts, axis=1)


def test_sound_packets_are_copied_byte_for_byte(shared_media: Path, tmp_path: Path) -> None:
    spec = spec_for(shared_media / "torture" / "multi_audio.mkv", tmp_path)
    prepared = prepare(spec)
    assert prepared.audio is not None
    assert (prepared.audio["codec"], prepared.audio["track"]) == ("opus", 1)
    for number in range(3):
        assert packets_of(spec.master, number) == packets_of(spec.original, number)


def packets_of(path: str, number: int) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(one) for one in container.demux(container.streams.audio[number]) if one.size]


def test_the_sound_alone_has_the_packets_of_the_proxy(shared_media: Path, tmp_path: Path) -> None:
    spec = spec_for(shared_media / "clips" / "friday.mp4", tmp_path)
    prepare(spec)
    assert packets_of(spec.audio, 0) == packets_of(spec.proxy, 0)
    assert len(packets_of(spec.audio, 0)) > 250


def test_without_sound_no_sound_is_written(tmp_path: Path) -> None:
    spec = spec_for(write_film(tmp_path / "film.mkv", 5), tmp_path)
    prepared = prepare(spec)
    assert prepared.audio is None
    assert not Path(spec.audio).exists()
    assert set(prepared.sha256) == {"master", "proxy"}


def test_damaged_sound_is_a_warning(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mkv", 50, sound=Sound([0.5], 2, codec="aac", format="fltp"))
    film = tmp_path / "film.mkv"
    with av.open(str(whole)) as container, av.open(str(film), "w") as copy:
        streams = [copy.add_stream_from_template(one, opaque=True) for one in container.streams]
        for number, packet in enumerate(one for one in container.demux() if one.size):
            is_sound = packet.stream.type == "audio"
            made = av.Packet(b"\xff" * 40) if is_sound and 90 < number < 110 else packet
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
            made.stream = streams[packet.stream.index]
            copy.mux(made)
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    assert prepared.n_frames == 50
    assert any("packets of sound track 0 could not be decoded" in one for one in prepared.warnings)
    assert clicks_in(spec.proxy)[0] == pytest.approx(0.5, abs=0.003)


# --- files that are not as they should be ---


def test_joined_transport_streams_go_on_where_the_clock_restarts(tmp_path: Path) -> None:
    part = write_film(
        tmp_path / "part.ts", 50, codec="libx264", options={"bf": "2", "g": "25"}, sound=Sound([0.8, 1.6], 2, codec="mp2")
    )  # fmt: skip
    film = tmp_path / "film.ts"
    film.write_bytes(part.read_bytes() * 3)
    spec = spec_for(film, tmp_path)
    prepared = prepare(spec)
    assert prepared.n_frames == 150
    assert np.all(np.diff(prepared.pts) > 0)
    one_part = [picture_crc(frame) for frame in pictures(part)]
    assert prepared.picture_crc32.tolist() == one_part * 3
    assert any("clock" in one for one in prepared.warnings)
    assert float((prepared.end_pts - prepared.start_pts) * prepared.time_base) == pytest.approx(6, abs=0.5)
    starts = [float((prepared.pts[50 * n] - prepared.start_pts) * prepared.time_base) for n in range(3)]
    expected = [start + click for start in starts for click in (0.8, 1.6)]
    assert clicks_in(spec.proxy) == pytest.approx(expected, abs=0.025)
    check_whole(prepared, spec)
    with Source(film) as source:
        found = [picture_crc(one.frame) for one in source.pictures_range(70, 75, prepared.pts)]
    assert found == prepared.picture_crc32[70:75].tolist()


def test_a_change_of_the_picture_size_is_refused_with_its_frame(tmp_path: Path) -> None:
    options = {"g": "5", "bf": "0"}
    parts = [
        write_film(tmp_path / f"{size[0]}.ts", 10, codec="libx264", size=size, options=options)
        for size in ((64, 48), (96, 64))
    ]
    film = tmp_path / "film.ts"
    film.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(
        DamagedMedia, match=r"film.ts: picture size changes at frame 10 .64x48 yuv420p to 96x64"
    ):
        prepare(spec_for(film, tmp_path))
    assert not [one for one in threading.enumerate() if one.name.startswith("heaters-")]


def test_a_file_cut_off_in_its_middle_needs_permission(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 100, codec="mpeg4", container_options={"movflags": "faststart"})
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        DamagedMedia, match=r"header says 100 frames, [0-9]+ could be decoded; .*--allow-truncated"
    ) as error:
        prepare(spec_for(film, tmp_path))
    prepared = prepare(spec_for(film, tmp_path, allow_truncated=True))
    assert prepared.n_frames == error.value.facts["frames"] < 60
    assert any("header says 100 frames" in one for one in prepared.warnings)


def test_no_picture_at_all_is_no_video(shared_media: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAVideo, match="encrypted"):
        prepare(spec_for(shared_media / "torture" / "encrypted_cenc.mp4", tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("full", ["master", "proxy"])
def test_a_full_disk_ends_the_pass_and_names_the_file(tmp_path: Path, full: str) -> None:
    film = write_film(tmp_path / "film.mkv", 200, size=(320, 240), sound=Sound([0.5], 8))
    (tmp_path / "full.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="full") as error:
        prepare(spec_for(film, tmp_path, **{full: str(tmp_path / "full.part")}))
    assert error.value.errno == errno.ENOSPC
    assert not [one for one in threading.enumerate() if one.name.startswith("heaters-")]


@pytest.mark.parametrize("missing", ["master", "proxy", "audio"])
def test_a_missing_folder_ends_the_pass_and_names_the_file(tmp_path: Path, missing: str) -> None:
    film = write_film(tmp_path / "film.mkv", 10, sound=Sound([0.1], 0.4))
    path = str(tmp_path / "nowhere" / "x.part")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        prepare(spec_for(film, tmp_path, **{missing: path}))


# --- reading back ---


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[PrepareSpec, Prepared]:
    folder = tmp_path_factory.mktemp("small")
    spec = spec_for(write_film(folder / "film.mkv", 30, size=(128, 96)), folder)
    return spec, prepare(spec)


def test_reading_back_names_the_frame_that_differs(small: tuple[PrepareSpec, Prepared]) -> None:
    spec, prepared = small
    crcs = prepared.picture_crc32.copy()
    crcs[[7, 21]] ^= 1
    assert [one.frame for one in read_back(spec.master, prepared.pts, crcs)] == [7, 21]
    assert [one.frame for one in read_back(spec.master, prepared.pts, crcs, [6, 7, 8])] == [7]
    assert read_back(spec.master, prepared.pts, crcs, [0, 8, 29]) == []


def test_reading_back_tells_its_progress(small: tuple[PrepareSpec, Prepared]) -> None:
    spec, prepared = small
    seen: list[int] = []
    read_back(spec.master, prepared.pts, prepared.picture_crc32, progress=seen.append)
    assert seen == list(range(1, 31))


def test_a_flipped_bit_in_the_master_is_found_at_its_frame(
    small: tuple[PrepareSpec, Prepared], tmp_path: Path
) -> None:
    spec, prepared = small
    master = Path(shutil.copy(spec.master, tmp_path / "master.mkv"))
    with av.open(str(master)) as container:
        packets = [(one.pos, one.size) for one in container.demux(video=0) if one.size]
    data = bytearray(master.read_bytes())
    data[packets[12][0] + packets[12][1] // 2] ^= 4
    master.write_bytes(data)
    assert {one.frame for one in read_back(master, prepared.pts, prepared.picture_crc32)} == {12}


def test_a_short_master_is_found(small: tuple[PrepareSpec, Prepared], tmp_path: Path) -> None:
    spec, prepared = small
    master = tmp_path / "master.mkv"
    data = Path(spec.master).read_bytes()
    master.write_bytes(data[: len(data) // 2])
    problems = read_back(master, prepared.pts, prepared.picture_crc32)
    assert problems
    assert all("master.mkv" in one.what for one in problems)


def test_a_missing_master_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (problem,) = read_back(tmp_path / "gone.mkv", [0], [0])
    assert problem == Problem(None, f"{tmp_path / 'gone.mkv'} does not exist; check the path")


def test_a_changed_or_short_proxy_is_found_at_its_frame(
    small: tuple[PrepareSpec, Prepared], tmp_path: Path
) -> None:
    spec, prepared = small
    data = bytearray(Path(spec.proxy).read_bytes())
    data[int(prepared.offset[9]) + 20] ^= 1
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(data)
    columns = prepared.offset, prepared.size, prepared.crc32
    assert [one.frame for one in check_proxy(changed, *columns)] == [9]
    changed.write_bytes(data[: int(prepared.offset[20]) + 5])
    assert [one.frame for one in check_proxy(changed, *columns)] == [9, 20]


def test_a_sample_has_the_ends_and_one_in_a_hundred() -> None:
    assert sample_frames(1) == [0]
    assert sample_frames(250) == [0, 100, 200, 249]


# --- parts ---


def test_only_a_packet_of_idr_slices_is_one() -> None:
    def units(*kinds: int) -> bytes:
        return b"".join(b"\0\0\0\3" + bytes([0x60 | kind, 1, 2]) for kind in kinds)

    assert is_idr(units(6, 5), 4)
    assert is_idr(units(9, 5, 5), 4)
    assert not is_idr(units(1), 4)
    assert not is_idr(units(5, 1), 4)
    assert not is_idr(units(6), 4)
    assert not is_idr(units(5) + b"\0", 4)
    assert not is_idr(b"", 4)


def test_a_proxy_without_idr_pictures_is_refused(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 30, codec="libx264", options={"g": "10"})
    with pytest.raises(VerificationFailed, match="frame 1 "):
        read_table(str(film))


def test_a_lane_takes_items_in_order_and_closes_after_the_last() -> None:
    taken: list[object] = []
    lane: Lane[int] = Lane("test", taken.append, 2, lambda: taken.append("closed"))
    for number in range(50):
        lane.put(number)
    lane.end()
    lane.join()
    assert taken == [*range(50), "closed"]


def test_a_failing_lane_ends_who_feeds_it() -> None:
    def fail(item: int) -> None:
        raise OSError(errno.ENOSPC, "full", str(item))

    lane: Lane[int] = Lane("test", fail, 1)
    with pytest.raises(OSError, match="full"):
        list(map(lane.put, range(10)))
    lane.abandon()
    with pytest.raises(OSError, match="full"):
        lane.join()


def test_an_abandoned_lane_stops_at_once_and_does_not_close() -> None:
    gate, taken = threading.Event(), []

    def take(item: int) -> None:
        gate.wait()
        taken.append(item)

    lane: Lane[int] = Lane("test", take, 10, lambda: taken.append(-1))
    for number in range(5):
        lane.put(number)
    threading.Timer(0.1, gate.set).start()
    lane.abandon()
    assert len(taken) <= 1
