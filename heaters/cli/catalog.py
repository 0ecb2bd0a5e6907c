"""Verbs on the catalog itself: catalog check | snapshot | restore | serve."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, WorkspaceOption
from heaters.stages import store_snapshots
from heaters.workspace import CATALOG_FOLDER, open_workspace


def check(workspace: WorkspaceOption = None, json: JsonOption = False) -> int:  # noqa: FBT002
    """Look for anything in the catalog that must not be."""
    ws = open_workspace(workspace)
    problems, lost = ws.check(), ws.lost_files()
    if json:
        output.show_json({"ok": not problems, "problems": problems})
    else:
        print("\n".join(problems) or "the catalog is sound")
    following = "heaters verify, then heaters retry SOURCE_ID" if lost else "heaters catalog snapshot"
    output.hint("heaters catalog restore" if set(problems) - set(lost) else following, as_json=json)
    return int(bool(problems))


def snapshot(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:  # noqa: FBT002
    """Write every table to Parquet."""
    folder = open_workspace(workspace).snapshot()
    if json:
        output.show_json({"snapshot": str(folder)})
    else:
        print(folder)
    output.hint(f"heaters catalog restore {folder}", as_json=json)


def restore(
    snapshot: Annotated[
        str | None,
        typer.Argument(metavar="SNAPSHOT", help="A snapshot's folder, or its name; default: the newest."),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option("--from", metavar="PLACE", help="Take it from this store: s3://BUCKET/PREFIX."),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Make the catalog anew from a snapshot; the file that was there is kept aside."""
    answer = open_workspace(workspace).restore(snapshot, place=place)
    if json:
        output.show_json(answer)
    else:
        print(f"restored from {answer['restored']}")
        lost = answer["lost"]
        print(
            f"lost since then: {lost['sources']} sources, {lost['events']} events"
            if lost
            else "what was lost since then is unknown: the catalog that was there can't be read"
        )
    output.hint("heaters catalog check", as_json=json)


def serve(workspace: WorkspaceOption = None) -> None:
    """Keep the catalog open and carry out everybody's commands, until nobody needs it or Ctrl-C."""
    from heaters.catalog.owner import serve as own  # noqa: PLC0415 - DuckDB only where it is used

    ws = open_workspace(workspace)
    own(
        ws.root / CATALOG_FOLDER, lock_seconds=ws.settings.lock_seconds, idle_seconds=ws.settings.owner_idle_seconds, say=_say,
        saved=lambda folder: store_snapshots.put(ws.store, folder) if ws.store.place else None,
    )  # fmt: skip


def serve_in_background(root: Path) -> None:
    """Have the catalog of a workspace served by a process of its own, which outlives this one; returns once it answers.

    Raises:
        CatalogError: it did not start.
    """
    from heaters.catalog.launch import launch_owner  # noqa: PLC0415 - where it is wanted

    command = [sys.executable, "-P", "-m", "heaters", "catalog", "serve", "--workspace", str(root)]
    launch_owner(root / CATALOG_FOLDER, command)


def _say(text: str) -> None:
    with suppress(OSError):  # a full disk, or a pipe that nobody reads: the owner has more to do than to talk
        print(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}", flush=True)  # noqa: DTZ005 - for people, on this machine
