"""Cut lists from files, as `heaters.stages.cut_files` writes them, and as other programs do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from heaters.domain import edl
from heaters.domain.cut_list import Entry
from heaters.errors import UsageError
from heaters.stages.cut_files import UNEVEN, CutFile, refuse_uneven
from heaters.stages.cut_timelines import read_timeline
from heaters.stages.spreadsheets import read_cells

Read = tuple[list[Entry], list[str]]


def read_cuts(file: CutFile) -> tuple[list[Entry], list[str]]:
    """The pieces that a list names, and what was assumed, in words.

    Raises:
        UsageError: the file is not there, or is no such list; the message says what is wrong with it.
    """
    try:
        return _READERS[file.path.suffix.lower()](file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file.path} can't be read: {getattr(error, 'strerror', None) or error}", path=str(file.path)
        ) from error
    except UsageError as error:
        named = str(file.path) in error.message
        raise error if named else UsageError(f"{file.path}: {error.message}", **error.facts) from error


def _from_csv(file: CutFile) -> Read:
    cells = read_cells(file.path.read_text("utf-8-sig"))
    heads = [place for place, row in enumerate(cells[:3]) if "Start Frame" in row]
    if heads:
        return _from_scene_list(file, cells[heads[0] :])
    header, *rows = cells or [[]]
    return _named([dict(zip(header, row, strict=False)) for row in rows], "line", 2), []


def _from_scene_list(file: CutFile, cells: Sequence[Sequence[str]]) -> Read:
    """PySceneDetect counts frames from 1, and names the last one that is in a scene."""
    header, *rows = cells
    scenes = [dict(zip(header, row, strict=False)) for row in rows]
    try:
        if file.clock.pts is None:
            return [
                Entry(int(one["Start Frame"]) - 1, int(one["End Frame"]), f"scene {place}")
                for place, one in enumerate(scenes, 1)
            ], []
        times = [[Fraction(one[f"{side} Time (seconds)"]) for side in ("Start", "End")] for one in scenes]
    except (KeyError, ValueError) as error:
        raise UsageError(f"it is no scene list of PySceneDetect: {error}") from error
    entries = [
        Entry(file.clock.frame_at(begin), file.clock.frame_at(end), f"scene {place}")
        for place, (begin, end) in enumerate(times, 1)
    ]
    return entries, [
        f"{UNEVEN.format(file.source['id'])}: scenes are taken by their times, to the nearest picture"
    ]


def _from_json(file: CutFile) -> Read:
    try:
        document = json.loads(file.path.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"it is no JSON: {error}") from error
    rows = document.get("clips") if isinstance(document, dict) else document
    told = document.get("source") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError("it holds no list of clips")
    return _named(rows, "clip", 1), _of_others(file, told.get("sha256") if isinstance(told, dict) else None)


def _from_parquet(file: CutFile) -> Read:
    from heaters.catalog.parquet import read_table  # noqa: PLC0415 - DuckDB only where it is used

    rows, facts = read_table(file.path)
    return _named(rows, "row", 1), _of_others(file, facts.get("heaters.source_sha256"))


def _from_edl(file: CutFile) -> Read:
    refuse_uneven(file)
    entries = edl.read(file.path.read_text("utf-8-sig", errors="replace"), file.clock.rate, file.start)
    return _own(file, entries)


def _from_otio(file: CutFile) -> Read:
    return _own(file, read_timeline(file.path, file.clock, file.start))


def _own(file: CutFile, entries: Sequence[Entry]) -> Read:
    """Of a list that names several files, the pieces of this source, if any bears its name."""
    names = {
        Path(file.media).stem.casefold(),
        str(file.source["title"]).casefold(),
        Path(file.source["origin_url"] or "").stem.casefold(),
    }
    own = [one for one in entries if one.name and Path(one.name).stem.casefold() in names]
    if not own or len(own) == len(entries):
        return list(entries), []
    return own, [f"{len(entries) - len(own)} of {len(entries)} pieces are of other files: left out"]


def _of_others(file: CutFile, sha256: object) -> list[str]:
    return (
        ["the list was made of another file than this source"]
        if sha256 and sha256 != file.source["sha256"]
        else []
    )


def _named(rows: Sequence[Mapping[str, Any]], what: str, first: int) -> list[Entry]:
    """Entries of rows with our own column names; superseded clips are none."""
    columns = set().union(*rows)
    if "start_frame" not in columns:
        raise UsageError(
            "it needs a column start_frame (and may have end_frame), or those of PySceneDetect; it has "
            f"{', '.join(map(str, columns)) or 'none'}"
        )
    return [
        Entry(_whole(row["start_frame"], place), _end(row.get("end_frame"), place), place)
        for place, row in ((f"{what} {number}", row) for number, row in enumerate(rows, first))
        if row.get("state") != "superseded"
    ]


def _end(value: Any, place: str) -> int | None:
    return None if value in (None, "") else _whole(value, place)


def _whole(value: Any, place: str) -> int:
    try:
        number = Fraction(str(value))
    except ValueError:
        number = Fraction(1, 2)
    if number.denominator != 1:
        raise UsageError(f"{place} has {value!r} for a frame: frames are whole numbers, counted from 0")
    return int(number)


_READERS: Final[Mapping[str, Callable[[CutFile], Read]]] = {
    ".csv": _from_csv, ".json": _from_json, ".parquet": _from_parquet, ".edl": _from_edl, ".otio": _from_otio,
}  # fmt: skip
