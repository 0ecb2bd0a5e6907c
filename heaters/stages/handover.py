"""Handing exported clips over: copies with names for people in a folder of their own, and an index of them."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from heaters.errors import StoreUnavailable
from heaters.stages.export import is_of
from heaters.stages.stage import Row
from heaters.storage import Store, open_store

TEMPLATE: Final = "{source_id:03d}_{title}_{clip_no:03d}.{extension}"
"""Name of a copy; the numbers make it unique, whatever the titles are."""
EXPORTED: Final = """
SELECT c.*, a.uri, a.bytes, a.sha256 FROM clips_with_cut_points c JOIN clip_artifacts a ON a.clip_id = c.id
WHERE c.state = 'exported' AND a.kind = 'final_clip' AND a.state = 'live' ORDER BY c.source_video_id, c.start_frame
"""
"""Exported clips and their files, in the order of the footage."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_TITLE: Final = 80
_COPY: Final = re.compile(r"\d{3,}_.*_\d{3,}\.\w+")
INDEX: Final = "index.csv"


def chosen(rows: Sequence[Row], source_ids: Sequence[int] | None, preset: str) -> list[Row]:
    """Those of the rows of `EXPORTED` that were made with this preset, of these sources; None for all."""
    own = (row for row in rows if source_ids is None or row["source_video_id"] in source_ids)
    return [row for row in own if is_of(row["uri"], preset)]


def hand_over(store: Store, rows: Sequence[Row], folder: Path) -> list[Path]:
    """Copy files into a folder, then write `index.parquet` and `index.csv` beside them.

    Args:
        store: where the files lie.
        rows: exported clips with `uri`, `bytes` and `sha256` of their files.
        folder: made if it is not there; files of the same names are replaced.

    Raises:
        StoreUnavailable: the folder can't be written; what was copied so far stays.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = open_store(str(folder))
        target.remove_dead_parts()
        for row in rows:
            with target.part(copy_name(row)) as part:
                shutil.copyfile(store.local_path(row["uri"]), part.path)
                part.publish()
        _write_index([_entry(row) for row in rows], target)
    except OSError as error:
        raise StoreUnavailable(
            f"the clips can't be copied to {folder}: {error.strerror or error}", path=str(folder)
        ) from error
    return [folder / copy_name(row) for row in rows]


def is_copy(file: Path) -> bool:
    """Tell whether a file was handed over: it has the name of a copy, and beside it lies an index of copies."""
    if not _COPY.fullmatch(file.name):
        return False
    try:
        with (file.parent / INDEX).open(encoding="utf-8") as index:
            return index.readline().startswith("file,ref,clip_id,")
    except (OSError, UnicodeDecodeError):
        return False


def copy_name(row: Row) -> str:
    """What the copy of an exported clip is called."""
    title = re.sub(r"[^\w.() -]+", "_", row["title"]).strip(" .")[:_LONGEST_TITLE] or "untitled"
    return TEMPLATE.format(
        source_id=row["source_video_id"],
        title=title,
        clip_no=row["clip_no"],
        extension=row["uri"].rpartition(".")[2],
    )


def _entry(row: Row) -> dict[str, Any]:
    points = row["cut_points"]
    return {
        "file": copy_name(row), "ref": f"{row['source_video_id']}.{row['clip_no']}", "clip_id": row["id"],
        "source_video_id": row["source_video_id"], "title": row["title"], "start_frame": row["start_frame"],
        "end_frame": row["end_frame"], "start_time": float(points["start_time"]), "end_time": float(points["end_time"]),
        "label": row["label"], "tags": list(row["tags"]), "note": row["note"], "reviewer": row["reviewer"],
        "bytes": row["bytes"], "sha256": row["sha256"],
    }  # fmt: skip


def _write_index(entries: Sequence[Mapping[str, Any]], target: Store) -> None:
    """Write both indexes, or remove those of an earlier time where there is nothing to tell."""
    from heaters.catalog import parquet  # noqa: PLC0415 - only where an index is written

    if not entries:
        for name in (INDEX, "index.parquet"):
            target.delete(name)
        return
    with target.part("index.parquet") as part, target.part(INDEX) as table:
        parquet.write_rows(part.path, entries)
        with table.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(entries[0])
            writer.writerows([_harmless(value) for value in entry.values()] for entry in entries)
        part.publish()
        table.publish()


def _harmless(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula."""
    text = ", ".join(value) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
