"""Many reviewers at once: how long a decision takes through the catalog's owner, and without one (`direct`).

Reviewers are threads of several processes, each with a workspace, a review session and a connection of its own: what a
review page's kernel is to the catalog. Each thinks 2.5 s on average, then approves, skips, splits or takes back, and its
page beats every 5 s. The owner is a process of its own. A decision counts as handed out twice if two sessions made it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench_decisions import SIZES, make_catalog

import heaters
from heaters.catalog.remote import Links
from heaters.cli.catalog import serve_in_background
from heaters.errors import DecisionRefused, HeatersError
from heaters.review import ReviewSession

REVIEWERS = (1, 5, 20, 50)
PROCESSES = 10
THINKING = 2.5
BEAT = 5.0
REVIEWERS_PER_SOURCE = 5

Row = dict[str, Any]


class Load(NamedTuple):
    """What reviewers have met in one run.

    Attributes:
        times: milliseconds of each decision, sorted.
        beats: milliseconds of each beat.
        errors: what was raised, but for refusals.
        refused: decisions that were refused, because another session had the clip.
        doubled: clips that two sessions decided on.
        cpu: CPU milliseconds of all processes for one command.
    """

    times: list[float]
    beats: list[float]
    errors: list[str]
    refused: int
    doubled: int
    cpu: float

    @property
    def text(self) -> str:
        """50th, 95th and 99th percentile."""
        return "/".join(f"{one:.1f}" for one in percentiles(self.times))


def main() -> None:
    """Measure, print, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="10 k clips, few reviewers, a few seconds")
    parser.add_argument(
        "--review", nargs=4, help="be some reviewers: workspace, first number, how many, seconds"
    )
    arguments = parser.parse_args()
    if arguments.review:
        folder, *numbers = arguments.review
        review(Path(folder), *map(int, numbers))
        return
    rows = []
    for size in SIZES[: 1 if arguments.quick else None]:
        with tempfile.TemporaryDirectory(prefix="heaters-owner-") as folder:
            root = make_workspace(Path(folder), size)
            for reviewers in REVIEWERS[: 2 if arguments.quick else None]:
                seconds = 6 if arguments.quick else 20
                row = as_row(
                    reviewers,
                    size,
                    measure(root, reviewers, seconds, owner=True),
                    measure(root, reviewers, seconds, owner=False),
                )
                print(f"{row['row']:26} {row['note']}", flush=True)
                rows.append(row)
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def make_workspace(folder: Path, clips: int) -> Path:
    """A workspace with that many pending clips, in sources of 500."""
    root = folder / "ws"
    root.mkdir()
    (root / "heaters.toml").write_text("", "utf-8")
    make_catalog(root / "catalog", clips)
    return root


def measure(root: Path, reviewers: int, seconds: int, *, owner: bool) -> Load:
    """Let reviewers work for some seconds."""
    links = Links(root / "catalog", 30)
    note = None
    if owner:
        serve_in_background(root)
        note = links.note()
    shares = [len(range(first, reviewers, PROCESSES)) for first in range(min(PROCESSES, reviewers))]
    firsts = [sum(shares[:place]) for place in range(len(shares))]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "--review", str(root), str(first), str(share), str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for first, share in zip(firsts, shares, strict=True)
    ]  # fmt: skip
    for child in children:  # all have a session
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    before = cpu_of(note.pid) if note else 0.0
    for child in children:  # and begin together
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    told = [json.loads(child.communicate()[0]) for child in children]
    own = cpu_of(note.pid) - before if note else 0.0
    links.drain()
    return merged(told, own)


def merged(told: list[Row], own: float) -> Load:
    """What all processes have met together; `own` are the owner's CPU seconds."""
    times = sorted(ms for one in told for ms in one["times"])
    beats = [ms for one in told for ms in one["beats"]]
    deciders = Counter(clip for clip, _ in {(clip, who) for one in told for clip, who in one["decided"]})
    cpu = (own + sum(one["cpu"] for one in told)) * 1000 / max(len(times) + len(beats), 1)
    return Load(
        times, beats, [text for one in told for text in one["errors"]], sum(one["refused"] for one in told),
        sum(count > 1 for count in deciders.values()), cpu,
    )  # fmt: skip


