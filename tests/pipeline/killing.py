"""Killing heaters at a chosen moment, and what must be true of a workspace afterwards."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import psutil
from driving import Heaters

from heaters import Workspace
from heaters.domain.layout import ARTIFACT_FOLDERS

PATIENCE: Final = 120.0
"""Seconds until a moment that never comes fails the test."""


class Victim:
    """A `heaters` process in a session of its own, with its workers."""

    def __init__(self, cli: Heaters, *words: object) -> None:
        self.process = cli.start(*words)
        self.family: dict[int, psutil.Process] = {}

    def until(self, moment: Callable[[Victim], bool]) -> None:
        """Wait for a moment, as closely as a test can."""
        deadline = time.monotonic() + PATIENCE
        while not moment(self):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.001)

    def workers(self) -> list[psutil.Process]:
        """The living worker processes."""
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        self.family |= {child.pid: child for child in children}
        return [child for child in children if _is_worker(child)]

    def kill_worker(self) -> None:
        """`kill -9` the worker; the run goes on, and tells how it ended."""
        (worker,) = self.workers()
        worker.kill()

    def kill(self) -> None:
        """`kill -9` the coordinator alone."""
        self.workers()
        self.process.kill()
        assert self.process.wait(30) == -signal.SIGKILL
        self.said()

    def interrupt(self, *, group: bool = False) -> float:
        """Ctrl-C to the coordinator, or to its whole group as a terminal does; returns the seconds until it was gone."""
        self.workers()
        began = time.monotonic()
        (_interrupt_group if group else _interrupt)(self.process)
        self.process.wait(30)
        return time.monotonic() - began

    def said(self) -> str:
        """All that it printed, once it has ended."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in out + err, err
        return out + err

    def orphans(self, seconds: float = 5.0) -> list[psutil.Process]:
        """Processes of the family that are still there after so many seconds."""
        deadline = time.monotonic() + seconds
        while (alive := [one for one in self.family.values() if _alive(one)]) and time.monotonic() < deadline:
            time.sleep(0.02)
        return alive


def _interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def _interrupt_group(process: subprocess.Popen[str]) -> None:
    import os  # noqa: PLC0415 - the session is the process's own, so is the group

    os.killpg(process.pid, signal.SIGINT)


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


# -- moments ----------------------------------------------------------------------------------------------------------


def growing(root: Path, pattern: str, least: int = 1) -> Callable[[Victim], bool]:
    """A `.part` file has that many bytes."""
    return lambda _: any(_size(path) >= least for path in root.glob(f"{pattern}.*.part"))


def published(root: Path, key: str) -> Callable[[Victim], bool]:
    """A file has got its name."""
    return lambda _: (root / key).exists()


def progress(root: Path, units: int) -> Callable[[Victim], bool]:
    """So many units of work are applied to the catalog."""
    note = root / "catalog" / "run.json"

    def reached(_: Victim) -> bool:
        try:
            return str(json.loads(note.read_text("utf-8")).get("progress", "")).startswith(f"{units} done")
        except (OSError, ValueError):
            return False

    return reached


def noted(root: Path) -> Callable[[Victim], bool]:
    """The run has begun: it has told who it is."""
    return lambda _: (root / "catalog" / "run.json").exists()


def working(victim: Victim) -> bool:
    """There is a worker process, whatever it does."""
    return bool(victim.workers())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


# -- what must be true ------------------------------------------------------------------------------------------------


def artefacts(root: Path) -> set[str]:
    """Keys of all files in the folders of artefacts."""
    return {
        path.relative_to(root).as_posix()
        for folder in ARTIFACT_FOLDERS
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


def assert_no_row_without_file(ws: Workspace) -> None:
    """What must be true at any moment: whatever a row names is there."""
    named = [row["uri"] for row in ws.sql("SELECT uri FROM clip_artifacts").rows()]
    for table, columns in {
        "source_videos": (
            "original_filepath",
            "gold_master_filepath",
            "proxy_filepath",
            "frame_index_filepath",
            "scores_filepath",
        ),
        "clips": ("clip_filepath",),
    }.items():
        for column in columns:
            named += [
                row[column]
                for row in ws.sql(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL").rows()
            ]
    assert [key for key in named if not (ws.root / key).is_file()] == []


def assert_whole(ws: Workspace) -> None:
    """What must be true when a later run has ended: all is there, once, as recorded, and after `janitor` nothing else."""
    assert_no_row_without_file(ws)
    ws.janitor()
    rows = ws.sql("SELECT uri, kind, clip_id, bytes, sha256 FROM clip_artifacts").rows()
    assert artefacts(ws.root) == {row["uri"] for row in rows}
    assert [uri for uri, count in Counter(row["uri"] for row in rows).items() if count > 1] == []
    for row in rows:
        data = (ws.root / row["uri"]).read_bytes()
        assert len(data) == row["bytes"], row
        assert row["kind"] == "manifest" or hashlib.sha256(data).hexdigest() == row["sha256"], row
    for source in ws.sources().rows():
        assert (source["ingest_state"], source["last_error"]) == ("ready", None)
        clips = ws.clips(source["id"]).rows()
        assert (clips[0]["start_frame"], clips[-1]["end_frame"]) == (0, source["n_frames"])
        assert all(one["end_frame"] == two["start_frame"] for one, two in pairwise(clips))
    laid = ws.sql(
        "SELECT source_video_id, count(*) AS n FROM clip_events WHERE action = 'detect' GROUP BY 1"
    ).rows()
    assert [row["n"] for row in laid] == [1] * len(ws.sources())
    assert ws.check() == []
    assert ws.verify() == {"ok": True, "problems": []}
    assert ws.run().report is None
    assert ws.sql("SELECT count(*) FROM jobs WHERE state <> 'done'").fetchall() == [(0,)]
