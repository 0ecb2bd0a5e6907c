"""Labels, tags and notes from a table that somebody has made elsewhere: a data frame, a spreadsheet, a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from heaters.domain.states import FROZEN
from heaters.errors import UnknownReference, UsageError
from heaters.stages.spreadsheets import as_it_was

if TYPE_CHECKING:
    from heaters.catalog.transports import Catalog

Row = dict[str, Any]
WORDS: Final = ("label", "tags", "note")
_NAMES: Final = ("ref", "id", "clip_id")
_CLIPS: Final = """
SELECT id, concat(source_video_id, '.', clip_no) AS ref, state, version, label, tags, note FROM clips WHERE state <> 'superseded'
"""


def plan_labels(catalog: Catalog, table: Any) -> tuple[dict[int, Row], dict[int, int], Row]:
    """Compare words with those that clips have.

    Args:
        table: a data frame of pandas or polars, an Arrow table, or dicts; each row names a clip by `ref`, `id` or
            `clip_id`. A cell that is not there leaves the word as it is, an empty text takes it away.

    Returns:
        Clip id → the words that change; clip id → the version that was compared; and what would be done as JSON-able
        values: `changed`, `unchanged`, `refused`.

    Raises:
        UsageError: a column is missing or a clip is named twice, or by a number where its ref was meant.
        UnknownReference: there is no such clip.
    """
    rows = _rows(table)
    name = _refuse_columns(rows)
    clips = {one["ref"] if name == "ref" else one["id"]: one for one in catalog.rows(_CLIPS)}
    each, versions, changed, refused, seen = (
        dict[int, Row](),
        dict[int, int](),
        list[Row](),
        list[Row](),
        set[Any](),
    )
    for row in rows:
        key = _key(name, row[name])
        if key in seen:
            raise UsageError(f"clip {key} is there twice: each clip takes one row")
        seen.add(key)
        if key not in clips:
            raise UnknownReference(f"there is no live clip {key}; `heaters clips` lists them", ref=str(key))
        clip, words = clips[key], _words(row)
        different = {word: value for word, value in words.items() if value != (clip[word] or _EMPTY[word])}
        if different and clip["state"] in FROZEN:
            refused.append({"ref": clip["ref"], "reason": f"it is {clip['state']}: reset it first"})
        elif different:
            each[clip["id"]], versions[clip["id"]] = different, clip["version"]
            changed.append(
                {"ref": clip["ref"], "before": {word: clip[word] for word in different}, "after": different}
            )
    told = {
        "changed": changed,
        "unchanged": len(rows) - len(changed) - len(refused),
        "refused": refused,
        "applied": False,
    }
    return each, versions, told


_EMPTY: Final[Mapping[str, Any]] = {"label": "", "tags": [], "note": ""}


def _rows(table: Any) -> list[Row]:
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa  # noqa: PLC0415 - only where a table is given

        try:
            return list(pa.table(table).to_pylist())
        except pa.ArrowException as error:
            raise UsageError(f"the table can't be read: {error}") from error
    if isinstance(table, Iterable) and not isinstance(table, str | bytes | Mapping):
        rows = list(table)
        if all(isinstance(row, Mapping) for row in rows):
            return [dict(row) for row in rows]
    raise UsageError(
        f"labels come as a data frame, an Arrow table or a list of dicts, not {type(table).__name__}"
    )


def _refuse_columns(rows: Sequence[Mapping[str, Any]]) -> str:
    """The column that names clips."""
    columns = set().union(*rows) if rows else {"ref", "label"}
    name = next((one for one in _NAMES if one in columns), None)
    if name is None or not columns.intersection(WORDS):
        raise UsageError(
            f"the table needs a column ref (or id) and some of label, tags, note; it has {', '.join(map(str, sorted(columns, key=str)))}"
        )
    return name


def _key(name: str, value: Any) -> Any:
    """What a clip is called. A ref that became a number has lost the 0 at its end: 1.10 and 1.1 look the same."""
    if name == "ref" and isinstance(value, str):
        return value.strip()
    if name != "ref" and (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        return int(value)
    if name == "ref":
        raise UsageError(
            f"ref {value!r} is a {type(value).__name__}: refs are text (pandas: read_csv(..., dtype={{'ref': str}}))"
        )
    raise UsageError(f"{name} {value!r} is no clip id")


def _words(row: Mapping[str, Any]) -> Row:
    words: Row = {}
    for word in WORDS:
        value = row.get(word)
        if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - what NaN is
            continue
        if word == "tags":
            parts = value.split(",") if isinstance(value, str) else value
            words[word] = list(dict.fromkeys(part for one in parts if (part := str(one).strip())))
        elif isinstance(value, str):
            words[word] = as_it_was(value)
        else:
            raise UsageError(f"{word} {value!r} of a clip is no text")
    return words
