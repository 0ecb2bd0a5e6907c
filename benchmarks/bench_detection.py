"""F1 of shot detection on labelled footage, hard cuts and gradual transitions apart, and frames per CPU second.

The footage is the labelled part of the shared test footage (`../shared/media`, or `HEATERS_TEST_MEDIA`), and one reel that
its `make_long_reel.py` builds with a seed that no constant was chosen on. The peers are PySceneDetect's ContentDetector
and AdaptiveDetector with their defaults, on the same files in the same run. Without the footage, the sample show is used.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from labelled_shots import Labels, Tally, score_file, tally
from scenedetect import AdaptiveDetector, ContentDetector, SceneManager, open_video

from heaters.media.detectors import DETECTORS, detect
from heaters.media.sample import make_sample

FOOTAGE = Path(
    os.environ.pop("HEATERS_TEST_MEDIA", "") or Path(__file__).resolve().parents[2] / "shared" / "media"
)
QUICK_FILES = ("bikes.mp4", "psd_fades.mp4")
HELD_OUT_MINUTES, HELD_OUT_SEED = 6, 23
CV2_THREADS = cv2.getNumThreads()
PEERS: dict[str, Callable[[], Any]] = {
    "PySceneDetect content": ContentDetector,
    "PySceneDetect adaptive": AdaptiveDetector,
}


@dataclass
class Result:
    """One detector's: a tally for each file, frames looked at, and CPU seconds from file to cuts."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    frames: int = 0
    cpu: float = 0.0

    def add(self, file: Path, cuts: list[int], labels: Labels, cpu: float) -> None:
        """Score one file."""
        self.tallies[file.name] = tally(cuts, labels)
        self.frames += labels.frame_count
        self.cpu += cpu

    @property
    def total(self) -> Tally:
        """All files together."""
        return Tally.total(self.tallies.values())


def main() -> None:
    """Measure, print the tables, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="two short files, no generated reel")
    parser.add_argument(
        "--show-misses", action="store_true", help="print the frames of what is missed or false"
    )
    arguments = parser.parse_args()
    logging.getLogger("pyscenedetect").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="heaters-detection-") as folder:
        labelled = footage(Path(folder), quick=arguments.quick)
        results = {name: by_peer(make, labelled) for name, make in PEERS.items()}
        results |= by_heaters(labelled)
    print_tables(results)
    if arguments.show_misses:
        for name, result in results.items():
            for file, one in result.tallies.items():
                print(f"{name:24}{file:24}{one.where}")
    rows = rows_of(results)
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def footage(folder: Path, *, quick: bool) -> list[Labels]:
    """The labelled files, and the generated reel."""
    found = [Labels.read(path) for path in sorted((FOOTAGE / "labelled").glob("*.json"))]
    if not found:
        print(f"no labelled footage at {FOOTAGE}: the sample show takes its place")
        truth = make_sample(folder / "sample.mp4", seconds=10 if quick else 60)
        gradual = [(first, end - 1) for first, end in truth.dissolves]
        return [Labels(truth.path, truth.n_frames, truth.cuts, gradual, [])]
    if quick:
        return [one for one in found if one.file.name in QUICK_FILES]
    reel = folder / f"held_out_seed_{HELD_OUT_SEED}.mp4"
    command = ["--minutes", str(HELD_OUT_MINUTES), "--seed", str(HELD_OUT_SEED)]
    subprocess.run(
        [sys.executable, "-B", str(FOOTAGE / "make_long_reel.py"), str(reel), *command],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return [*found, Labels.read(reel.with_suffix(".json"))]


def by_peer(make: Callable[[], Any], labelled: list[Labels]) -> Result:
    """PySceneDetect's own whole way; its times become frames by the decoded times, for a variable frame rate too."""
    result = Result()
    cv2.setNumThreads(CV2_THREADS)  # as it comes; heaters' own score pass sets it to 1
    for labels in labelled:
        began = time.process_time()
        video = open_video(str(labels.file), backend="pyav")
        manager = SceneManager()
        manager.add_detector(make())
        manager.detect_scenes(video)
        starts = [start.seconds for start, _ in manager.get_scene_list()][1:]
        cpu = time.process_time() - began
        with av.open(str(labels.file)) as container:
            times = np.array([float(frame.time or 0) for frame in container.decode(video=0)])
        cuts = [int(np.abs(times - times[0] - start).argmin()) for start in starts]
        result.add(labels.file, cuts, labels, cpu)
    return result


