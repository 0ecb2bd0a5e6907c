"""Verbs of care: verify, janitor, cost, config, doctor."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from math import floor, log10
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, WorkspaceOption
from heaters.config import Settings, find_workspace
from heaters.errors import UsageError, WorkspaceNotFound
from heaters.stages.intake import in_words
from heaters.workspace import open_workspace

_COSTS: Final = ("kind", "storage_class", "files", "bytes", "month", "restore")


def verify(
    source_id: Annotated[int | None, typer.Argument(metavar="SOURCE_ID", help="Only this source.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Read masters, proxies and exported clips back and compare them with what was recorded."""
    ws = open_workspace(workspace)
    answer = ws.verify(
        source_id, lambda row: print(f"reading back {row['id']} {row['title']}", file=sys.stderr)
    )
    if json:
        output.show_json(answer)
    else:
        for one in answer["problems"]:
            frame = f" frame {one['frame']}" if one["frame"] is not None else ""
            print(f"source {one['source_id']}{frame}: {one['what']}")
        for one in answer.get("waiting", ()):
            print(f"left alone: source {one['source_id']}: {one['what']}")
        print("all is as it was recorded" if answer["ok"] else f"{len(answer['problems'])} problems")
    again = "heaters retry SOURCE_ID, then heaters run; for a clip: reset, approve, heaters export"
    following = "heaters status" if answer["ok"] else again
    output.hint(following, as_json=json)
    return int(not answer["ok"])


def janitor(workspace: WorkspaceOption = None, json: JsonOption = False) -> int:  # noqa: FBT002
    """Remove what killed processes left behind."""
    swept = open_workspace(workspace).janitor()
    if json:
        output.show_json(swept)
    else:
        print(
            f"removed {len(swept['parts'])} unfinished files and {len(swept['orphans'])} files without a row"
        )
        for key in swept["kept"]:
            print(f"kept: {key}, which this catalog does not know of")
        for line in swept["dangling"]:
            print(f"missing: {line}")
    following = "heaters catalog check"
    if swept["kept"]:
        following = (
            "what is kept is yours to remove; after a restore that is right, remove catalog/restored.json"
        )
    if swept["dangling"]:
        following = "heaters verify, then heaters retry SOURCE_ID"
    output.hint(following, as_json=json)
    return int(bool(swept["dangling"]))


def cost(
    write_prices: Annotated[  # noqa: FBT002
        bool, typer.Option("--write-prices", help="Put the prices into the workspace, to be edited there.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Say how many bytes each kind of artefact takes, and what a month of them costs."""
    ws = open_workspace(workspace)
    if write_prices:
        from heaters.stages.costs import write_prices as write  # noqa: PLC0415 - rarely

        file = write(ws.root)
        output.show_json({"prices": str(file)}) if json else print(file)
        output.hint("edit it, then heaters cost", as_json=json)
        return
    rows = ws.cost()
    shown = rows if json else [_readable(row) for row in rows]
    output.show_rows(shown, _COSTS, as_json=json, empty="nothing is stored yet")
    if any(row["storage_class"] for row in rows) and not json:
        print(_sum_of(rows, ws.root))
    output.hint("heaters status", as_json=json)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    money = {name: None if row[name] is None else _money(row[name]) for name in ("month", "restore")}
    return {**row, **money, "bytes": in_words(row["bytes"])}


def _money(value: float) -> str:
    """Two digits that tell something, and two after the point at least: a short film costs a fraction of a cent."""
    return f"{value:.{2 if value == 0 else max(2, 1 - floor(log10(value)))}f}"


def _sum_of(rows: Sequence[Mapping[str, Any]], root: Path) -> str:
    from heaters.stages.costs import RESTORED_DAYS, Prices, by_class  # noqa: PLC0415 - where there is something to pay

    prices, classes = Prices.of_workspace(root), by_class(rows)
    restore = sum(row["restore"] or 0 for row in rows)
    unknown = sorted(row["storage_class"] for row in classes if row["month"] is None)
    month, told = _money(sum(row["month"] or 0 for row in classes)), f"{prices.as_of} in {prices.region}"
    table = output.columns_of([_readable(row) for row in classes], _COSTS[1:])
    lines = ["", table, "", f"a month costs {month} {prices.currency}, as of {told} ({prices.file})"]
    if restore:
        lines += [
            f"restoring the masters of approved clips for {RESTORED_DAYS} days costs {_money(restore)} {prices.currency}"
        ]
    if unknown:
        lines += [f"no price is known of {', '.join(unknown)}: heaters cost --write-prices, then add it"]
    return "\n".join(lines)


def config(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:  # noqa: FBT002
    """List all settings with their values and where they come from."""
    try:
        root: Path | None = find_workspace(workspace)
    except WorkspaceNotFound:
        if workspace:
            raise
        root = None
    rows = Settings.describe(root)
    output.show_rows(rows, ("name", "value", "origin", "variable", "about"), as_json=json, empty="")
    output.hint("set one in heaters.toml of the workspace, or by its variable", as_json=json)


def doctor(
    cdn: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Check instead that pages can read this file of a bucket or CDN."),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(metavar="ORIGIN", help="With --cdn: of these pages; default http://localhost:8866."),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Check that this machine and this workspace can do the work."""
    if cdn is not None:
        return _doctor_cdn(cdn, origin, json=json)
    if origin is not None:
        raise UsageError("--origin belongs to --cdn URL")
    from heaters.cli.checkup import examine  # noqa: PLC0415 - imports the heavy libraries to look at them

    rows = examine(workspace)
    well = all(row["ok"] for row in rows)
    output.show_rows(rows, ("check", "ok", "found"), as_json=json, empty="")
    output.hint(
        ("heaters ingest VIDEO..." if rows[-1]["check"] == "store" else "heaters init DIR")
        if well
        else "mend what is not ok, then heaters doctor",
        as_json=json,
    )
    return int(not well)


def _doctor_cdn(url: str, origin: str | None, *, json: bool) -> int:
    from heaters.cli.cdn_checks import DEFAULT_ORIGIN, examine_cdn  # noqa: PLC0415 - rarely

    rows = examine_cdn(url, DEFAULT_ORIGIN if origin is None else origin)
    well = all(row["ok"] for row in rows)
    told = [
        {**row, "found": f"{row['found']}; {row['change']}" if row["change"] else row["found"]}
        for row in rows
    ]
    output.show_rows(rows if json else told, ("check", "ok", "found"), as_json=json, empty="")
    output.hint("heaters dashboard" if well else "what to change is explained in docs/cdn.md", as_json=json)
    return int(not well)
