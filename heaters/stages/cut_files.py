"""Cut lists as files, by their suffix: .csv, .json, .parquet, .edl (CMX 3600) and .otio (OpenTimelineIO).

`heaters.stages.cut_readers` reads them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from heaters.catalog.tables import Table
from heaters.domain import edl
from heaters.domain.cut_list import SourceClock
from heaters.domain.timing import frame_of_timecode
from heaters.errors import StoreUnavailable, UsageError
from heaters.stages.clip_table import VERSION
from heaters.stages.cut_timelines import write_timeline
from heaters.stages.spreadsheets import write_csv
from heaters.stages.stage import Row
from heaters.storage import Store, open_store

if TYPE_CHECKING:
    from heaters.catalog.transports import Catalog

SUFFIXES: Final = (".csv", ".json", ".parquet", ".edl", ".otio")
UNEVEN: Final = "pictures of source {} are not evenly spaced (variable frame rate)"


class CutFile(NamedTuple):
    """A file with a cut list, and what it is about.

    Attributes:
        source: row of the source.
        media: address of the original, for programs that look for it.
        start: number of frames that the timecode of the source's first frame stands for.
    """

    path: Path
    source: Row
    media: str
    clock: SourceClock
    start: int


def cut_file(catalog: Catalog, store: Store, source: Row, path: str | Path, start: str | None) -> CutFile:
    """Look at the name of a file, and gather what the times in it mean.

    Args:
        start: timecode of the source's first frame; None for `00:00:00:00`.

    Raises:
        UsageError: an unknown suffix, a source without frames, or a timecode that can't be at its rate.
    """
    file = Path(path).expanduser()
    if file.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"{file} has no suffix of a cut list: it takes {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}",
            path=str(file),
        )
    if source["n_frames"] is None:
        raise UsageError(
            f"source {source['id']} is {source['ingest_state']}: `heaters run` first, then its cuts"
        )
    rate = Fraction(source["fps_num"], source["fps_den"])
    found = (
        catalog.rows("SELECT pts FROM frame_pts WHERE source_video_id = ?", [source["id"]])
        if not source["constant_rate"]
        else []
    )
    pts = [int(one) - source["start_pts"] for one in (*found[0]["pts"], source["end_pts"])] if found else None
    clock = SourceClock(source["n_frames"], rate, Fraction(source["time_base"]), pts)
    media = store.uri(source["original_filepath"] or source["title"])
    return CutFile(file, source, media, clock, frame_of_timecode(start, rate) if start else 0)


def refuse_uneven(file: CutFile) -> None:
    """Refuse timecode where it can't count."""
    if file.clock.pts is not None:
        raise UsageError(
            f"{UNEVEN.format(file.source['id'])}, and the timecode of an EDL counts even ones: take .otio, .csv, .json or .parquet"
        )


def write_cuts(file: CutFile, table: Table) -> list[str]:
    """Write the clips of a source.

    Args:
        table: of `heaters.stages.clip_table`.

    Returns:
        What a reader of the file has to know, in words.

    Raises:
        UsageError: the format can't hold it.
        StoreUnavailable: the file can't be written.
    """
    write, notes = _WRITERS[file.path.suffix.lower()](file, table)
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with open_store(str(file.path.parent.absolute())).part(file.path.name) as part:
            write(part.path)
            part.publish()
    except OSError as error:
        raise StoreUnavailable(
            f"{file.path} can't be written: {error.strerror or error}", path=str(file.path)
        ) from error
    return notes


Written = tuple[Callable[[Path], None], list[str]]


def _to_csv(_: CutFile, table: Table) -> Written:
    columns = [name for name in table.columns if name != "cut_points"]
    return lambda path: write_csv(path, columns, table.rows()), []


def _to_json(file: CutFile, table: Table) -> Written:
    source = file.source
    facts = {name: source[name] for name in ("id", "title", "sha256", "n_frames", "time_base", "start_pts")}
    document = {"version": VERSION, "source": {**facts, "rate": str(file.clock.rate)}, "clips": table.rows()}
    text = json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n"
    return partial(_write_text, text), []


def _to_parquet(file: CutFile, table: Table) -> Written:
    from heaters.catalog.parquet import write_table  # noqa: PLC0415 - DuckDB only where it is used

    facts = {"heaters.version": str(VERSION), "heaters.source_sha256": file.source["sha256"] or ""}
    return lambda path: write_table(path, table.arrow(), facts), []


def _to_edl(file: CutFile, table: Table) -> Written:
    refuse_uneven(file)
    rows = table.rows()
    events = [edl.Event(row["start_frame"], row["end_frame"], _words(row)) for row in rows]
    text = edl.write(file.source["title"], Path(file.media).name, events, file.clock.rate, file.start)
    notes = [f"an EDL does not say its rate: read it at {file.clock.rate} frames a second"]
    if len(rows) > edl.MOST_EVENTS:
        notes.append(
            f"its standard ends at {edl.MOST_EVENTS} events and this one has {len(rows)}, which some programs refuse"
        )
    return partial(_write_text, text), notes


def _to_otio(file: CutFile, table: Table) -> Written:
    notes = [] if file.clock.pts is None else [
        f"{UNEVEN.format(file.source['id'])}: its times are exact, in units of {file.clock.time_base} s, and no frame numbers"]  # fmt: skip
    address, rows = Path(file.media).as_uri(), table.rows()
    return lambda path: write_timeline(path, file.source, address, rows, file.clock, file.start), notes


def _write_text(text: str, path: Path) -> None:
    path.write_text(text, "utf-8")


def _words(row: Mapping[str, Any]) -> tuple[str, ...]:
    words = [row["ref"], row["state"], row["label"], ", ".join(row["tags"]), row["note"]]
    return (" - ".join(word for word in words if word),)


_WRITERS: Final[Mapping[str, Callable[[CutFile, Table], Written]]] = {
    ".csv": _to_csv, ".json": _to_json, ".parquet": _to_parquet, ".edl": _to_edl, ".otio": _to_otio,
}  # fmt: skip
