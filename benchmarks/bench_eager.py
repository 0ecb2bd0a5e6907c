"""Reviewing virtual clips against the workflow that heaters takes the place of: a file and a sprite sheet for every shot.

Both sides get the same show, the same cuts and the same decisions. The eager side encodes every shot to a file (x264 with
the settings of our exports) and a sheet of its frames to step through; each merge and each split encodes the clips that come
out of it anew, with their sheets; its approved files are the result, encoded from the original as ours from the master.
Ours prepares, detects, decides through `Workspace.decide`, and exports what is approved. Nothing runs beside a side that is
measured; CPU seconds count all processes.

The footage is `labelled/dev_reel.mp4` of the shared test footage (`../shared/media`, or `HEATERS_TEST_MEDIA`); where that is
missing, the sample show takes its place, which is said in the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import imageio_ffmpeg

from heaters import Workspace, open_workspace
from heaters.media.presets import PRESETS
from heaters.media.sample import make_sample

FOOTAGE = Path(
    os.environ.pop("HEATERS_TEST_MEDIA", "") or Path(__file__).resolve().parents[2] / "shared" / "media"
)
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
ROUNDS = 3
MERGE_EVERY, SPLIT_EVERY, SKIP_EVERY = 8, 10, 3
"""Of so many clips one is merged with the one before it, one is split in the middle, one is not approved."""
SHEET = "scale=240:-2,tile=10x{rows}"
"""Ten frames a row, 240 pixels wide: what it takes to step through frames in a page."""

Range = tuple[int, int]
Row = dict[str, Any]


@dataclass
class Side:
    """What one side took.

    Attributes:
        wall, cpu: seconds by phase.
        bytes: by what they are for.
    """

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)

    def timed(self, phase: str, work: Callable[[], Any]) -> Any:
        """Do some work of a phase."""
        began, before = time.perf_counter(), busy_seconds()
        result = work()
        self.wall[phase] = self.wall.get(phase, 0.0) + time.perf_counter() - began
        self.cpu[phase] = self.cpu.get(phase, 0.0) + busy_seconds() - before
        return result


@dataclass(frozen=True)
class Decision:
    """What a reviewer does to the clip that begins at `start`."""

    action: str
    start: int
    frame: int | None = None


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="the sample show, one round")
    arguments = parser.parse_args()
    ours, theirs = list[Side](), list[Side]()
    with tempfile.TemporaryDirectory(prefix="heaters-eager-") as name:
        film, about = footage(Path(name), quick=arguments.quick)
        for number in range(1 if arguments.quick else ROUNDS):
            folder = Path(name) / str(number)
            side, cuts, plan, workspace = by_heaters(film, folder / "ours")
            ours.append(side)
            theirs.append(by_eager(film, cuts, plan, workspace, folder / "eager"))
            shutil.rmtree(folder)
        kinds = ", ".join(
            f"{count(plan, action)} {action}" for action in ("merge", "split", "skip", "approve")
        )
        note = f"{about}, {len(cuts)} shots: {kinds}"
    for row in rows(ours, theirs, note):
        print(
            f"{row['row']:46} ours {row['ours']:9.2f}  eager {row['peer'] or 0:9.2f} {row['unit']:3} ratio {row['ratio']}"
        )
        if arguments.json:
            with arguments.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def footage(folder: Path, *, quick: bool) -> tuple[Path, str]:
    """The show, and what it is."""
    original = FOOTAGE / "labelled" / "dev_reel.mp4"
    if original.is_file() and not quick:
        return original, "dev_reel, 640x360"
    film = folder / "sample.mp4"
    make_sample(film)
    return film, "sample show, 1280x720"


def by_heaters(film: Path, folder: Path) -> tuple[Side, list[Range], list[Decision], Workspace]:
    """Our side, and what the other one needs to do the same: the first cuts, the decisions, the times of frames."""
    side = Side()
    workspace = open_workspace(folder, create=True, verify=False, reviewer="bench")

    def take_in() -> None:
        workspace.ingest(film)
        workspace.run()

    side.timed("until review", take_in)
    cuts = [(row["start_frame"], row["end_frame"]) for row in workspace.clips().rows()]
    plan = list(planned(cuts))
    ids = {row["start_frame"]: row["id"] for row in workspace.clips().rows()}

    def decide() -> None:
        for one in plan:
            answer = workspace.decide(one.action, ids[one.start], one.frame)
            ids.update(
                {row["start_frame"]: row["id"] for row in answer["clips"] if row["state"] != "superseded"}
            )

    side.timed("decisions", decide)
    side.timed("final clips", workspace.export)
    for kind, keys in {
        "review": ("review_proxy", "proxy_audio", "frame_index", "frame_scores", "source_keyframe"),
        "gold master": ("gold_master",), "final clips": ("final_clip", "manifest"),
    }.items():  # fmt: skip
        marks = ", ".join("?" for _ in keys)
        found = workspace.sql(
            f"SELECT sum(bytes) FROM clip_artifacts WHERE state = 'live' AND kind IN ({marks})", *keys
        )
        side.bytes[kind] = int(found.fetchall()[0][0] or 0)
    return side, cuts, plan, workspace


def planned(cuts: Sequence[Range]) -> Iterator[Decision]:
    """The same decisions for both sides, clip by clip."""
    for number, (start, end) in enumerate(cuts):
        if number and number % MERGE_EVERY == 0:
            yield Decision("merge", start)
        elif number % SPLIT_EVERY == 0 and end - start > 1:
            yield Decision("split", start, (start + end) // 2)
        elif number % SKIP_EVERY == 0:
            yield Decision("skip", start)
        else:
            yield Decision("approve", start)


def count(plan: Sequence[Decision], action: str) -> int:
    """How many decisions are of a kind."""
    return sum(one.action == action for one in plan)


def by_eager(
    film: Path, cuts: Sequence[Range], plan: Sequence[Decision], workspace: Workspace, folder: Path
) -> Side:
    """The other side."""
    folder.mkdir(parents=True)
    side, times = Side(), frame_times(workspace)
    clips = dict(cuts)

    def cut(one: Range) -> None:
        encode(film, one, times, folder)

    side.timed("until review", lambda: [cut(one) for one in cuts])

    def decide() -> None:
        for one in plan:
            if one.action == "merge":
                before = max(start for start in clips if start < one.start)
                clips[before] = clips.pop(one.start)
                cut((before, clips[before]))
            elif one.action == "split" and one.frame is not None:
                clips[one.frame] = clips[one.start]
                clips[one.start] = one.frame
                cut((one.start, one.frame))
                cut((one.frame, clips[one.frame]))

    side.timed("decisions", decide)
    kept = {
        path_of(folder, (start, end), ending) for start, end in clips.items() for ending in ("mp4", "jpg")
    }
    side.bytes["review"] = sum(path.stat().st_size for path in kept)
    approved = {one.start for one in plan if one.action == "approve"}
    side.bytes["final clips"] = sum(
        path_of(folder, (start, end), "mp4").stat().st_size
        for start, end in clips.items()
        if start in approved
    )
    return side


def frame_times(workspace: Workspace) -> list[Fraction]:
    """When each picture of the original is shown, in seconds, and when the last one ends."""
    row = workspace.source(1)
    found = workspace.sql("SELECT pts FROM frames ORDER BY frame").fetchall()
    base = Fraction(row["time_base"])
    return [*(pts * base for (pts,) in found), row["end_pts"] * base]


def encode(film: Path, one: Range, times: Sequence[Fraction], folder: Path) -> None:
    """A file of one clip, and a sheet of its frames."""
    begin, end = times[one[0]], times[one[1]]
    early = max(Fraction(0), begin - (times[1] - times[0]) / 4)
    options = [
        part for name, value in PRESETS["h264"].video_options.items() for part in (f"-{name}:v", value)
    ]
    clip, sheet = (path_of(folder, one, ending) for ending in ("mp4", "jpg"))
    rows = -(-(one[1] - one[0]) // 10)
    run("-ss", f"{float(early):.6f}", "-i", str(film), "-t", f"{float(end - begin):.6f}", "-map", "0:v:0", "-map", "0:a:0?",
        "-c:v", "libx264", *options, "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", str(clip))  # fmt: skip
    run("-i", str(clip), "-frames:v", "1", "-q:v", "4", "-vf", SHEET.format(rows=rows), str(sheet))


def path_of(folder: Path, one: Range, ending: str) -> Path:
    """Where a file of a clip lies."""
    return folder / f"{one[0]}_{one[1]}.{ending}"


def run(*arguments: str) -> None:
    """One ffmpeg."""
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments], check=True)


def busy_seconds() -> float:
    """Seconds that this process and its ended children have been computing."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def rows(ours: Sequence[Side], theirs: Sequence[Side], note: str) -> Iterator[Row]:
    """Medians over the rounds."""
    for phase in ("until review", "decisions", "final clips"):
        yield row(phase, [one.wall[phase] for one in ours], [one.wall.get(phase, 0.0) for one in theirs], "s", note,
                  cpu=(median(one.cpu[phase] for one in ours), median(one.cpu.get(phase, 0.0) for one in theirs)))  # fmt: skip
    yield row("all of it, time", *([sum(one.wall.values()) for one in side] for side in (ours, theirs)), "s", note,
              cpu=(median(sum(one.cpu.values()) for one in ours), median(sum(one.cpu.values()) for one in theirs)))  # fmt: skip
    mib = 1 << 20
    yield row(
        "bytes of review",
        *([one.bytes["review"] / mib for one in side] for side in (ours, theirs)),
        "MiB",
        note,
    )
    yield row(
        "bytes of final clips",
        *([one.bytes["final clips"] / mib for one in side] for side in (ours, theirs)),
        "MiB",
        note,
    )
    yield row(
        "bytes of the gold master, which the eager side has not",
        [one.bytes["gold master"] / mib for one in ours],
        None,
        "MiB",
        note,
    )


def row(name: str, ours: Sequence[float], theirs: Sequence[float] | None, unit: str, note: str,
        cpu: tuple[float, float] | None = None) -> Row:  # fmt: skip
    """One row of the page."""
    mine, peer = median(ours), median(theirs) if theirs else None
    told = f"; CPU {cpu[0]:.1f} s against {cpu[1]:.1f} s" if cpu else ""
    return {
        "bench": "eager", "row": name, "ours": round(mine, 3), "peer": round(peer, 3) if peer else None,
        "ratio": round(mine / peer, 3) if peer else None, "target": "", "unit": unit, "note": note + told,
        "rounds": {"ours": list(ours), "peer": list(theirs or ())},
    }  # fmt: skip


if __name__ == "__main__":
    main()
