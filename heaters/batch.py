"""Scheduled runs: a notebook executed as the workspace's one active run, kept with a report, ended with the status of `run`."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from heaters.catalog import requests
from heaters.domain.parameters import values
from heaters.errors import HeatersError, Interrupted, StoreUnavailable, UsageError
from heaters.execution import notebooks
from heaters.execution.runlock import note_run, run_lock
from heaters.work import REPORTS, RunReport
from heaters.workspace import CATALOG_FOLDER, Workspace

_KEPT: Final = re.compile(r"run_(\d+)\.(?:ipynb|html)")


class Ended(NamedTuple):
    """How a batch ended.

    Attributes:
        report: of all that its notebook did; its `report` is the page for people.
        error: what else than a failing source or clip stopped it; None if nothing did.
    """

    report: RunReport
    error: HeatersError | None


def packaged_notebooks() -> dict[str, Path]:
    """Name without extension → path of the notebooks that come with heaters, installed or in a checkout."""
    installed = Path(str(files("heaters"))) / "_notebooks"
    folder = installed if installed.is_dir() else Path(__file__).resolve().parents[1] / "notebooks"
    return {file.stem: file for file in sorted(folder.glob("*.ipynb"))}


def copy_notebooks(folder: Path) -> dict[Path, bool]:
    """Copy the notebooks that come with heaters into a folder, which is made if it is not there.

    A file that is there already stays as it is: somebody may have written in it.

    Returns:
        each file, and whether it was copied now.

    Raises:
        StoreUnavailable: the folder can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {
            folder / file.name: _copied(file, folder / file.name) for file in packaged_notebooks().values()
        }
    except OSError as error:
        raise StoreUnavailable(
            f"the notebooks can't be copied to {folder}: {error.strerror}; name another folder",
            path=str(folder),
        ) from error


def checked(name: str, words: Sequence[str]) -> tuple[Path, dict[str, Any]]:
    """A notebook and its parameters, found right before anything begins.

    Args:
        name: a path, or the short name of a notebook that comes with heaters.
        words: like `limit=3`.

    Raises:
        UsageError: no such notebook, a parameter that it does not declare, or a value that does not fit.
    """
    packaged = packaged_notebooks()
    notebook = packaged.get(name) or Path(name).expanduser()
    if not notebook.is_file():
        raise UsageError(
            f"there is no notebook {name}; name a file, or one of {', '.join(packaged)}", path=name
        )
    parameters = notebooks.parameters_of(notebook)
    try:
        return notebook, values(parameters, words)
    except UsageError as error:
        raise UsageError(f"{notebook.name}: {error.message}", **error.facts) from error


def run_batch(
    ws: Workspace, notebook: Path, parameters: Mapping[str, Any], *, seconds: float | None, stream: TextIO
) -> Ended:
    """Execute a notebook as the one active run, and keep it with its report.

    Its kernel works on the workspace that `HEATERS_WORKSPACE` names, under the lock that is held here.

    Args:
        ws: where the run is noted.
        notebook: of Python.
        parameters: checked ones.
        seconds: how long it may take; None for no limit.
        stream: where what its cells print goes as well.

    Raises:
        RunActive: another run works on this workspace; no kernel was started.
    """
    folder, began = ws.root / CATALOG_FOLDER, time.monotonic()
    with run_lock(folder, "batch"):
        started = requests.StartRun("batch", os.getpid(), os.uname().nodename)
        run_id = int(ws.catalog.execute(started)["run_id"])
        note_run(folder, run_id)
        stem = folder / REPORTS / f"run_{run_id}"
        forget(stem.parent, ws.settings.keep_reports - 1)
        executed, page = stem.with_suffix(".ipynb"), stem.with_suffix(".html")
        error = _attempt(
            lambda: notebooks.execute(notebook, executed, parameters, seconds=seconds, stream=stream)
        )
        unwritten = _attempt(lambda: notebooks.html_report(executed, page)) if executed.is_file() else None
        report = replace(_report(ws, run_id, stem), seconds=time.monotonic() - began, report=page)
        if error is not None and error.message == _failures(report):
            error = None
        unnoted = _attempt(lambda: ws.catalog.execute(report.finished(run_id, _state(report, error))))
    return Ended(report, error or unwritten or unnoted)


def forget(folder: Path, keep: int) -> None:
    """Remove notebooks and pages of all but the newest `keep` runs that have them, and what killed batches were writing."""
    found = [(int(match[1]), file) for file in folder.glob("run_*") if (match := _KEPT.fullmatch(file.name))]
    kept = sorted({number for number, _ in found}, reverse=True)[:keep]
    for file in [file for number, file in found if number not in kept] + list(folder.glob("*.part")):
        file.unlink(missing_ok=True)


def _copied(file: Path, target: Path) -> bool:
    try:
        with target.open("xb") as made:
            made.write(file.read_bytes())
    except FileExistsError:
        return False
    return True


def _attempt(action: Callable[[], object]) -> HeatersError | None:
    try:
        action()
    except HeatersError as error:
        return error
    return None


def _report(ws: Workspace, run_id: int, stem: Path) -> RunReport:
    """What the kernel has noted; where it came to no end, what the catalog knows of its work."""
    note = stem.with_suffix(".json")
    if note.is_file():
        return RunReport.read(note, run_id)
    jobs = ws.catalog.rows(
        "SELECT split_part(subject, ':', 2)::BIGINT AS id, stage, state, error, seconds, bytes FROM jobs WHERE run_id = ? ORDER BY id",
        [run_id],
    )
    done = [
        {name: job[name] for name in ("id", "stage", "seconds")} for job in jobs if job["state"] == "done"
    ]
    failed = [
        {name: job[name] for name in ("id", "stage", "error")} for job in jobs if job["state"] == "failed"
    ]
    waiting = ws.run(dry_run=True).waiting
    return RunReport(
        done, failed, waiting, 0.0, sum(job["bytes"] or 0 for job in jobs), None, run_ids=(run_id,)
    )


def _failures(report: RunReport) -> str | None:
    """The sentence by which a notebook tells that these sources and clips have failed."""
    told = _attempt(report.raise_for_failures)
    return told.message if told else None


def _state(report: RunReport, error: HeatersError | None) -> str:
    if isinstance(error, Interrupted):
        return "interrupted"
    return "failed" if error or report.failed else "done"
