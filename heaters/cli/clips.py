"""Verbs on clips: show, clips, decide, undo, redo, retune, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, ReviewerOption, WorkspaceOption
from heaters.cli.sources import show_report
from heaters.domain.states import CLIP_STATES
from heaters.errors import UsageError
from heaters.workspace import open_workspace

CLIP_COLUMNS = (
    "id",
    "ref",
    "state",
    "start_frame",
    "end_frame",
    "start",
    "label",
    "group_id",
    "reviewer",
    "clip_filepath",
)


def show(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A source id, or a clip ref like 12.47.")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
    as_python: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--as-python", help="Print the decisions on a source as a script that does the same."),
    ] = False,
) -> None:
    """Show one source, or one clip with its history."""
    ws = open_workspace(workspace)
    if as_python:
        if json:
            raise UsageError("--as-python prints a script and --json a document: choose one")
        print(ws.as_python(output.source_number(ref)), end="")
        return
    if "." in ref:
        row: dict[str, Any] = {**ws.clip(ref), "events": ws.history(ref)}
    else:
        row = ws.source(output.source_number(ref))
    if json:
        output.show_json([row])
        return
    for name, value in row.items():
        if name not in {"events", "probe"} and value not in (None, "", []):
            print(f"{name:22} {value}")
    for event in row.get("events", ()):
        print(f"  {event['ts']:%Y-%m-%d %H:%M:%S}  {event['reviewer']:12} {event['action']}")
    output.hint(f"heaters decide approve {ref}" if "." in ref else f"heaters clips --source {ref}")


def clips(
    source: Annotated[int | None, typer.Option(metavar="ID", help="Only of this source.")] = None,
    state: Annotated[str | None, typer.Option(metavar="S", help="Only in this state.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """List clips by source and start frame."""
    ws = open_workspace(workspace)
    if source is not None:
        ws.source(source)
    if state is not None and state not in CLIP_STATES:
        raise UsageError(f"there is no state {state!r}; there are {', '.join(CLIP_STATES)}")
    rows = ws.clips(source, state).rows()
    output.show_rows(rows if json else _readable(rows), CLIP_COLUMNS, as_json=json, empty="no such clips")
    output.hint("heaters decide approve REF" if rows else "heaters status", as_json=json)


def decide(
    action: Annotated[str, typer.Argument(metavar="ACTION", help=(
        "approve, skip, archive, reset, merge, split, move-cut, group, ungroup or annotate."))],
    refs: Annotated[list[str], typer.Argument(metavar="CLIP...", help="Clip ids or refs.")],
    frame: Annotated[int | None, typer.Option(metavar="N", help="Absolute source frame, for split and move-cut.")] = None,
    label: Annotated[str | None, typer.Option(help="For annotate.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="For annotate; may be given more than once.")] = None,
    note: Annotated[str | None, typer.Option(help="For annotate.")] = None,
    version: Annotated[int | None, typer.Option(metavar="N", help=(
        "The version that you saw of a single clip; refused if it has changed since."))] = None,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:  # fmt: skip
    """Decide on clips."""
    if version is not None and len(refs) > 1:
        raise UsageError("--version is of a single clip: name one, or leave it out")
    values: dict[str, Any] = {
        name: value
        for name, value in {"label": label, "tags": tag, "note": note}.items()
        if value is not None
    }
    ws = open_workspace(workspace)
    seen = None if version is None else {ws.clip_id(refs[0]): version}
    _answer(ws.decide(action, refs, frame, reviewer, versions=seen, **values), as_json=json)


def undo(
    reviewer: ReviewerOption = None,
    source: Annotated[int | None, typer.Option(metavar="ID", help="Only commands on this source.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Take the latest command back."""
    _answer(open_workspace(workspace).undo(reviewer, source), as_json=json)


def redo(
    reviewer: ReviewerOption = None,
    source: Annotated[int | None, typer.Option(metavar="ID", help="Only commands on this source.")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Carry the command that was undone last out again."""
    _answer(open_workspace(workspace).redo(reviewer, source), as_json=json)


def retune(
    source_id: Annotated[int, typer.Argument(metavar="SOURCE_ID", help="Source.")],
    detector: Annotated[
        str | None,
        typer.Option(metavar="D", help="heaters, adaptive, content, threshold, hash or histogram."),
    ] = None,
    threshold: Annotated[float | None, typer.Option(metavar="T", help="The detector's threshold.")] = None,
    apply: Annotated[  # noqa: FBT002
        bool, typer.Option(help="Lay the new cuts where no human has touched the clips.")
    ] = False,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Detect again from stored scores and compare."""
    answer = open_workspace(workspace).retune(
        source_id, detector=detector, threshold=threshold, apply=apply, reviewer=reviewer
    )
    if json:
        output.show_json(answer)
        return
    print(
        f"{answer['detector']} {answer['params']}: {len(answer['cuts'])} cuts"
        + (f" ({answer['note']})" if answer["note"] else "")
    )
    for name in ("kept", "added", "removed", *(["held"] if apply else [])):
        print(f"  {name:8} {len(answer[name]):4}  {_shortened(answer[name])}")
    output.hint(f"heaters clips --source {source_id}" if apply else "the same with --apply", as_json=json)


def export(
    source_ids: Annotated[
        list[int] | None, typer.Argument(metavar="SOURCE_ID...", help="Only clips of these sources.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="P", help="h264 or ffv1; default: the setting `preset`.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also copy the exported clips there, with an index.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="TEMPLATE", help="Name of each copy, such as {label}/{title}_{clip_no:03d}."),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> int:
    """Encode approved clips, once, from the gold master."""
    report = open_workspace(workspace).export(
        source_ids or None, preset=preset, to=to, name=name, watcher=output.watcher(as_json=json)
    )
    if json:
        output.show_json(report.as_json())
        return int(bool(report.failed))
    if report.report is None and not report.waiting:
        print("nothing to export: every approved clip has its file")
    else:
        for one in report.done:
            print(one["output_path"])
        show_report(report, "heaters verify")
    if to is not None:
        print(
            f"{len(report.handed_over)} clips copied to {to}"
            + (", with an index" if report.handed_over else "")
        )
    if report.report is None and not report.waiting:
        output.hint("heaters clips --state pending, then heaters decide")
    return int(bool(report.failed))


def _answer(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.show_json(answer)
        return
    for verb in ("undid", "redid"):
        if verb in answer:
            print(f"{verb} {answer[verb]}")
    print(output.columns_of(_readable(answer["clips"]), CLIP_COLUMNS[:-1]))
    following = answer["next"]
    output.hint(
        f"heaters decide approve {following['source_video_id']}.{following['clip_no']}"
        if following
        else "heaters export"
    )


def _shortened(frames: list[int]) -> str:
    return ", ".join(map(str, frames[:20])) + (" …" if len(frames) > 20 else "")  # noqa: PLR2004 - a line's worth


def _readable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "ref": f"{row['source_video_id']}.{row['clip_no']}",
            "start": f"{row['cut_points']['start_time']:.3f} s",
        }
        for row in rows
    ]
