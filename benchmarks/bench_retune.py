"""How long re-thresholding one hour of stored scores takes, for each detector that needs nothing else.

The scores are real ones (the labelled reel of the shared test footage, else the sample show), repeated to 90,000 frames:
one hour at 25 frames per second. Thresholds change from call to call, as when somebody drags a slider. The peer is
PySceneDetect, which decodes again: its time on that film, times the length.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from labelled_shots import score_file
from scenedetect import AdaptiveDetector, ContentDetector, SceneManager, open_video

from heaters.media.detectors import DETECTORS, detect
from heaters.media.sample import make_sample
from heaters.media.scores import FrameScores

FOOTAGE = Path(
    os.environ.pop("HEATERS_TEST_MEDIA", "") or Path(__file__).resolve().parents[2] / "shared" / "media"
)
HOUR = 90_000
FACTORS = (1.0, 0.8, 1.25, 0.6, 1.6)  # of the default threshold
TARGET = "ours <= 100"


def main() -> None:
    """Measure, print, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="one short file, fewer rounds")
    arguments = parser.parse_args()
    logging.getLogger("pyscenedetect").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="heaters-retune-") as folder:
        film = find_film(Path(folder), quick=arguments.quick)
        scores = score_file(film)
        hour = repeated(scores, HOUR)
        rows = [
            measure(name, hour, peer_ms(name, film, len(scores)), rounds=2 if arguments.quick else 6)
            for name, row in DETECTORS.items()
            if not row.replays
        ]
    for row in rows:
        print(
            f"{row['row']:44}{row['ours']:8.1f} ms (fastest {row['fastest']:.1f}, slowest {row['slowest']:.1f}, CPU {row['cpu']:.1f});"
            f" PySceneDetect {row['peer'] / 1000:,.0f} s"
        )
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def find_film(folder: Path, *, quick: bool) -> Path:
    """The film whose scores are repeated."""
    film = FOOTAGE / "labelled" / ("bikes.mp4" if quick else "dev_reel.mp4")
    if film.is_file():
        return film
    return make_sample(folder / "sample.mp4", seconds=10 if quick else 60).path


def repeated(scores: FrameScores, n: int) -> FrameScores:
    """The same scores over and over, `n` frames long."""
    times = -(-n // len(scores))
    columns = {name: np.concatenate([column] * times)[:n] for name, column in scores.columns().items()}
    return FrameScores.of_columns(**columns)


def measure(name: str, hour: FrameScores, peer: float, *, rounds: int) -> dict[str, Any]:
    """Milliseconds of one call: median over all thresholds and rounds."""
    default, taken, worked, cuts = DETECTORS[name].threshold, [], [], 0
    for threshold in [default * factor for factor in FACTORS] * rounds:
        began, cpu = time.perf_counter(), time.process_time()
        cuts = len(detect(hour, name, threshold=threshold).cuts)
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - cpu) * 1000)
    middle = median(taken)
    return {
        "bench": "retune", "row": f"{name}, one hour (90,000 frames)", "ours": round(middle, 1), "peer": round(peer), "unit": "ms",
        "ratio": round(middle / peer, 5), "target": TARGET, "fastest": round(min(taken), 1), "slowest": round(max(taken), 1),
        "cpu": round(median(worked), 1),
        "note": f"median of {len(taken)} calls, CPU {median(worked):.0f} ms, {cuts} cuts in the last; peer: PySceneDetect decodes again",
    }  # fmt: skip


def peer_ms(name: str, film: Path, frames: int) -> float:
    """Wall time of PySceneDetect on the film, for an hour of it."""
    detector = ContentDetector() if name == "content" else AdaptiveDetector()
    began = time.perf_counter()
    video = open_video(str(film), backend="pyav")
    manager = SceneManager()
    manager.add_detector(detector)
    manager.detect_scenes(video)
    return (time.perf_counter() - began) * 1000 * HOUR / frames


if __name__ == "__main__":
    main()
