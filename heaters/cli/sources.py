"""Verbs on sources: init, ingest, run, retry, park, status, sources."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, WorkspaceOption
from heaters.cli.scheduled import KeepFreeOption, NotifyOption, UntilOption, noticed
from heaters.cli.status import status
from heaters.errors import HeatersError, UsageError
from heaters.work import RunReport
from heaters.workspace import Workspace, open_workspace

SOURCE_COLUMNS = (
    "id",
    "title",
    "ingest_state",
    "n_frames",
    "duration",
    "width",
    "height",
    "needs_splicing",
    "last_error",
)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it.")] = Path(),
    *,
    json: JsonOption = False,
) -> None:
    """Make a workspace (or leave the one that is there as it is)."""
    ws = open_workspace(folder, create=True)
    if json:
        output.show_json({"workspace": str(ws.root)})
    else:
        print(f"workspace {ws.root}")
    output.hint(f"heaters ingest --workspace {ws.root} VIDEO...", as_json=json)


def ingest(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files, folders of videos, or addresses.")
    ],
    whole_clip: Annotated[bool, typer.Option(help="Each file already is a clip: no detection.")] = False,  # noqa: FBT002
    clip_files: Annotated[  # noqa: FBT002
        bool, typer.Option(help="Each file is a finished clip: no detection, and export copies it as it is.")
    ] = False,
    allow_truncated: Annotated[  # noqa: FBT002
        bool, typer.Option(help="Take files of which only a part can be decoded.")
    ] = False,
    title: Annotated[str | None, typer.Option(metavar="T", help="Title of a single source.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take playlists without being asked.")] = False,  # noqa: FBT002
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Take files and films of the web into the workspace: look, copy or download, hash."""
    ws = open_workspace(workspace)
    rows: list[dict[str, Any]] = []
    status = 0
    named = [(source, file) for source in sources for file in _files_of(source)]
    for source, file in named:
        try:
            if not json:
                _say_looking(str(file))
            found = ws.ingest(
                file, whole_clip=whole_clip, clip_files=clip_files, allow_truncated=allow_truncated,
                title=title if len(named) == 1 else None, on_plan=None if json else _say_plan,
                confirm=yes or _asked(as_json=json), watcher=output.watcher(as_json=json),
            )  # fmt: skip
            status = max([status, *(int("error" in row) for row in found)])
        except HeatersError as error:
            if error.exit_code > UsageError.exit_code and not rows:
                raise
            found = [{"source": str(file) if Path(source).is_dir() else source, "error": error.as_json()}]
            status = error.exit_code if error.exit_code > UsageError.exit_code or len(named) == 1 else 1
        rows += found
        for row in found if not json else ():
            print(
                _ingested(row, whole_clip=whole_clip, clip_files=clip_files, title=title),
                file=sys.stderr if "error" in row else sys.stdout,
                flush=True,
            )
        if (
            status > UsageError.exit_code
        ):  # what is refused for the disk or the catalog is refused for the next one too
            break
    if json:
        output.show_json(rows)
    if any("error" not in row for row in rows):
        output.hint("heaters run", as_json=json)
    return status


