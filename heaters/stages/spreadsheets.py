"""CSV for people and their spreadsheets: whatever a cell holds, no program takes it for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows; lists become text with commas, times ISO 8601, what is not there an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([harmless(row[name]) for name in columns] for row in rows)


def harmless(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: such texts get an apostrophe in front."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else value
    if isinstance(text, datetime):
        return text.isoformat()
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def as_it_was(text: str) -> str:
    """The text of a cell before `harmless` marked it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def read_cells(text: str) -> list[list[str]]:
    """The cells of a CSV, whatever of comma, semicolon and tab parts them; empty lines are left out."""
    first = text.removeprefix("\ufeff").lstrip().partition("\n")[0]
    mark = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=mark)
    return [row for row in rows if any(cell.strip() for cell in row)]
