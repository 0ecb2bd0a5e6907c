"""What scheduled runs share, by `run` and by `batch`: where they stop, and who is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from heaters.errors import HeatersError, Interrupted
from heaters.work import RunReport
from heaters.workspace import Workspace

UntilOption = Annotated[
    str | None, typer.Option(metavar="HH:MM", help="Begin nothing from this time of day on.")
]
KeepFreeOption = Annotated[
    str | None,
    typer.Option(metavar="BYTES|%", help="Begin nothing that is projected to leave less disk free."),
]
NotifyOption = Annotated[
    str | None, typer.Option(metavar="CMD", help="Run this at the end, with the run as JSON on its stdin.")
]


@contextmanager
def noticed(
    ws: Workspace, verb: str, command: str | None, *, quiet: bool = False
) -> Iterator[Callable[[RunReport], None]]:
    """Tell a monitor and the operator's command how a run goes; takes its report, and sees what is raised."""
    url = ws.settings.heartbeat_url
    if quiet or not (url or command is not None):
        yield lambda _: None
        return
    from heaters.execution.notices import Notices  # noqa: PLC0415 - where somebody is told

    notices = Notices(url, command, lambda text: print(f"warning: {text}", file=sys.stderr))
    facts: dict[str, Any] = {"verb": verb, "workspace": str(ws.root), "error": None}
    status = 1
    notices.begin()
    try:
        yield lambda report: facts.update(
            report.as_json(), report=report.report, seconds=report.seconds, bytes=report.bytes
        )
        status = int(bool(facts.get("failed")))
    except BaseException as error:
        status, facts["error"] = _as_status(error)
        raise
    finally:
        notices.end(status, facts)


def _as_status(error: BaseException) -> tuple[int, Mapping[str, str]]:
    if isinstance(error, KeyboardInterrupt):
        error = Interrupted("stopped; finished work is kept")
    if isinstance(error, HeatersError):
        return error.exit_code, error.as_json()
    return 1, {"type": type(error).__name__, "message": str(error)}
