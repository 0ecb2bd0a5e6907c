"""How long decisions take on catalogs of 10 k and 1 M clips, against encoding the clips that they change.

Every operation is one command through the `direct` transport of one process: lock, attach, transaction, fsync, detach.
The peer is what a workflow of clip files does instead: ffmpeg encodes the two clips of a merge (or split) anew.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import imageio_ffmpeg

from heaters.catalog.answers import next_pending, source_facts
from heaters.catalog.boards import read_outline
from heaters.catalog.clip_rows import clips_by_id
from heaters.catalog.direct import DirectCatalog, build
from heaters.catalog.requests import Undo
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Decision

SIZES = (10_000, 1_000_000)
CLIPS_PER_SOURCE = 500
FRAMES_PER_CLIP = 100
TARGET = "p50 <= 15 ms"

Sample = dict[str, list[float]]


def main() -> None:
    """Measure, print, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="10 k clips only, few operations")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="heaters-decisions-") as folder:
        encoding = encode_two_clips(Path(folder), rounds=1 if arguments.quick else 3)
        for size in SIZES[: 1 if arguments.quick else None]:
            sample = measure(make_catalog(Path(folder) / str(size), size), 20 if arguments.quick else 200)
            rows += [as_row(name, size, times, encoding) for name, times in sample.items()]
    for row in rows:
        print(
            f"{row['row']:26} p50 {row['ours']:6.1f}  p95 {row['p95']:6.1f}  p99 {row['p99']:6.1f} ms; encoding {row['peer']:6.0f} ms"
        )
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def make_catalog(folder: Path, clips: int) -> DirectCatalog:
    """A catalog with that many pending clips, in sources of 500."""
    folder.mkdir()
    catalog = DirectCatalog(folder)
    sources = clips // CLIPS_PER_SOURCE
    n_frames = CLIPS_PER_SOURCE * FRAMES_PER_CLIP
    build(catalog.file, [
        ("INSERT INTO source_videos (id, title, origin, sha256, ingest_state, gold_master_filepath, proxy_filepath, frame_index_filepath, "
        "scores_filepath, n_frames, fps_num, fps_den, time_base, start_pts, duration, created_at, updated_at) "
        "SELECT i, 'show ' || i, 'upload', md5(i::VARCHAR), 'ready', 'm', 'p', 'f', 's', "
        f"{n_frames}, 25, 1, '1/25', 0, {n_frames / 25}, now()::TIMESTAMP, now()::TIMESTAMP FROM range(1, {sources + 1}) r(i)"),
        ("INSERT INTO clips (id, clip_no, source_video_id, start_frame, end_frame, state) "
        f"SELECT i + 1, i % {CLIPS_PER_SOURCE} + 1, i // {CLIPS_PER_SOURCE} + 1, (i % {CLIPS_PER_SOURCE}) * {FRAMES_PER_CLIP}, "
        f"(i % {CLIPS_PER_SOURCE} + 1) * {FRAMES_PER_CLIP}, 'pending' FROM range(0, {clips}) r(i)"),
        f"UPDATE counters SET value = {sources} WHERE name = 'source_videos'",
        f"UPDATE counters SET value = {clips} WHERE name = 'clips'",
        f"INSERT INTO counters SELECT 'clip_no:' || i, {CLIPS_PER_SOURCE} FROM range(1, {sources + 1}) r(i)",
    ])  # fmt: skip
    return catalog


def measure(catalog: DirectCatalog, count: int) -> Sample:
    """Milliseconds of each operation, by its name."""
    sample: Sample = {
        "approve, and the next clip": [],
        "next alone": [],
        "split": [],
        "merge": [],
        "undo": [],
    }
    for clip in clips_to_work_on(catalog, count):
        middle = (clip["start_frame"] + clip["end_frame"]) // 2
        sample["split"].append(
            timed(lambda clip=clip, middle=middle: decide(catalog, "split", clip["id"], middle))
        )
        sample["undo"].append(timed(lambda: catalog.execute(Undo(str(uuid.uuid4()), "bench"))))
        sample["approve, and the next clip"].append(
            timed(lambda clip=clip: decide(catalog, "approve", clip["id"]))
        )
        sample["next alone"].append(timed(lambda clip=clip: next_clip(catalog, clip["id"])))
        sample["merge"].append(timed(lambda clip=clip: decide(catalog, "merge", clip["id"])))
    return sample


def clips_to_work_on(catalog: DirectCatalog, count: int) -> Iterator[dict[str, Any]]:
    """Clips all over the catalog, no two of them neighbours, none the first of its source."""
    chance, (total,) = random.Random(3), catalog.rows("SELECT count(*) AS n FROM clips")
    ids = [i for i in chance.sample(range(3, total["n"] - 1, 3), count) if i % CLIPS_PER_SOURCE > 2]
    rows = catalog.rows(
        f"SELECT id, start_frame, end_frame FROM clips WHERE id IN ({', '.join(map(str, ids))})"
    )
    chance.shuffle(rows)
    yield from rows


def decide(catalog: DirectCatalog, action: str, clip_id: int, frame: int | None = None) -> None:
    """One decision, by its own op_id."""
    catalog.execute(Decision(str(uuid.uuid4()), action, (clip_id,), "bench", frame))


def next_clip(catalog: DirectCatalog, clip_id: int) -> dict[str, Any] | None:
    """The clip to look at after this one, as a decision on it answers, without any decision."""
    with catalog.reading() as connection:
        tx = Transaction(connection)
        clips = clips_by_id(tx, [clip_id])
        sources = source_facts(tx, {clip.source_video_id for clip in clips})
        return next_pending(tx, clips, read_outline(tx, sorted(sources)), sources, clips)


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def encode_two_clips(folder: Path, rounds: int) -> float:
    """Milliseconds in which ffmpeg encodes two clips of 4 s, 720p, with the settings of an export."""
    ffmpeg, film = imageio_ffmpeg.get_ffmpeg_exe(), folder / "film.mp4"
    pictures = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=8"]
    subprocess.run([ffmpeg, "-v", "error", *pictures, "-c:v", "libx264", "-crf", "18", str(film)], check=True)
    encoder = ["-c:v", "libx264", "-preset", "medium", "-crf", "18"]

    def both() -> None:
        for start in ("0", "4"):
            words = [
                "-y",
                "-v",
                "error",
                "-ss",
                start,
                "-t",
                "4",
                "-i",
                str(film),
                *encoder,
                str(folder / "clip.mp4"),
            ]
            subprocess.run([ffmpeg, *words], check=True)

    return median(timed(both) for _ in range(rounds))


def as_row(name: str, size: int, times: list[float], encoding: float) -> dict[str, Any]:
    """One row of the table."""
    cuts = quantiles(times, n=100)
    return {
        "bench": "decisions", "row": f"{name}, {'1 M' if size == SIZES[1] else '10 k'} clips", "ours": round(median(times), 2),
        "peer": round(encoding, 1), "ratio": round(median(times) / encoding, 5), "target": "report", "unit": "ms",
        "p95": round(cuts[94], 2), "p99": round(cuts[98], 2), "note": f"p95 {cuts[94]:.1f}, p99 {cuts[98]:.1f}, n {len(times)}",
    }  # fmt: skip


if __name__ == "__main__":
    main()
