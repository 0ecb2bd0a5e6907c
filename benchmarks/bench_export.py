"""Export of 50 clips against one ffmpeg process for each clip, from the same gold master with the same settings.

Sparse: 50 short clips spread over the source; dense: 50 clips one after the other, twice as long. Our side checks every picture against its
stored checksum and reads every file back; ffmpeg's side does neither. `heaters export` has two clips under way at a time,
since a short one does not fill two cores; rows for one at a time, and for two ffmpegs at a time, stand beside it.
Both sides encode with the same x264 and AAC
settings (the x264 settings that both wrote into their files are compared). Rounds alternate; medians are shown.
The footage is `labelled/dev_reel.mp4` of the shared test footage (`../shared/media`, or `HEATERS_TEST_MEDIA`); where that
is missing, the sample show takes its place, which is said in the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

from heaters.media.cutter import CutSpec, cut
from heaters.media.prepare import Prepared, PrepareSpec, prepare
from heaters.media.presets import PRESETS

FOOTAGE = Path(
    os.environ.pop("HEATERS_TEST_MEDIA", "") or Path(__file__).resolve().parents[2] / "shared" / "media"
)
CLIPS, SHORT_FRAMES, DENSE_FRAMES, ROUNDS = 50, 12, 24, 3
QUICK_CLIPS, QUICK_ROUNDS, QUICK_FRAMES = 4, 1, 200
SPARSE, DENSE = "ratio <= 0.8", "ratio <= 1.0"
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()

Ranges = list[tuple[int, int]]

_AS_EXPORT_DOES = ("two", "peer", "two at a time, as `heaters export` does")
ROWS = {
    "ffv1": (
        _AS_EXPORT_DOES, ("one", "peer", "one at a time"), ("two", "two peers", "two at a time against two ffmpegs"),
    ),
    "source": (_AS_EXPORT_DOES,),
}  # fmt: skip
"""Master mode → which of our sides stands against which of ffmpeg's."""


@dataclass(frozen=True)
class Reel:
    """A prepared film.

    Attributes:
        footage: what it is, for the rows.
        master: path of the gold master or, in `source` mode, of the original.
        lead: seconds from the start of that file to frame 0.
    """

    footage: str
    master: Path
    original_is_master: bool
    known: Prepared
    lead: Fraction

    @property
    def mode(self) -> str:
        """The master mode."""
        return "source" if self.original_is_master else "ffv1"


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="a few clips, one round")
    arguments = parser.parse_args()
    clips, rounds = (QUICK_CLIPS, QUICK_ROUNDS) if arguments.quick else (CLIPS, ROUNDS)
    rows = []
    with tempfile.TemporaryDirectory(prefix="heaters-export-") as name:
        folder = Path(name)
        for reel in ready(folder):
            total = reel.known.n_frames
            for kind, ranges, target in (
                ("sparse", sparse(total, clips), SPARSE),
                (
                    "dense",
                    dense(min(total, QUICK_FRAMES if arguments.quick else CLIPS * DENSE_FRAMES), clips),
                    DENSE,
                ),
            ):
                for row in compare(reel, kind, ranges, rounds, folder, target):
                    rows.append(row)
                    print(
                        f"{row['row']:<44} ours {row['ours']:7.2f} s   ffmpeg {row['peer']:7.2f} s   "
                        f"ratio {row['ratio']:.2f} ({row['target']})   {row['note']}",
                        flush=True,
                    )
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def ready(folder: Path) -> list[Reel]:
    """The same film with an FFV1 master, and with itself as the master."""
    original, footage = FOOTAGE / "labelled" / "dev_reel.mp4", "dev_reel, 640x360"
    if not original.is_file():
        from heaters.media.sample import make_sample  # noqa: PLC0415 - only where there is no footage

        original, footage = folder / "sample.mp4", "sample show, 1280x720"
        make_sample(original)
    master = folder / "master.mkv"
    known = prepare(
        PrepareSpec(str(original), str(master), str(folder / "proxy.mp4"), str(folder / "sound.m4a"))
    )
    zero = known.start_pts * known.time_base
    return [
        Reel(footage, master, original_is_master=False, known=known, lead=first_time(master)),
        Reel(footage, original, original_is_master=True, known=known, lead=zero),
    ]


def first_time(path: Path) -> Fraction:
    """When the file shows its first picture."""
    with av.open(str(path)) as film:
        frame = next(film.decode(film.streams.video[0]))
        return frame.pts * Fraction(frame.time_base)


