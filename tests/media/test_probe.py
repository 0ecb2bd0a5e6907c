from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from heaters.errors import MediaError, NotAVideo
from heaters.media.formats import OPEN_OPTIONS
from heaters.media.limits import run_limited
from heaters.media.probe import Probe, probe, probe_in_child
from heaters.media.projection import projected_bytes

MAX_PIXELS = 8192 * 4320
#: File of the shared footage -> what its refusal must say.
REFUSALS = {
    "torture/audio_only_two_tracks.mp4": "has no video stream;",
    "torture/cover_art.mp3": "has no video stream (an attached picture is not a film)",
    "torture/picture.jpg": "is a single picture, not a video",
    "torture/truncated_no_moov.mp4": "is not a readable video (the upload or download is incomplete)",
    "torture/encrypted_cenc.mp4": "cannot be decoded (encrypted)",
    "torture/zero_bytes.mp4": "is an empty file",
    "torture/text_renamed.mp4": "is not a media file",
    "torture/garbage_100k.mp4": "is not a media file",
}
#: Damaged further in than a look at the first picture can see: prepare judges these.
ACCEPTED_AT_FIRST = {
    "torture/truncated_tail.mp4",
    "torture/truncated_mid_frame.mkv",
    "torture/damaged_frames.mp4",
}


def look(path: Path, **limits: float) -> Probe:
    return probe_in_child(path, seconds=limits.pop("seconds", 60), max_pixels=MAX_PIXELS, **limits)


def write_film(path: Path, *, frames: int = 10, size: tuple[int, int] = (64, 48)) -> Path:
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            grey = np.full((size[1] * 3 // 2, size[0]), 16 + number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
            frame.pts = number
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


def gif_of_size(path: Path, width: int, height: int) -> Path:
    """A GIF of 35 bytes whose screen has any size: one pixel is painted, the decoder must make them all."""
    sides = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    palette = b"\x00\x00\x00\xff\xff\xff"
    image = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
    path.write_bytes(b"GIF89a" + sides + b"\x80\x00\x00" + palette + image + b";")
    return path


@pytest.mark.long  # test_torture holds what becomes of most of them
def test_every_shared_file_is_accepted_or_refused_as_its_outcome_says(shared_media: Path) -> None:
    rows = json.loads((shared_media / "MANIFEST.json").read_text("utf-8"))["files"]
    wrong = {}
    for row in rows:
        path = shared_media / row["name"]
        try:
            found = look(path)
        except NotAVideo as error:
            wanted = REFUSALS.get(row["name"])
            if wanted is None or not error.message.startswith(f"{path} {wanted}") or row["outcome"] == "ok":
                wrong[row["name"]] = error.message
            continue
        if row["outcome"] == "refuse" or (
            row["outcome"] == "either" and row["name"] not in ACCEPTED_AT_FIRST
        ):
            wrong[row["name"]] = found
    assert wrong == {}


def test_what_is_read_from_the_shared_files_equals_the_manifest(shared_media: Path) -> None:
    rows = json.loads((shared_media / "MANIFEST.json").read_text("utf-8"))["files"]
    differences = {}
    for row in rows:
        if row["name"] in REFUSALS:
            continue
        found = probe(shared_media / row["name"])
        sound = [name.removesuffix("float") for name in row["audio"] or []]
        said = {
            "size": [found.width, found.height],
            "pix_fmt": found.pix_fmt,
            "audio": [track["codec"] for track in found.audio],
            "frames_in_header": found.header_frames,
            "codec": found.codec,
            "fps": pytest.approx(found.fps_num / found.fps_den, rel=1e-3),
        }
        wanted = {name: row[name] for name in said} | {"audio": sound}
        wanted["codec"] = {"libdav1d": "av1"}.get(row["codec"], row["codec"])
        if row["name"] == "labelled/nasa_13013.mp4":
            assert any("other picture streams" in one for one in found.warnings)
        if wanted != said:
            differences[row["name"]] = (wanted, said)
    assert differences == {}


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("torture/rotate90.mov", {"rotation": 90, "width": 568, "height": 320}),
        ("torture/rotate180.mov", {"rotation": 180}),
        ("torture/sar_2x1.mp4", {"sar_num": 2, "sar_den": 1}),
        ("torture/interlaced_576i.ts", {"interlaced": True, "sar_num": 64, "sar_den": 45, "hdr": False}),
        ("torture/hevc10_hlg.mp4", {"hdr": True, "bits": 10, "color_transfer": "arib-std-b67"}),
        ("torture/hdr10_pq_vp9.webm", {"hdr": True, "bits": 10, "color_transfer": "smpte2084"}),
        ("torture/hevc10_sdr.mp4", {"hdr": False, "bits": 10}),
        ("torture/full_range.mp4", {"color_range": "pc", "color_matrix": "bt709"}),
        ("torture/alpha_vp9.webm", {"alpha": True, "warnings": ["its transparency (alpha) is dropped"]}),
        ("torture/animated.gif", {"alpha": True, "warnings": []}),
        ("torture/no_duration.webm", {"duration": None}),
        ("torture/two_subtitles.mkv", {"subtitles": 2}),
        ("torture/prores_422.mov", {"pix_fmt": "yuv422p10le", "sar_num": 425, "sar_den": 416}),
    ],
)
def test_an_odd_file_is_described_as_it_is(shared_media: Path, name: str, facts: dict[str, object]) -> None:
    found = probe(shared_media / name).as_json()
    assert {key: found[key] for key in facts} == facts


