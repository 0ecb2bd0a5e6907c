"""A long reel from file to final clips, by command: time, peak memory, bytes; memory against that of a short reel.

The reels are built by `make_long_reel.py` of the shared test footage (`../shared/media`, or `HEATERS_TEST_MEDIA`); where that
is missing, long sample shows take their place, which is said in the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEATERS = Path(sys.executable).with_name("heaters")
FOOTAGE = Path(
    os.environ.pop("HEATERS_TEST_MEDIA", "") or Path(__file__).resolve().parents[2] / "shared" / "media"
)
LONG, SHORT = 12.0, 2.0
QUICK_LONG, QUICK_SHORT = 0.4, 0.2
MIB = 1 << 20


@dataclass
class Journey:
    """What one reel took.

    Attributes:
        seconds: wall time of each step.
        peak: largest resident size of any one process, in MiB, of each step.
    """

    film_seconds: float = 0.0
    film_bytes: int = 0
    frames: int = 0
    clips: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="short reels of the sample show")
    arguments = parser.parse_args()
    long, short = (QUICK_LONG, QUICK_SHORT) if arguments.quick else (LONG, SHORT)
    with tempfile.TemporaryDirectory(prefix="heaters-reel-") as folder:
        kind = (
            "sample show"
            if arguments.quick or not (FOOTAGE / "make_long_reel.py").is_file()
            else "labelled reel"
        )
        small = travel(Path(folder) / "short", short, kind)
        large = travel(Path(folder) / "long", long, kind)
    rows = rows_of(
        large,
        small,
        f"{large.film_seconds / 60:.1f} min {kind}, {large.frames:,} frames, {large.clips} clips",
    )
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def rows_of(large: Journey, small: Journey, note: str) -> list[dict[str, Any]]:
    """Rows for the table; the peer of a time is the length of the film, that of memory is the short reel."""
    rows = []
    for step, seconds in large.seconds.items():
        rows.append(row(f"{step}, against the film's length", seconds, large.film_seconds, "s", note))
    for step in ("prepare", "export"):
        target = "ours <= 400" if step == "prepare" else ""
        rows.append(
            {
                **row(
                    f"{step}, peak memory, against a short reel",
                    large.peak[step],
                    small.peak[step],
                    "MiB",
                    note,
                ),
                "target": target,
            }
        )
    for kind, count in large.bytes.items():
        rows.append(row(f"{kind}, against the original", count / MIB, large.film_bytes / MIB, "MiB", note))
    return rows


def row(name: str, ours: float, peer: float, unit: str, note: str) -> dict[str, Any]:
    """One row."""
    return {
        "bench": "reel", "row": name, "ours": round(ours, 2), "peer": round(peer, 2), "ratio": round(ours / peer, 3), "target": "",
        "unit": unit, "note": note,
    }  # fmt: skip


def travel(folder: Path, minutes: float, kind: str) -> Journey:
    """Take one reel from file to final clips."""
    folder.mkdir()
    film, workspace = folder / "reel.mp4", folder / "workspace"
    make_film(film, minutes, kind)
    journey = Journey(film_bytes=film.stat().st_size)
    step(journey, "init", ["init", str(workspace)])
    step(journey, "ingest", ["ingest", str(film)], workspace)
    for name in ("prepare", "detect", "verify"):
        step(journey, name, ["run", "--stage", name], workspace)
    (source,) = step(journey, "sources", ["sources"], workspace)
    clips = [clip["id"] for clip in step(journey, "clips", ["clips"], workspace)]
    step(journey, "approve", ["decide", "approve", *map(str, clips)], workspace)
    exported = step(journey, "export", ["export"], workspace)
    assert len(exported["done"]) == len(clips)
    journey.film_seconds, journey.frames, journey.clips = source["duration"], source["n_frames"], len(clips)
    for one in sorted(path for path in workspace.iterdir() if path.is_dir()):
        journey.bytes[one.name] = sum(file.stat().st_size for file in one.rglob("*") if file.is_file())
    for name in ("init", "sources", "clips", "approve"):
        del journey.seconds[name]
    del journey.bytes["originals"]
    return journey


def make_film(film: Path, minutes: float, kind: str) -> None:
    """Build the reel."""
    if kind == "labelled reel":
        command = [sys.executable, str(FOOTAGE / "make_long_reel.py"), str(film), "--minutes", str(minutes)]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        )
        return
    from heaters.media.sample import make_sample  # noqa: PLC0415 - only where it is needed

    make_sample(film, seconds=minutes * 60)


def step(journey: Journey, name: str, words: list[str], workspace: Path | None = None) -> Any:
    """Run one verb; keep its time and the peak of the largest process it started."""
    place = ["--workspace", str(workspace)] if workspace else []
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        child = subprocess.Popen(
            [str(HEATERS), *words, "--json", *place], stdout=answer, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        text = answer.read()
    if child.returncode:
        raise SystemExit(f"heaters {' '.join(words)} ended with {child.returncode}: {text}")
    journey.seconds[name] = time.monotonic() - began
    journey.peak[name] = used.ru_maxrss / (1024 if sys.platform != "darwin" else MIB)
    return json.loads(text)


if __name__ == "__main__":
    main()
