"""How answers look: one JSON document for programs, aligned columns and a hint for people."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from heaters.errors import UsageError
from heaters.execution.loop import Watcher
from heaters.execution.progress import Bars, Lines

WorkspaceOption = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="The workspace; default: HEATERS_WORKSPACE, else a parent folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
ReviewerOption = Annotated[
    str | None, typer.Option("--reviewer", metavar="R", help="Who decides; default: the setting `reviewer`.")
]
_WIDEST: Final = 48


def show_json(value: Any) -> None:
    """Print the one document."""
    print(json.dumps(value, default=_plain, ensure_ascii=False))


def show_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Print rows: all columns as JSON, or the named ones for people; only the last of them may be long."""
    if as_json:
        show_json(list(rows))
    elif not rows:
        print(empty)
    else:
        print(columns_of(rows, columns))


def columns_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as aligned text."""
    last = len(columns) - 1
    cells = [
        [_cell(row.get(name), None if i == last else _WIDEST) for i, name in enumerate(columns)]
        for row in rows
    ]
    lines = [columns, *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def hint(text: str, *, as_json: bool = False) -> None:
    """Say what to do next."""
    if not as_json:
        print(f"\nnext: {text}")


def show_error(error: Mapping[str, str], *, as_json: bool) -> None:
    """Say what went wrong: as data where data was asked for, else on stderr."""
    if as_json:
        show_json({"error": error})
    else:
        print(f"error: {error['message']}", file=sys.stderr)


def watcher(*, as_json: bool = False) -> Watcher:
    """Bars in a terminal, lines elsewhere; stdout stays free for the one JSON document."""
    if sys.stderr.isatty() and not as_json:
        return Bars()
    return Lines(sys.stderr if as_json else sys.stdout)


def keep_traceback(error: Exception) -> str:
    """Write the traceback of an error to a file of its own; returns the path."""
    import tempfile  # noqa: PLC0415 - rarely
    import traceback  # noqa: PLC0415

    descriptor, path = tempfile.mkstemp(prefix="heaters-error-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return path


def close_quietly() -> None:
    """Drop what nobody reads any more, so that the interpreter does not try to write it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def source_number(ref: str) -> int:
    """A source id from text.

    Raises:
        UsageError: it is no number.
    """
    if not ref.isdigit():
        raise UsageError(f"{ref!r} is neither a source id nor a clip ref like 12.47")
    return int(ref)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def _cell(value: Any, widest: int | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if widest is None or len(text) <= widest else text[: widest - 1] + "…"
