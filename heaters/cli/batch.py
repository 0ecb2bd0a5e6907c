"""Verbs on notebooks: `batch` runs one as a scheduled run, `notebooks` copies those that come with heaters."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, WorkspaceOption
from heaters.cli.scheduled import KeepFreeOption, NotifyOption, UntilOption, noticed
from heaters.cli.sources import show_report
from heaters.workspace import open_workspace


def batch(
    notebook: Annotated[
        str, typer.Argument(metavar="NOTEBOOK", help="A file, or the name of one that comes with heaters.")
    ] = "pipeline",
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="K=V",
            help="A parameter that the notebook declares; may be given more than once.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Its parameter limit.")] = None,
    until: UntilOption = None,
    keep_free: KeepFreeOption = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=1, help="Stop the notebook when it takes longer.")
    ] = None,
    notify_cmd: NotifyOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Run a notebook as a scheduled run: execute it in a kernel, keep it, write a report, exit as run does."""
    from heaters.batch import checked, run_batch  # noqa: PLC0415 - papermill for this verb alone

    ws = open_workspace(workspace)
    bounds = {"limit": limit, "until": until, "keep_free": keep_free}
    words = [*(parameter or ()), *(f"{name}={value}" for name, value in bounds.items() if value is not None)]
    file, parameters = checked(notebook, words)
    os.environ["HEATERS_WORKSPACE"] = str(ws.root)  # the kernel inherits it
    with noticed(ws, "batch", notify_cmd) as told:
        report, error = run_batch(
            ws, file, parameters, seconds=timeout, stream=sys.stderr if json else sys.stdout
        )
        told(report)
        if not json:
            show_report(report, "heaters clips --state pending")
        if error:
            raise error
    if json:
        output.show_json(report.as_json())
    return int(bool(report.failed))


def notebooks(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; made if it is not there.")] = Path(
        "notebooks"
    ),
) -> None:
    """Copy the notebooks that come with heaters into a folder, to open them in JupyterLab."""
    from heaters.batch import copy_notebooks  # noqa: PLC0415 - papermill for these verbs alone

    for file, copied in copy_notebooks(folder.expanduser()).items():
        print(f"{file}" if copied else f"{file}: was there already, and stays as it is")
    output.hint(f"jupyter lab {shlex.quote(str(folder))}")
