"""The verbs `status` and `runs`: what the status page shows, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, WorkspaceOption
from heaters.workspace import open_workspace

Row = Mapping[str, Any]

_LISTED: Final = 8
"""Lines of one kind; the page and `--json` have all."""
RUN_COLUMNS: Final = ("id", "verb", "started_at", "seconds", "done", "failed", "waiting", "state", "report")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def status(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:  # noqa: FBT002
    """Where everything stands."""
    facts = open_workspace(workspace).status()
    if json:
        output.show_json([facts])
        return
    for name, lines in _lines(facts):
        for place, line in enumerate(lines or ["-"]):
            print(f"{'' if place else name:10} {line}")
    output.hint(_next_step(facts))


def runs(
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="The newest N.")] = 20,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """List the runs, the newest first."""
    rows = open_workspace(workspace).runs(limit)
    output.show_rows(rows, RUN_COLUMNS, as_json=json, empty="no runs yet")
    output.hint("heaters status" if rows else "heaters run", as_json=json)


def _lines(facts: Row) -> Iterator[tuple[str, Sequence[str]]]:
    now = facts["at"]
    yield "workspace", [facts["workspace"]]
    yield "run", _active(facts["run"], now)
    yield "last run", _last(facts["last_run"], now)
    for name in ("sources", "clips", "pending"):
        yield name, _counted(facts[name])
    yield "failures", _some([_failure(row) for row in facts["failures"]])
    yield "stuck", _some([_job(row, now) for row in facts["stuck"]])
    yield "disk", [_disk(facts["disk"])]
    yield "review", [_review(facts["backlog"])]
    yield "leases", _some([_lease(row, now) for row in facts["leases"]])


def _active(run: Row | None, now: datetime) -> list[str]:
    if run is None:
        return []
    who = f"heaters {run.get('verb', 'run')}, pid {run.get('pid', '?')} on {run.get('host', '?')}: {run.get('progress', 'starting')}"
    return [who, *(_job(one, now) for one in run["working"])]


def _last(run: Row | None, now: datetime) -> list[str]:
    if run is None:
        return []
    ago = _span((now - (run["finished_at"] or run["started_at"])).total_seconds())
    return [
        f"{run['verb']} {run['id']} {run['state']}, {ago} ago: {run['done']} done, {run['failed']} failed"
    ]


def _counted(counts: Row) -> list[str]:
    text = ", ".join(f"{key} {count}" for key, count in counts.items())
    return [text] if text else []


def _failure(row: Row) -> str:
    ids = ", ".join(str(one) for one in row["source_ids"][:_LISTED])
    more = ", …" if len(row["source_ids"]) > _LISTED else ""
    parked = f", {len(row['parked_ids'])} parked" if row["parked_ids"] else ""
    return f"{row['count']} × {row['stage']} (sources {ids}{more}{parked}): {row['error']}"


def _job(row: Row, now: datetime) -> str:
    return f"{row['stage']} {row['ref'] or row['source_id']} {row['title']}, for {_span((now - row['since']).total_seconds())}"


def _disk(disk: Row) -> str:
    from heaters.stages.intake import in_words  # noqa: PLC0415 - the answer alone needs it

    fits = "" if disk["fits"] else f", more than the {in_words(disk['allowed'])} that a run may fill"
    return f"{in_words(disk['free'])} free, pending work needs up to {in_words(disk['needed'])}{fits}"


def _review(backlog: Row) -> str:
    left = f"{backlog['pending']} clips left"
    if not backlog["pending"] or backlog["per_hour"] is None:
        return left if not backlog["pending"] else f"{left}, no pace yet"
    return f"{left}, {_span(backlog['left'] * 3600)} of work at {backlog['per_hour']:.0f} an hour"


def _lease(row: Row, now: datetime) -> str:
    idle = f", idle {_span((now - row['acted_at']).total_seconds())}" if row["acted_at"] else ""
    return f"{row['reviewer']}: {row['clips']} clips, {row['first']} to {row['last']}{idle}"


def _some(lines: list[str]) -> list[str]:
    left = len(lines) - _LISTED
    return lines if left <= 0 else [*lines[:_LISTED], f"… and {left} more"]


def _span(seconds: float) -> str:
    """How long, in the largest unit of which there are two."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= 2 * size), _UNITS[-1])
    return f"{max(seconds, 0) / size:.0f} {unit}"


def _next_step(facts: Row) -> str:
    clips = facts["clips"]
    if not facts["sources"]:
        return "heaters ingest VIDEO..."
    if facts["pending"]:
        return "heaters run"
    if clips.get("pending"):
        return "heaters clips --state pending, then heaters decide"
    left = any(clips.get(state) for state in ("approved", "exporting", "export_failed"))
    return "heaters export" if left else "heaters ingest VIDEO..."