def test_the_default_sound_track_is_the_marked_one(shared_media: Path) -> None:
    tracks = probe(shared_media / "torture" / "multi_audio.mkv").audio
    assert [(one["codec"], one["default"]) for one in tracks] == [
        ("aac", False),
        ("opus", True),
        ("flac", False),
    ]


def test_a_probe_survives_the_way_through_json(tmp_path: Path) -> None:
    found = look(write_film(tmp_path / "a.mp4"))
    assert Probe.from_json(json.loads(json.dumps(found.as_json()))) == found
    assert (found.codec, found.width, found.height, found.header_frames) == ("mpeg4", 64, 48, 10)
    assert Fraction(found.fps_num, found.fps_den) == 25
    assert found == probe(tmp_path / "a.mp4")


def test_the_child_loads_av_and_nothing_heavy_beside_it() -> None:
    code = "import heaters.media.probe, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "av" in loaded
    assert not loaded & {"duckdb", "numpy", "cv2", "scenedetect", "pandas", "PIL"}


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("list.mp4", "ffconcat version 1.0\nfile sibling.mp4\n"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{sibling}\n#EXT-X-ENDLIST\n"),
        ("list2.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{sibling}\n#EXT-X-ENDLIST\n"),
        ("list.mpd", '<?xml version="1.0"?><MPD><Period><BaseURL>file://{sibling}</BaseURL></Period></MPD>'),
    ],
)
def test_a_playlist_is_refused_and_its_sibling_is_not_opened(tmp_path: Path, name: str, script: str) -> None:
    """The sibling is a pipe nobody writes to: whoever opens it waits for ever and is ended by the time-out."""
    sibling = tmp_path / "sibling.mp4"
    os.mkfifo(sibling)
    path = tmp_path / name
    path.write_text(script.replace("{sibling}", str(sibling)), "utf-8")
    with pytest.raises(NotAVideo, match=r"is a playlist or a script, not a video"):
        look(path, seconds=10)


def test_the_trap_is_real_without_the_whitelists(tmp_path: Path) -> None:
    write_film(tmp_path / "sibling.mp4")
    script = tmp_path / "list.mp4"
    script.write_text("ffconcat version 1.0\nfile sibling.mp4\n")
    with av.open(str(script)) as container:
        assert container.streams.video[0].width == 64
    with pytest.raises(av.error.ArgumentError):
        av.open(str(script), options=dict(OPEN_OPTIONS))


