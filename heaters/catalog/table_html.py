"""Rows as short HTML for notebooks: escaped, and without the folders that lie on somebody's machine.

What is shown is saved with the notebook, and notebooks are sent around.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

COLUMNS_SHOWN: Final = 12
"""Columns of a table that a cell shows; the others are named or counted below it."""
_LONGEST: Final = 60
_LEFT: Final = ' style="text-align: left"'


def table_html(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], count: int, pictures: Sequence[str] = ()
) -> str:
    """The first rows and columns of a table, and how much more there is.

    Args:
        columns: all of them.
        rows: those that are shown, with values for all columns.
        count: rows of the whole table.
        pictures: an `<img>` for each of `rows`.
    """
    shown = columns[:COLUMNS_SHOWN]
    names = [*([""] if pictures else []), *map(escape, shown)]
    head = "".join(f"<th{_LEFT}>{name}</th>" for name in names)
    body = "".join(
        f"<tr>{f'<td>{pictures[number]}</td>' if pictures else ''}"
        f"{''.join(f'<td{_LEFT}>{escape(in_words(value))}</td>' for value in row[:COLUMNS_SHOWN])}</tr>"
        for number, row in enumerate(rows)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div style="overflow-x: auto">{table}</div>{_more(len(rows), count, len(shown), len(columns))}'


def facts_html(facts: Mapping[str, Any], picture: str = "") -> str:
    """One row, a line for each value that there is, beside its picture."""
    lines = "".join(
        f"<tr><th{_LEFT}>{escape(name)}</th><td{_LEFT}>{escape(in_words(value))}</td></tr>"
        for name, value in facts.items()
        if value not in (None, [])
    )
    return f'<div style="display: flex; gap: 16px; flex-wrap: wrap"><div>{picture}</div><table>{lines}</table></div>'


def in_words(value: object) -> str:
    """A value for people: numbers short, times to the second, of paths the last part, of long texts the beginning."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {in_words(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(in_words, value[:COLUMNS_SHOWN])) + (" …" if len(value) > COLUMNS_SHOWN else "")
    text = f"{len(value)} bytes" if isinstance(value, bytes) else "" if value is None else str(value)
    if text.startswith("/") and text.count("/") > 1:
        text = f"…/{text.rsplit('/', 1)[1]}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _more(rows: int, all_rows: int, columns: int, all_columns: int) -> str:
    if rows == all_rows and columns == all_columns:
        return ""
    parts = [f"{rows} of {all_rows} rows"] if rows < all_rows else []
    parts += [f"{columns} of {all_columns} columns"] if columns < all_columns else []
    return f"<p>{', '.join(parts)} are shown; .df() has all</p>"