def sparse(total: int, clips: int) -> Ranges:
    """Short clips, evenly spread."""
    return [(start := total * number // clips, start + SHORT_FRAMES) for number in range(clips)]


def dense(total: int, clips: int) -> Ranges:
    """Clips that tile the first `total` frames."""
    edges = [total * number // clips for number in range(clips + 1)]
    return list(pairwise(edges))


def compare(
    reel: Reel, kind: str, ranges: Ranges, rounds: int, folder: Path, target: str
) -> list[dict[str, Any]]:
    """Alternate both sides; a row for one clip at a time, one for two at a time, and that against two ffmpegs at a time."""
    peer = folder / "peer.mp4"
    sides: dict[str, Callable[[], object]] = {
        "one": lambda: [by_heaters(reel, one, folder) for one in ranges],
        "two": lambda: at_a_time(lambda one: by_heaters(reel, one, folder), ranges),
        "peer": lambda: [by_ffmpeg(reel, one, peer) for one in ranges],
        "two peers": lambda: at_a_time(
            lambda one: by_ffmpeg(reel, one, folder / f"peer_{one[0]}.mp4"), ranges
        ),
    }
    rows = ROWS[reel.mode]
    measured = {name for ours, theirs, _ in rows for name in (ours, theirs)}
    sides = {name: run for name, run in sides.items() if name in measured}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, run in sides.items():
            taken[name].append(timed(run))
    median = {name: statistics.median(wall for wall, _ in all_of) for name, all_of in taken.items()}
    cpu = {name: statistics.median(busy for _, busy in all_of) for name, all_of in taken.items()}
    frames = sum(end - start for start, end in ranges)
    note = f"{len(ranges)} clips, {frames} frames, {reel.footage}; {agreement(folder, ranges[-1])}"
    return [
        {
            "bench": "export", "row": f"{kind}, {reel.mode} master, {about}", "ours": round(median[ours], 3),
            "peer": round(median[theirs], 3), "ratio": round(median[ours] / median[theirs], 3),
            "target": target if (ours, theirs) == ("two", "peer") else "", "unit": "s",
            "note": f"{note}; CPU {cpu[ours]:.1f} s against {cpu[theirs]:.1f} s",
            "rounds": {"ours": taken[ours], "peer": taken[theirs]},
            "peer_version": imageio_ffmpeg.get_ffmpeg_version(),
        }
        for ours, theirs, about in rows
    ]  # fmt: skip


def at_a_time(work: Callable[[tuple[int, int]], object], ranges: Ranges) -> None:
    """Two clips at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, ranges))


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processors, children counted."""
    began, before = time.perf_counter(), busy_seconds()
    run()
    return time.perf_counter() - began, busy_seconds() - before


def busy_seconds() -> float:
    """Seconds that this process and its ended children have been computing."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def by_heaters(reel: Reel, one: tuple[int, int], folder: Path) -> None:
    """Our export of one clip, as the export stage calls it."""
    known, (start, end) = reel.known, one
    audio = known.audio and Fraction(known.audio["start_pts"]) * Fraction(known.audio["time_base"])
    cut(
        CutSpec(
            str(reel.master), reel.original_is_master, start, end, [*map(int, known.pts), known.end_pts],
            str(known.time_base), [int(crc) for crc in known.picture_crc32[start:end]], known.rotation, "h264",
            str(folder / f"ours_{one[0]}.part"), None if audio is None else str(audio), str(known.sar),
        )
    )  # fmt: skip


def by_ffmpeg(reel: Reel, one: tuple[int, int], output: Path) -> None:
    """One process for one clip: seek, the same encoders, the same muxer options."""
    known, (start, end) = reel.known, one
    edges = [*map(int, known.pts), known.end_pts]
    shift = reel.lead - edges[0] * known.time_base
    begin, stop = (edges[frame] * known.time_base + shift for frame in (start, end))
    early = max(Fraction(0), begin - known.time_base * (edges[1] - edges[0]) / 4)
    options = [
        part for name, value in PRESETS["h264"].video_options.items() for part in (f"-{name}:v", value)
    ]
    subprocess.run(
        [
            FFMPEG, "-v", "error", "-y", "-ss", f"{float(early):.6f}", "-i", str(reel.master),
            "-t", f"{float(stop - begin):.6f}", "-map", "0:v:0", "-map", "0:a:0?", "-c:v", "libx264", *options,
            "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", str(output),
        ],
        check=True,
    )  # fmt: skip


def agreement(folder: Path, one: tuple[int, int]) -> str:
    """Whether both sides did the same work on the last clip: pictures and x264's own account of its settings."""
    counts, settings = [], []
    for name in (f"ours_{one[0]}.part", "peer.mp4"):
        with av.open(str(folder / name)) as film:
            counts.append(sum(1 for _ in film.decode(film.streams.video[0])))
        said = re.search(rb"options: ([ -~]+)", (folder / name).read_bytes())
        settings.append(said.group(1) if said else b"")
    same = (
        "same x264 settings" if settings[0] == settings[1] else f"x264 settings differ: {differing(settings)}"
    )
    return same if counts == [one[1] - one[0]] * 2 else f"{same}; pictures {counts[0]} and {counts[1]}"


def differing(settings: list[bytes]) -> str:
    """The settings that only one side has."""
    ours, peer = (set(text.decode().split()) for text in settings)
    return " ".join(sorted(ours ^ peer))


if __name__ == "__main__":
    main()