def by_heaters(labelled: list[Labels]) -> dict[str, Result]:
    """Every detector of heaters, with its defaults; those with stored scores share one score pass."""
    results = {name: Result() for name in DETECTORS}
    for labels in labelled:
        began = time.process_time()
        scores = score_file(labels.file)
        scoring = time.process_time() - began
        for name, row in DETECTORS.items():
            began = time.process_time()
            cuts = detect(scores, name, proxy=labels.file).cuts
            results[name].add(
                labels.file, cuts, labels, time.process_time() - began + (0 if row.replays else scoring)
            )
    return results


def print_tables(results: dict[str, Result]) -> None:
    """Pooled, then F1 of hard cuts by file."""
    print(
        f"\n{'all files':24}{'hard F1':>9}{'missed':>8}{'false':>7}{'gradual':>10}{'all F1':>8}{'frames per CPU s':>18}"
    )
    for name, result in results.items():
        one = result.total
        gradual = f"{one.gradual_found}/{one.gradual_found + one.gradual_missed}"
        print(
            f"{name:24}{one.hard_f1:9.3f}{one.missed:8}{one.false:7}{gradual:>10}{one.all_f1:8.3f}"
            f"{result.frames / max(result.cpu, 1e-6):18.0f}"
        )
    names = list(results)
    print(
        f"\n{'hard F1 (gradual)':28}"
        + "".join(f"{name.removeprefix('PySceneDetect '):>17}" for name in names)
    )
    for file in results[names[0]].tallies:
        cells = [results[name].tallies[file] for name in names]
        print(
            f"{file:28}"
            + "".join(
                f"{one.hard_f1:9.3f} ({one.gradual_found}/{one.gradual_found + one.gradual_missed})".rjust(17)
                for one in cells
            )
        )


def rows_of(results: dict[str, Result]) -> list[dict[str, Any]]:
    """Rows for the table of `docs/benchmarks.md`."""
    ours, rows = results["heaters"], []
    held_out = [name for name in ours.tallies if name.startswith("held_out")]
    for peer in PEERS:
        other, note = results[peer], f"default detector against {peer}, defaults"
        rows += [
            row("hard cuts, F1", ours.total.hard_f1, other.total.hard_f1, "", "ours >= 0.97", note),
            row("gradual, found of all", gradual(ours.total), gradual(other.total), "", "", note),
            row("all boundaries, F1", ours.total.all_f1, other.total.all_f1, "", "", note),
        ]
        for file in held_out:
            mine, theirs = ours.tallies[file], other.tallies[file]
            rows += [
                row(f"{file}: hard cuts, F1", mine.hard_f1, theirs.hard_f1, "", "", note),
                row(f"{file}: gradual, found of all", gradual(mine), gradual(theirs), "", "", note),
            ]
        rate = [one.frames / max(one.cpu, 1e-6) for one in (ours, other)]
        rows.append(row("frames per CPU second, from file to cuts", *rate, "", "", note))
    for name in DETECTORS:
        one = results[name].total
        note = f"gradual {one.gradual_found} of {one.gradual_found + one.gradual_missed}, {one.false} false"
        rows.append(row(f"{name}: hard cuts, F1", one.hard_f1, None, "", "", note))
    for file, one in ours.tallies.items():
        rows.append(row(f"heaters, {file}: hard cuts, F1", one.hard_f1, None, "", "", f"{one.where}"))
    return rows


def gradual(one: Tally) -> float:
    """Part of the gradual transitions that was found."""
    return one.gradual_found / max(1, one.gradual_found + one.gradual_missed)


def row(name: str, ours: float, peer: float | None, unit: str, target: str, note: str) -> dict[str, Any]:
    """One row; ratio is ours over the peer's."""
    ratio = round(ours / peer, 3) if peer else None
    return {
        "bench": "detection", "row": name, "ours": round(ours, 3), "peer": None if peer is None else round(peer, 3),
        "ratio": ratio, "target": target, "unit": unit, "note": note,
    }  # fmt: skip


if __name__ == "__main__":
    main()
