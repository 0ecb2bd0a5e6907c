"""Prepare and detect against one ffmpeg command with the same two outputs and then `scenedetect detect-adaptive`.

Both sides start from nothing (a fresh process), write FFV1, x264 all-intra and AAC with the same settings and flush nothing
twice; ours also takes a checksum of every picture, reads a sample back, checks every packet of the proxy, publishes the
sound alone and hashes its files. Rounds alternate; medians are shown. The footage is `labelled/bbb_30s.webm` of the shared
test footage (`../shared/media`, or `HEATERS_TEST_MEDIA`), encoded once as H.264 with sound at 720p and enlarged to 1080p;
where that is missing, the sample show takes its place.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg

FOOTAGE = Path(
    os.environ.pop("HEATERS_TEST_MEDIA", "") or Path(__file__).resolve().parents[2] / "shared" / "media"
)
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
ROUNDS, QUICK_ROUNDS = 3, 1
MEGABYTE = 1 << 20
RSS_LIMIT = 400
FLAT = 1.15  # peak memory of four times the length, by that of the length itself


@dataclass(frozen=True)
class Film:
    """An input of the benchmark."""

    name: str
    path: Path
    height: int


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="two seconds of film, one round")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "JSON"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(CHILDREN[arguments.child[0]](**json.loads(arguments.child[1]))))
        return
    rounds = QUICK_ROUNDS if arguments.quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="heaters-prepare-") as name:
        folder = Path(name)
        rows: list[dict[str, Any]] = []
        for film in make_films(folder, quick=arguments.quick):
            rows += measure(film, rounds, folder)
        rows.append(measure_flatness(folder, 1 if arguments.quick else 5))
    for row in rows:
        peer = f"{row['peer']:8.2f}" if row["peer"] is not None else " " * 8
        ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
        print(
            f"{row['row']:<38} {row['ours']:8.2f} {peer} {row['unit']:<4} {ratio:<5} {row['target'] or '':<14} {row['note']}"
        )
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def make_films(folder: Path, *, quick: bool) -> list[Film]:
    """H.264 with sound at 720p and at 1080p."""
    original = FOOTAGE / "labelled" / "bbb_30s.webm"
    if not original.is_file():
        from heaters.media.sample import make_sample  # noqa: PLC0415 - only where there is no footage

        original = folder / "sample.mp4"
        make_sample(original)
    films = []
    for height, seconds in ((720, 2 if quick else 30), (1080, 1 if quick else 20)):
        path = folder / f"film_{height}.mp4"
        encode(original, path, height, seconds)
        films.append(Film(f"{height}p", path, height))
    return films


def encode(original: Path, path: Path, height: int, seconds: int, loops: int = 0) -> None:
    """An H.264 film of this height."""
    run = [
        FFMPEG, "-v", "error", "-y", "-stream_loop", str(loops), "-i", str(original), "-t", str(seconds),
        "-vf", f"scale=-2:{height}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p",
        "-c:a", "aac", str(path),
    ]  # fmt: skip
    subprocess.run(run, check=True)


def measure(film: Film, rounds: int, folder: Path) -> list[dict[str, Any]]:
    """Alternate both sides."""
    ours, ffmpeg, scenedetect, verify = [], [], [], []
    for _ in range(rounds):
        ours.append(child("prepare", original=str(film.path), folder=str(folder)))
        ffmpeg.append(timed(ffmpeg_command(film, folder)))
        scenedetect.append(timed(scenedetect_command(film)))
        verify.append(child("verify", folder=str(folder)))
    mine = median(ours, "total")
    theirs = statistics.median(
        one["total"] + two["total"] for one, two in zip(ffmpeg, scenedetect, strict=True)
    )
    frames = ours[0]["frames"]
    parts = ", ".join(
        f"{name} {median(ours, name):.1f}"
        for name in ("decode", "master", "proxy", "scores", "table", "readback", "seal", "detect")
    )
    peers = f"ffmpeg {median(ffmpeg, 'total'):.1f}, scenedetect {median(scenedetect, 'total'):.1f}"
    row = {
        "bench": "prepare",
        "unit": "s",
        "rounds": {"ours": ours, "ffmpeg": ffmpeg, "scenedetect": scenedetect, "verify": verify},
    }
    return [
        row | {
            "row": f"prepare + detect, {film.name}", "ours": mine, "peer": theirs, "ratio": mine / theirs,
            "target": "ratio <= 1.0", "note": f"{frames} frames; busy seconds: {parts}; peer: {peers}",
        },
        {
            "bench": "prepare", "row": f"prepare + detect, CPU, {film.name}", "ours": median(ours, "cpu"),
            "peer": median(ffmpeg, "cpu") + median(scenedetect, "cpu"),
            "ratio": median(ours, "cpu") / (median(ffmpeg, "cpu") + median(scenedetect, "cpu")), "target": "", "unit": "s",
            "note": "user and system time of all threads",
        },
        {
            "bench": "prepare", "row": f"peak memory, {film.name}", "ours": median(ours, "rss"), "peer": median(ffmpeg, "rss"),
            "ratio": median(ours, "rss") / median(ffmpeg, "rss"), "target": f"ours <= {RSS_LIMIT}", "unit": "MB", "note": "peer: ffmpeg",
        },
        {
            "bench": "prepare", "row": f"verify, {film.name}", "ours": median(verify, "total"), "peer": None, "ratio": None,
            "target": "", "unit": "s", "note": f"all {frames} pictures of the master and packets of the proxy read back",
        },
    ]  # fmt: skip


def measure_flatness(folder: Path, seconds: int) -> dict[str, Any]:
    """Peak memory at 1080p for a film and for one four times as long."""
    peaks = []
    for loops in (0, 3):
        path = folder / f"long_{loops}.mp4"
        encode(folder / "film_1080.mp4", path, 1080, seconds * (loops + 1), loops)
        peaks.append(child("prepare", original=str(path), folder=str(folder))["rss"])
    return {
        "bench": "prepare", "row": "peak memory, 1080p, four times as long", "ours": peaks[1], "peer": peaks[0],
        "ratio": peaks[1] / peaks[0], "target": f"ratio <= {FLAT}", "unit": "MB",
        "note": f"{4 * seconds} s against {seconds} s of film, both ours",
    }  # fmt: skip


def ffmpeg_command(film: Film, folder: Path) -> list[str]:
    """The same two outputs with the same settings."""
    from heaters.media.master import ffv1_options  # noqa: PLC0415 - not in the parent of timed children
    from heaters.media.proxy import AUDIO_BIT_RATE, AUDIO_RATE, x264_options  # noqa: PLC0415

    width = film.height * 16 // 9
    master = [f"-{name}:v" if name != "threads" else "-threads" for name in ffv1_options(width, film.height)]
    master = [
        word for pair in zip(master, ffv1_options(width, film.height).values(), strict=True) for word in pair
    ]
    proxy = [word for name, value in x264_options(23).items() for word in (f"-{name}:v", value)]
    scale = ["-vf", "scale=-2:720:flags=bicubic"] if film.height > 720 else []
    return [
        FFMPEG, "-v", "error", "-y", "-i", str(film.path),
        "-map", "0:v", "-map", "0:a", "-c:v", "ffv1", *master, "-c:a", "copy", str(folder / "peer_master.mkv"),
        "-map", "0:v", "-map", "0:a", *scale, "-c:v", "libx264", *proxy, "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-ar", str(AUDIO_RATE), "-b:a", str(AUDIO_BIT_RATE), "-movflags", "+faststart",
        str(folder / "peer_proxy.mp4"),
    ]  # fmt: skip


def scenedetect_command(film: Film) -> list[str]:
    """PySceneDetect's adaptive detector with its defaults."""
    return [sys.executable, "-m", "scenedetect", "-q", "-i", str(film.path), "detect-adaptive"]