def run(
    stage: Annotated[
        list[str] | None, typer.Option(metavar="S", help="Only this stage; may be given more than once.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Touch at most N sources.")] = None,
    until: UntilOption = None,
    keep_free: KeepFreeOption = None,
    notify_cmd: NotifyOption = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would be done.")] = False,  # noqa: FBT002
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Carry all sources through the stages that they need: prepare, detect, verify."""
    ws = open_workspace(workspace)
    with noticed(ws, "run", notify_cmd, quiet=dry_run) as told:
        report = ws.run(
            stage or (), limit=limit, until=until, keep_free=keep_free, dry_run=dry_run, watcher=output.watcher(as_json=json),
            on_plan=None if json else _say_plan)  # fmt: skip
        told(report)
    if json:
        output.show_json(report.as_json())
    elif dry_run:
        print(
            output.columns_of(report.waiting, ("id", "stage", "reason"))
            if report.waiting
            else "nothing to do"
        )
    else:
        show_report(report, "heaters clips --state pending")
    return int(bool(report.failed))


def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Sources.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that failed or are parked.")] = False,  # noqa: FBT002
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Let failed or parked sources, and failed exports of their clips, be tried again."""
    if bool(ids) == all_:
        raise UsageError("name the sources to retry, or give --all")
    retried = open_workspace(workspace).retry(*(ids or ()))
    if json:
        output.show_json({"retried": retried})
    else:
        print(f"to be tried again: {', '.join(map(str, retried)) or 'none; none of them had failed'}")
    output.hint("heaters run, then heaters export", as_json=json)


def park(
    source_id: Annotated[int, typer.Argument(metavar="ID", help="Source.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Take a source out of all runs."""
    row = open_workspace(workspace).park(source_id)
    if json:
        output.show_json(row)
    else:
        print(f"source {row['id']} ({row['title']}) is parked")
    output.hint(f"heaters retry {source_id} takes it up again", as_json=json)


def sources(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:  # noqa: FBT002
    """List the sources."""
    rows = open_workspace(workspace).sources().rows()
    output.show_rows(rows, SOURCE_COLUMNS, as_json=json, empty="no sources yet")
    output.hint("heaters show ID" if rows else "heaters ingest VIDEO...", as_json=json)


def show_report(report: RunReport, following: str) -> None:
    """Print how a run ended: failures by cause, then one line with the totals."""
    for one in report.failed:
        print(f"failed: {one['id']} {one['stage']}: {one['error']}", file=sys.stderr)
    for one in report.waiting:
        print(f"waiting: {one['id']} {one['stage']}: {one['reason']}")
    if report.report is None:
        left = "what is left is waiting" if report.waiting else "every stage of every source is done"
        print(f"nothing to do: {left}")
    else:
        print(
            f"{len(report.done)} done, {len(report.failed)} failed, {len(report.waiting)} waiting, {report.seconds:.1f} s, "
            f"{report.bytes} bytes, report {report.report}"
        )
    if sys.stdout.isatty():
        output.hint(following)


def _say_plan(what: Path | str, projected: Mapping[str, int]) -> None:
    from heaters.stages.intake import in_words  # noqa: PLC0415

    modes = ", ".join(f"{in_words(count)} with master_mode {mode}" for mode, count in projected.items())
    print(f"{Path(what).name}: projected {modes}", flush=True)


def _files_of(source: str) -> Iterable[Path | str]:
    """The files that SOURCE means; one that means none is left to be refused by its name."""
    from heaters.stages.intake import files_of  # noqa: PLC0415
    from heaters.stages.web_pages import is_address  # noqa: PLC0415

    if is_address(source):
        return [source]
    try:
        return list(files_of(source))
    except HeatersError:
        return [source]


def _ingested(row: Mapping[str, Any], *, whole_clip: bool, clip_files: bool, title: str | None) -> str:
    if "error" in row:
        return f"error: {row['error']['message']}"
    from heaters.stages.stage import is_clip_file  # noqa: PLC0415

    known = " (these bytes were there already)" if row["duplicate"] else ""
    ignored = [
        *(["--whole-clip"] if whole_clip and row["needs_splicing"] else []),
        *(["--clip-files"] if clip_files and not is_clip_file(row) else []),
        *(["--title"] if title not in (None, row["title"]) else []),
    ]
    if row["duplicate"] and ignored:
        known += f"; {' and '.join(ignored)} not applied to it"
    parked = f"; it is parked: {row['last_error']}" if row["ingest_state"] == "parked" else ""
    again = f"; `heaters retry {row['id']}` takes it up again" if parked else ""
    return f"source {row['id']}: {row['title']}{known}{parked}{again}{downloaded(row)}"


def _say_looking(source: str) -> None:
    """Say that an address is looked at: that takes seconds, and minutes where a site is slow.

    Raises:
        UsageError: it is no address of the web.
    """
    from heaters.media.download import web_address, without_secrets  # noqa: PLC0415
    from heaters.stages.web_pages import is_address  # noqa: PLC0415

    if is_address(source):
        print(f"looking at {without_secrets(web_address(source))}", flush=True)


def downloaded(row: Mapping[str, Any]) -> str:
    """What was taken of what was offered, and each thing that was odd, on lines of their own."""
    if row["origin"] != "web" or row["duplicate"]:
        return ""
    from heaters.stages.web import in_words  # noqa: PLC0415

    told = [in_words(json_module.loads(row["probe"] or "{}")), *json_module.loads(row["warnings"] or "[]")]
    return "".join(f"\n  {line}" for line in told if line)


def _asked(*, as_json: bool) -> bool | Callable[[str], bool]:
    """Ask in a terminal; elsewhere the answer is no."""
    if as_json or not sys.stdin.isatty():
        return False
    return lambda question: typer.confirm(f"{question}. Take them?")


__all__ = ["Workspace", "ingest", "init", "park", "retry", "run", "show_report", "sources", "status"]