def review(root: Path, first: int, count: int, seconds: int) -> None:
    """Be some reviewers, each in a thread; print what they met."""
    told: Row = {"times": [], "beats": [], "errors": [], "refused": 0, "decided": []}
    everybody = [Reviewer(root, number, told) for number in range(first, first + count)]
    print("ready", flush=True)
    sys.stdin.readline()
    began, deadline = time.process_time(), time.monotonic() + seconds
    threads = [threading.Thread(target=one.work, args=(deadline,)) for one in everybody]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    told["cpu"] = time.process_time() - began
    [one.session.give_back() for one in everybody]
    print(json.dumps(told))


class Reviewer:
    """Somebody at a review page, who thinks, decides and thinks again."""

    def __init__(self, root: Path, number: int, told: Row) -> None:
        self.session = ReviewSession(heaters.open_workspace(root), reviewer=f"reviewer {number}")
        self.told = told
        self.chance = random.Random(number)
        self.decided = False
        self.begin(source=1 + number // REVIEWERS_PER_SOURCE)

    def begin(self, source: int | None = None) -> None:
        """Open the page."""
        answer = self.session.begin(source=source)
        self.current, self.clips = answer["current"], {one["id"]: one for one in answer["clips"]}

    def work(self, deadline: float) -> None:
        """Go on until then; an error that is no refusal ends it."""
        beat = time.monotonic() + self.chance.uniform(0, BEAT)
        while (wake := time.monotonic() + self.chance.uniform(0, 2 * THINKING)) < deadline:
            while beat < wake:
                time.sleep(max(beat - time.monotonic(), 0))
                beat += BEAT
                self.told["beats"].append(timed(self.beat))
            time.sleep(max(wake - time.monotonic(), 0))
            try:
                self.told["times"].append(timed(self.decide))
            except DecisionRefused:
                self.told["refused"] += 1
                self.begin()
            except HeatersError as error:
                self.told["errors"].append(f"{type(error).__name__}: {error.message}")
                return

    def beat(self) -> None:
        """Say that the page lives."""
        answer = self.session.beat(shown=self.current, active=True)
        self.clips |= {one["id"]: one for one in answer["changes"]}

    def decide(self) -> None:
        """Do something with the clip on the screen."""
        op_id, draw, clip = str(uuid.uuid4()), self.chance.random(), self.clips[self.current]
        if draw < 0.1 and self.decided:
            answer = self.session.undo(op_id)
        else:
            frame, action = None, "approve" if draw < 0.75 else "skip"
            if draw > 0.9 and clip["end_frame"] - clip["start_frame"] > 2:
                frame, action = (clip["start_frame"] + clip["end_frame"]) // 2, "split"
            versions = {clip["id"]: clip["version"]}
            answer = self.session.decide(action, [clip["id"]], op_id=op_id, versions=versions, frame=frame)
            self.decided = True
            self.told["decided"].append((clip["id"], self.session.session))
        self.current = answer["current"]
        self.clips |= {one["id"]: one for one in (*answer["clips"], *answer["changes"])}
        if self.current is None or self.current not in self.clips:
            self.begin()


def timed(call: Callable[[], None]) -> float:
    """Milliseconds of a call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(times: list[float]) -> tuple[float, float, float]:
    """50th, 95th and 99th."""
    cuts = quantiles(times, n=100)
    return median(times), cuts[94], cuts[98]


def as_row(reviewers: int, size: int, owner: Load, direct: Load) -> Row:
    """One row of the table."""
    ours, peer = percentiles(owner.times)[1], percentiles(direct.times)[1]
    errors = [*owner.errors, *direct.errors]
    return {
        "bench": "owner", "row": f"p95, {reviewers} reviewers, {'1 M' if size == SIZES[1] else '10 k'} clips", "ours": round(ours, 2),
        "peer": round(peer, 2), "ratio": round(ours / peer, 3), "target": "report", "unit": "ms", "errors": errors,
        "note": f"p50/p95/p99 owner {owner.text}, direct {direct.text}; n {len(owner.times)}, {len(direct.times)}; CPU a command "
        f"{owner.cpu:.1f}, {direct.cpu:.1f} ms; errors {len(errors)}; refused {owner.refused}, {direct.refused}; handed out twice "
        f"{owner.doubled}, {direct.doubled}",
    }  # fmt: skip


if __name__ == "__main__":
    main()