def child(what: str, **arguments: str) -> dict[str, Any]:
    """Run one of `CHILDREN` in a fresh process; its own figures, and the wall time with the start of Python."""
    command = [sys.executable, __file__, "--child", what, json.dumps(arguments)]
    began = time.perf_counter()
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout.splitlines()[-1]) | {"total": time.perf_counter() - began}


def timed(command: list[str]) -> dict[str, Any]:
    """Wall and CPU seconds and peak memory of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(status, command)
    process.returncode = 0
    return {
        "total": time.perf_counter() - began, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * 1024 / MEGABYTE,
    }  # fmt: skip


def prepare_child(original: str, folder: str) -> dict[str, Any]:
    """Prepare and detect as the stages do it."""
    import numpy as np  # noqa: PLC0415

    from heaters.media.detectors import detect  # noqa: PLC0415
    from heaters.media.prepare import PrepareSpec, prepare  # noqa: PLC0415

    paths = (str(Path(folder) / name) for name in ("master.mkv", "proxy.mp4", "sound.m4a"))
    prepared = prepare(PrepareSpec(original, *paths))
    began = time.perf_counter()
    cuts = detect(prepared.scores).cuts
    seconds = prepared.seconds | {"detect": time.perf_counter() - began}
    names = ("pts", "picture_crc32", "offset", "size", "crc32")
    np.savez(Path(folder) / "table.npz", **{name: getattr(prepared, name) for name in names})
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return seconds | {
        "frames": prepared.n_frames, "cuts": len(cuts), "cpu": usage.ru_utime + usage.ru_stime,
        "rss": usage.ru_maxrss * 1024 / MEGABYTE,
    }  # fmt: skip


def verify_child(folder: str) -> dict[str, Any]:
    """Read everything back, as the verify stage does it."""
    import numpy as np  # noqa: PLC0415

    from heaters.media.readback import check_proxy, read_back  # noqa: PLC0415

    with np.load(Path(folder) / "table.npz") as table:
        problems = read_back(Path(folder) / "master.mkv", table["pts"], table["picture_crc32"])
        problems += check_proxy(Path(folder) / "proxy.mp4", table["offset"], table["size"], table["crc32"])
    if problems:
        raise SystemExit(f"the master or the proxy differs: {problems[0]}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * 1024 / MEGABYTE}


CHILDREN = {"prepare": prepare_child, "verify": verify_child}


def median(rows: list[dict[str, Any]], name: str) -> float:
    """Of one figure over the rounds."""
    return statistics.median(row[name] for row in rows)


if __name__ == "__main__":
    main()
