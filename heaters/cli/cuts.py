"""Verbs on cut lists: `heaters cuts export` and `heaters cuts import`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from heaters.cli import output
from heaters.cli.output import JsonOption, ReviewerOption, WorkspaceOption
from heaters.domain.states import CLIP_STATES
from heaters.errors import UsageError
from heaters.workspace import open_workspace

SourceArgument = Annotated[int, typer.Argument(metavar="SOURCE_ID", help="Source.")]
FileArgument = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="Its suffix says what it is: .csv, .json, .parquet, .edl or .otio."),
]
StartOption = Annotated[
    str | None,
    typer.Option(metavar="TC", help="Timecode of the source's first frame, where lists have timecode."),
]
_SHOWN = 20


def export(
    source_id: SourceArgument,
    file: FileArgument,
    state: Annotated[str | None, typer.Option(metavar="S", help="Only clips in this state.")] = None,
    start: StartOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Write the clips of a source to a file that other programs read."""
    if state is not None and state not in CLIP_STATES:
        raise UsageError(f"there is no state {state!r}; there are {', '.join(CLIP_STATES)}")
    answer = open_workspace(workspace).export_cuts(source_id, file, state=state, start=start)
    if json:
        output.show_json(answer)
        return
    print(f"{answer['clips']} clips written to {answer['file']}")
    _say_notes(answer["notes"])
    output.hint(f"heaters cuts import {source_id} {file}")


def import_(
    source_id: SourceArgument,
    file: FileArgument,
    apply: Annotated[bool, typer.Option(help="Lay the cuts where no human has touched the clips.")] = False,  # noqa: FBT002
    start: StartOption = None,
    reviewer: ReviewerOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Compare a cut list with the cuts that stand, and lay its cuts if asked to."""
    answer = open_workspace(workspace).import_cuts(
        source_id, file, apply=apply, reviewer=reviewer, start=start
    )
    if json:
        output.show_json(answer)
        return
    print(f"{len(answer['cuts'])} cuts in {file}; labels and decisions in it are not taken")
    moved = [f"{one['from']}{one['by']:+d}" for one in answer["moved"]]
    for name, shown in (
        ("kept", answer["kept"]),
        ("moved", moved),
        ("added", answer["added"]),
        ("removed", answer["removed"]),
    ):
        print(f"  {name:9} {len(shown):4}  {_shortened(shown)}")
    _say_conflicts(answer["conflicts"])
    _say_notes(answer["notes"])
    changes = any(answer[name] for name in ("moved", "added", "removed"))
    following = f"heaters clips --source {source_id}"
    output.hint(following if apply or not changes else f"the same with --apply; then {following}")


def _say_conflicts(conflicts: Sequence[Mapping[str, Any]]) -> None:
    print(f"  {'conflicts':9} {len(conflicts):4}")
    for one in conflicts[:_SHOWN]:
        print(f"    not {one['what']}: frame {one['frame']}, because of clip {one['ref']}: {one['reason']}")


def _say_notes(notes: Sequence[str]) -> None:
    for note in notes[:_SHOWN]:
        print(f"note: {note}")


def _shortened(shown: Sequence[object]) -> str:
    return ", ".join(map(str, shown[:_SHOWN])) + (" …" if len(shown) > _SHOWN else "")
