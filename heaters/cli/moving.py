"""The verb that moves artefacts between stores."""

from __future__ import annotations

from typing import Annotated

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, WorkspaceOption
from heaters.cli.sources import show_report
from heaters.errors import UsageError
from heaters.stages.intake import in_words
from heaters.workspace import open_workspace


def move(
    sources: Annotated[list[int] | None, typer.Argument(metavar="SOURCE...", help="Only these.")] = None,
    to: Annotated[str, typer.Option("--to", metavar="PLACE", help="s3://BUCKET/PREFIX, or a folder.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the old files where they are.")] = False,  # noqa: FBT002
    dry_run: Annotated[bool, typer.Option(help="Say what would be moved, with its bytes.")] = False,  # noqa: FBT002
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Move the artefacts of sources to another store, each file held to its hash; what is killed is taken up again."""
    if not to:
        raise UsageError("say where to: --to s3://BUCKET/PREFIX, or --to DIR")
    ws = open_workspace(workspace)
    report = ws.move(
        *(sources or ()), to=to, keep=keep, dry_run=dry_run, watcher=output.watcher(as_json=json)
    )
    if json:
        output.show_json(report.as_json())
    elif dry_run:
        print(output.columns_of(report.waiting, ("id", "reason")) if report.waiting else "nothing to move")
        print(f"{in_words(sum(one.get('bytes', 0) for one in report.waiting))} in all")
    elif report.report is None and not report.waiting:
        print("nothing to do: all of it is there")
    else:
        show_report(report, "heaters verify, then heaters cost")
    return int(bool(report.failed))
