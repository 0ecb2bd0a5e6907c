"""Two parts of a download joined in one MP4: our remux in a process of its own against one `ffmpeg -c copy` command.

The parts are 30 minutes of 720p H.264 and AAC (the sample show's packets, repeated), as a site with pictures and sound apart
gives them. Both sides start from nothing and their files must have the same packets. Rounds alternate; medians are shown.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

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
    """Measure and write the row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="twenty seconds of film, one round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heaters-remux-") as name:
        row = measure(Path(name), quick=arguments.quick)
    print(f"{row['row']:<38} {row['ours']:8.2f} {row['peer']:8.2f} s {row['ratio']:.2f} {row['note']}")
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    """The row: seconds of both, and how they compare."""
    parts = make_parts(folder, QUICK_SECONDS if quick else SECONDS)
    ours, theirs = folder / "ours.mp4", folder / "theirs.mp4"
    inputs = [word for part in parts for word in ("-i", str(part))]
    peer = [FFMPEG, "-v", "error", "-y", *inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", str(theirs)]
    seconds: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        seconds["ours"].append(timed([sys.executable, "-c", OURS, str(ours), *map(str, parts)]))
        seconds["peer"].append(timed(peer))
    if sizes(ours) != sizes(theirs):
        raise SystemExit("the two files have different packets")
    mine, other = (statistics.median(seconds[name]) for name in ("ours", "peer"))
    megabytes = sum(part.stat().st_size for part in parts) / 1e6
    return {
        "bench": "remux", "row": "remux of two parts", "ours": round(mine, 3), "peer": round(other, 3), "unit": "s",
        "ratio": round(mine / other, 2), "target": None, "note": f"{megabytes:.0f} MB, against ffmpeg -c copy, whole processes",
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


def timed(command: list[str]) -> float:
    """Seconds that a process takes."""
    began = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - began


def sizes(path: Path) -> list[list[int]]:
    """Bytes of every packet, for pictures and sound."""
    found: list[list[int]] = [[], []]
    with av.open(str(path)) as film:
        for packet in film.demux(film.streams.video[0], film.streams.audio[0]):
            if packet.size:
                found[packet.stream.type == "audio"].append(packet.size)
    return found


if __name__ == "__main__":
    main()