def test_a_missing_file_a_folder_and_a_pipe_are_told_apart(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path, words in [
        (tmp_path / "none.mp4", "does not exist"),
        (tmp_path, "is a folder"),
        (tmp_path / "pipe.mp4", "is not a regular file"),
    ]:
        with pytest.raises(NotAVideo) as caught:
            look(path)
        assert caught.value.message.startswith(f"{path} {words}")
        assert caught.value.facts["path"] == str(path)


@contextlib.contextmanager
def _without_privileges() -> object:
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_without_read_permission_is_refused_in_words(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    path = write_film(tmp_path / "secret.mp4")
    path.chmod(0)
    with _without_privileges(), pytest.raises(NotAVideo, match="permission denied"):
        probe(path)


def test_a_file_named_like_a_protocol_or_an_option_is_just_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_film(tmp_path / "plain.mp4")
    for name in ("data:x.mp4", "concat:plain.mp4|plain.mp4", "-i.mp4", "pic%03d.mp4", "a b;c&$(id).mp4"):
        Path(name).hardlink_to("plain.mp4")
        assert look(Path(name)).codec == "mpeg4"


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = gif_of_size(tmp_path / "huge.gif", 16_000, 16_000)
    with pytest.raises(NotAVideo, match=r"has pictures of 16000x16000, more than the 35389440 pixels"):
        look(path)


def test_a_decoder_that_wants_more_memory_is_refused_in_words(tmp_path: Path) -> None:
    path = gif_of_size(tmp_path / "huge.gif", 16_000, 16_000)
    with pytest.raises(NotAVideo, match=r"huge.gif cannot be decoded: it needs more than 512 MiB"):
        probe_in_child(path, seconds=60, max_pixels=1 << 30, memory_bytes=512 << 20)
    assert probe(gif_of_size(tmp_path / "small.gif", 20, 20)).width == 20


def _module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: str) -> None:
    (folder / f"{name}.py").write_text(code, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def _ended(pid: int) -> bool:
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_a_look_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "pid"
    _module(
        tmp_path, monkeypatch, "sleeper",
        f"import os, time, pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(60)",
    )  # fmt: skip
    with pytest.raises(MediaError, match=r"film.mp4: looking into it took longer than 1 s") as caught:
        run_limited("sleeper", "film.mp4", [], seconds=1, memory_bytes=1 << 30)
    assert not isinstance(caught.value, NotAVideo)
    assert _ended(int(mark.read_text()))


def test_an_interrupt_ends_the_child_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "pid"
    _module(
        tmp_path, monkeypatch, "sleeper",
        f"import os, time, pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(60)",
    )  # fmt: skip
    call = "run_limited('sleeper', 'film.mp4', [], seconds=60, memory_bytes=1 << 30)"
    code = f"from heaters.media.limits import run_limited; {call}"
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, env={**os.environ})
    for _ in range(200):
        if mark.exists() and mark.read_text():
            break
        time.sleep(0.05)
    parent.send_signal(signal.SIGINT)
    assert parent.wait(timeout=20) != 0
    assert _ended(int(mark.read_text()))


def test_a_crash_of_the_decoder_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _module(tmp_path, monkeypatch, "crasher", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(NotAVideo, match=r"the decoder ended with SIGSEGV"):
        run_limited("crasher", "film.mp4", [], seconds=20, memory_bytes=1 << 30)


def test_the_child_can_write_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "written"
    _module(
        tmp_path, monkeypatch, "writer",
        "import signal\nfrom heaters.media.limits import limit_this_process\nlimit_this_process(9, 1 << 30)\n"
        f"open({str(target)!r}, 'wb', 0).write(b'x')\n",
    )  # fmt: skip
    with pytest.raises(NotAVideo, match=r"the decoder ended with"):
        run_limited("writer", "film.mp4", [], seconds=20, memory_bytes=1 << 30)
    assert target.stat().st_size == 0


def test_the_projection_is_on_the_high_side_of_ffv1(shared_media: Path) -> None:
    """Against a real FFV1 file of the noisiest film of the footage."""
    path = shared_media / "clips" / "city.mpg"
    written = 0
    with av.open(str(path)) as source, av.open("/dev/null", "w", format="matroska") as sink:
        stream = sink.add_stream("ffv1", rate=25, options={"level": "3", "slices": "4", "context": "0"})
        stream.width, stream.height, stream.pix_fmt = 720, 405, "yuv420p"
        stream.codec_context.gop_size = 1
        for number, frame in enumerate(source.decode(video=0)):
            if number % 10 == 0:
                frame.pts = number
                written += 10 * sum(packet.size for packet in stream.encode(frame))
    found = probe(path)
    projected = projected_bytes(found, path.stat().st_size, "ffv1")
    assert written <= projected <= 2 * written
    assert projected_bytes(found, path.stat().st_size, "source") < projected / 5


def test_a_length_that_is_not_told_is_projected_from_the_bytes(shared_media: Path) -> None:
    found = probe(shared_media / "torture" / "no_duration.webm")
    assert projected_bytes(found, 1_000_000, "ffv1") >= 68_000_000
    assert 1_000_000 < projected_bytes(found, 1_000_000, "source") < 68_000_000
