"""What `doctor` looks at."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable
from typing import Any

from heaters.config import find_workspace
from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.errors import HeatersError, WorkspaceNotFound
from heaters.execution.runlock import active_run
from heaters.stages.intake import in_words
from heaters.workspace import open_workspace


def examine(workspace: str | None) -> list[dict[str, Any]]:
    """One row for each check: what, whether it is well, and what was found."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("system", _system), ("encoders", _encoders), ("duckdb", _duckdb), ("workspace", lambda: _workspace(workspace)),
    ]  # fmt: skip
    if not _is_nowhere(workspace):
        checks.append(("store", lambda: _store(workspace)))
    return [_row(name, look) for name, look in checks]


def _is_nowhere(workspace: str | None) -> bool:
    """No workspace is named, and none is here: it is only about the machine."""
    try:
        find_workspace(workspace)
    except WorkspaceNotFound as error:
        return not error.facts["named"]
    return False


def _row(name: str, look: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"check": name, "ok": True, "found": look()}
    except (HeatersError, ImportError, OSError) as error:
        return {"check": name, "ok": False, "found": str(error)}


def _system() -> str:
    if sys.platform == "win32":
        raise OSError("Windows is supported through WSL: install heaters inside of it")
    return f"Python {platform.python_version()} on {platform.system()}"


def _encoders() -> str:
    from heaters.media.encoders import encoder_versions  # noqa: PLC0415 - to look at it

    return encoder_versions()


def _duckdb() -> str:
    from heaters.catalog.direct import duckdb_version  # noqa: PLC0415 - to look at it

    return duckdb_version()


def _store(workspace: str | None) -> str:
    """Where new sources go, if it can be reached."""
    ws = open_workspace(workspace)
    if ws.store.place is None:
        return "the folder of the workspace"
    next(ws.store.list(ARTIFACT_FOLDERS[0]), None)
    where = f" at {ws.settings.s3_endpoint_url}" if ws.settings.s3_endpoint_url else ""
    return f"{ws.store.place}{where}, gold masters in {ws.settings.gold_master_storage_class}"


def _workspace(workspace: str | None) -> str:
    if _is_nowhere(workspace):
        return "none here; `heaters init DIR` makes one"
    ws = open_workspace(workspace)
    problems = ws.check()
    if problems:
        raise OSError(f"{ws.root}: {problems[0]}; `heaters catalog check` lists all")
    run = active_run(ws.root / "catalog")
    busy = f", a run is active (pid {run.get('pid')})" if run else ""
    return f"{ws.root}, {in_words(shutil.disk_usage(ws.root).free)} free{busy}"
