"""Handing exported clips over: copies with names for people in a folder of their own, and an index of them."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from heaters.domain import name_template
from heaters.domain.timing import timecode
from heaters.errors import StoreUnavailable, UsageError
from heaters.stages.export import ORIGINAL, is_of
from heaters.stages.spreadsheets import as_it_was, write_csv
from heaters.stages.stage import Row, StoreOf
from heaters.storage import Store, open_store

TEMPLATE: Final = "{source_id:03d}_{title}_{clip_no:03d}.{extension}"
"""Name of a copy; the numbers make it unique, whatever the titles are."""
EXPORTED: Final = """
SELECT c.*, a.uri, a.bytes, a.sha256, v.fps_num, v.fps_den, v.store FROM clips_with_cut_points c
JOIN clip_artifacts a ON a.clip_id = c.id JOIN source_videos v ON v.id = c.source_video_id
WHERE c.state = 'exported' AND a.kind = 'final_clip' AND a.state = 'live' ORDER BY c.source_video_id, c.start_frame
"""
"""Exported clips and their files, in the order of the footage."""
_COPY: Final = re.compile(r"\d{3,}_.*_\d{3,}\.\w+")
_DEEPEST: Final = 6
"""Folders above a file in which an index may list it."""
INDEX: Final = "index.csv"


def chosen(
    rows: Sequence[Row], source_ids: Sequence[int] | None, preset: str | None, usual: str
) -> list[Row]:
    """Those of the rows of `EXPORTED` that are to be handed over.

    Args:
        source_ids: only clips of these; None for all.
        preset: only files that were made with this one; None for the `usual` one and originals that are clips.
        usual: the workspace's preset.
    """
    own = (row for row in rows if source_ids is None or row["source_video_id"] in source_ids)
    presets = (preset,) if preset else (usual, ORIGINAL)
    return [row for row in own if any(is_of(row["uri"], one) for one in presets)]


def hand_over(
    store_of: StoreOf, rows: Sequence[Row], folder: Path, template: str | None = None, preset: str = "h264"
) -> list[Path]:
    """Copy files into a folder, then write `index.parquet` and `index.csv` beside them.

    Args:
        store_of: gives the store of each of the rows.
        rows: exported clips with `uri`, `bytes` and `sha256` of their files.
        folder: made if it is not there; copies of an earlier time are replaced.
        template: name of a copy, see `heaters.domain.name_template`; default: `TEMPLATE`.
        preset: that the files were made with.

    Raises:
        UsageError: the template is wrong, two clips would get one name, or one would take the place of a file that was
            never handed over; nothing is copied then.
        StoreUnavailable: the folder can't be written; what was copied so far stays.
    """
    names = copy_names(rows, template, preset)
    try:
        _refuse_strangers(folder, names)
        folder.mkdir(parents=True, exist_ok=True)
        target = open_store(str(folder))
        for place in {(folder / name).parent for name in names} | {folder}:
            open_store(str(place)).remove_dead_parts()
        for row, name in zip(rows, names, strict=True):
            with target.part(name) as part:
                shutil.copyfile(store_of(row).local_path(row["uri"]), part.path)
                part.publish()
        _write_index([_entry(row, name) for row, name in zip(rows, names, strict=True)], target)
    except OSError as error:
        raise StoreUnavailable(
            f"the clips can't be copied to {folder}: {error.strerror or error}", path=str(folder)
        ) from error
    return [folder / name for name in names]


def is_copy(file: Path) -> bool:
    """Tell whether a file was handed over: an index of copies lists it, or lies beside it and knows such names."""
    if _COPY.fullmatch(file.name) and _listed(file.parent) is not None:
        return True
    above = list(file.parents)[:_DEEPEST]
    return any(file.relative_to(folder).as_posix() in (_listed(folder) or ()) for folder in above)


def copy_names(rows: Sequence[Row], template: str | None, preset: str) -> list[str]:
    """What the copies of exported clips are called, below the folder.

    Raises:
        UsageError: the template is wrong, or two clips would get one name; file systems may take small and capital
            letters for the same.
    """
    checked = name_template.check(template or TEMPLATE)
    names = [name_template.fill(checked, _fields(row, preset)) for row in rows]
    taken: dict[str, Row] = {}
    for row, name in zip(rows, names, strict=True):
        other = taken.setdefault(name.casefold(), row)
        if other is not row:
            raise UsageError(
                f"clips {_ref(other)} and {_ref(row)} would both be called {name}: let the name tell them apart, by {{ref}} say"
            )
    return names


def _refuse_strangers(folder: Path, names: Sequence[str]) -> None:
    """Replace copies of an earlier time, and nothing else."""
    for name in names:
        file = folder / name
        if file.exists() and not (is_copy(file) or _COPY.fullmatch(name)):
            raise UsageError(
                f"{file} is there already and was not handed over by heaters: choose another folder or name",
                path=str(file),
            )


def _listed(folder: Path) -> frozenset[str] | None:
    """The files that an index of copies in this folder names; None where there is none."""
    index = folder / INDEX
    try:
        return _read_listed(index, index.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


@lru_cache(maxsize=64)
def _read_listed(index: Path, _: int) -> frozenset[str] | None:
    with index.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        known = next(rows, [])[:3] == ["file", "ref", "clip_id"]
        return frozenset(as_it_was(row[0]) for row in rows if row) if known else None


def _ref(row: Row) -> str:
    return f"{row['source_video_id']}.{row['clip_no']}"


def _timecodes(row: Row) -> dict[str, str | None]:
    if not row["fps_num"]:
        return {"start_timecode": None, "end_timecode": None}
    rate = Fraction(row["fps_num"], row["fps_den"])
    return {f"{side}_timecode": timecode(row[f"{side}_frame"], rate) for side in ("start", "end")}


def _fields(row: Row, preset: str) -> dict[str, Any]:
    """Values for a template."""
    return {
        **row, **_timecodes(row), "source_id": row["source_video_id"], "clip_id": row["id"], "ref": _ref(row), "preset": preset,
        "frames": row["end_frame"] - row["start_frame"], "extension": row["uri"].rpartition(".")[2],
    }  # fmt: skip


def _entry(row: Row, name: str) -> dict[str, Any]:
    points = row["cut_points"]
    return {
        "file": name, "ref": _ref(row), "clip_id": row["id"],
        "source_video_id": row["source_video_id"], "title": row["title"], "start_frame": row["start_frame"],
        "end_frame": row["end_frame"], "start_time": float(points["start_time"]), "end_time": float(points["end_time"]),
        "label": row["label"], "tags": list(row["tags"]), "note": row["note"], "reviewer": row["reviewer"],
        "bytes": row["bytes"], "sha256": row["sha256"], **_timecodes(row), "group_id": row["group_id"],
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
        write_csv(table.path, list(entries[0]), entries)
        part.publish()
        table.publish()
