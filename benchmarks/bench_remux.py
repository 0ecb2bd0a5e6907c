"""Two parts of a download joined in one MP4: our remux in a process of its own against one `ffmpeg -c copy` command.

The parts are 30 minutes of 720p H.264 and AAC (the sample show's packets, repeated), as a site with pictures and sound apart
gives them. Both sides start from nothing and their files must have the same packets. Rounds alternate; medians are shown.
ffmpeg reads and writes in threads, so the seconds of all cores together have a row of their own. Rows without a peer say where
ours go: to Python's start, to PyAV's object for each packet that is read, and, not in the first row, to the hash that every original gets
and to the comparison of all packets, which this script makes and an ingest does not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import av
import imageio_ffmpeg

from heaters.stages.ingest import hash_file

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
SECONDS, QUICK_SECONDS = 1800, 20
ROUNDS, QUICK_ROUNDS = 5, 1
OURS = """
import sys
from pathlib import Path
from heaters.media.remux import remux
remux([Path(part) for part in sys.argv[2:]], sys.argv[1], "mp4")
"""


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="twenty seconds of film, one round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heaters-remux-") as name:
        rows = measure(Path(name), quick=arguments.quick)
    for row in rows:
        peer = f"{row['peer']:8.2f} s {row['ratio']:.2f}" if row["peer"] else f"{'':8} s"
        print(f"{row['row']:<38} {row['ours']:8.2f} {peer} {row['note']}")
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def measure(folder: Path, *, quick: bool) -> list[dict[str, Any]]:
    """The rows: seconds of both, and how they compare."""
    parts = make_parts(folder, QUICK_SECONDS if quick else SECONDS)
    ours, theirs = folder / "ours.mp4", folder / "theirs.mp4"
    inputs = [word for part in parts for word in ("-i", str(part))]
    peer = [FFMPEG, "-v", "error", "-y", *inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(theirs)]
    mine = [sys.executable, "-c", OURS, str(ours), *map(str, parts)]
    found: dict[str, list[Times]] = {"ours": [], "peer": [], "start": [], "read": [], "hash": []}
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        found["ours"].append(timed(mine))
        found["peer"].append(timed(peer))
        found["start"].append(timed([sys.executable, "-c", "import heaters.media.remux"]))
        found["read"].append(within(lambda: [sizes(part) for part in parts]))
        found["hash"].append(within(lambda: hash_file(ours)))
    began = time.monotonic()
    if sizes(ours) != sizes(theirs):
        raise SystemExit("the two files have different packets")
    check = time.monotonic() - began
    clock = {name: statistics.median(one.clock for one in times) for name, times in found.items()}
    cores = {name: statistics.median(one.cores for one in times) for name, times in found.items()}
    megabytes = sum(part.stat().st_size for part in parts) / 1e6
    return [
        row("remux of two parts", clock["ours"], clock["peer"], f"{megabytes:.0f} MB, against ffmpeg -c copy, whole processes"),
        row("remux of two parts, all cores' seconds", cores["ours"], cores["peer"], "the same; ffmpeg works in threads"),
        row("remux: Python and PyAV start", clock["start"], None, "in the first row; a run has done it before"),
        row("remux: reading the packets alone", clock["read"], None, "in the first row; PyAV makes an object of each"),
        row("remux: hash of the result", clock["hash"], None, "not in the first row; every original gets it, once"),
        row("remux: all packets compared", check, None, "both files; this script's own check"),
    ]  # fmt: skip


def row(name: str, ours: float, peer: float | None, note: str) -> dict[str, Any]:
    """A row of the table."""
    return {
        "bench": "remux", "row": name, "ours": round(ours, 3), "peer": peer and round(peer, 3), "unit": "s",
        "ratio": peer and round(ours / peer, 2), "target": None, "note": note,
    }  # fmt: skip


def make_parts(folder: Path, seconds: int) -> list[Path]:
    """Pictures and sound of the sample show, in files of their own, again and again."""
    from heaters.media.sample import make_sample  # noqa: PLC0415 - PyAV and numpy

    show = folder / "show.mp4"
    make_sample(show, seconds=QUICK_SECONDS)
    parts = []
    for kind in ("video", "audio"):
        target = folder / f"{kind}.mp4"
        words = [
            "-stream_loop",
            str(seconds // QUICK_SECONDS),
            "-i",
            str(show),
            "-map",
            f"0:{kind[0]}",
            "-c",
            "copy",
        ]
        subprocess.run([FFMPEG, "-v", "error", "-y", *words, str(target)], check=True)
        parts.append(target)
    return parts


class Times(NamedTuple):
    """What something took: seconds on the clock, and those of all cores together."""

    clock: float
    cores: float


def timed(command: list[str]) -> Times:
    """What a process takes."""
    return within(lambda: subprocess.run(command, check=True))


def within(work: Callable[[], object]) -> Times:
    """What a call takes, with all processes that it waits for."""
    began, before = time.monotonic(), os.times()
    work()
    return Times(time.monotonic() - began, sum(os.times()[:4]) - sum(before[:4]))


def sizes(path: Path) -> list[list[int]]:
    """Bytes of every packet, for pictures and sound."""
    found: list[list[int]] = [[], []]
    with av.open(str(path)) as film:
        sound = {stream.index for stream in film.streams.audio}
        for packet in film.demux(video=0, audio=0) if len(film.streams) > 1 else film.demux():
            if packet.size:
                found[packet.stream_index in sound].append(packet.size)
    return found


if __name__ == "__main__":
    main()
