"""The table of clips as researchers get it: one row for each clip, with all that follows from it.

`clips_with_cut_points` is the view inside: what decisions need, and cheap to ask. What takes exact times, timecodes and
files with scores is worked out here, for the clips of one question at once. The columns are described in docs/data.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.tables import Table
from heaters.domain.timing import timecodes
from heaters.stages.cut_scores import cut_scores_of
from heaters.stages.stage import Row, StoreOf

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from heaters.catalog.transports import Catalog

VERSION: Final = 1
"""Of the columns of all tables in docs/data.md; grows when one changes its meaning or goes."""

_CLIPS: Final = """
SELECT c.id, concat(c.source_video_id, '.', c.clip_no) AS ref, v.title, c.source_video_id, c.clip_no, c.state,
  c.start_frame, c.end_frame, c.end_frame - c.start_frame AS frames, c.label, c.tags, c.note, c.group_id, c.reviewer,
  c.decided_at, c.origin, split_part(c.detector, ' {{', 1) AS detector,
  CASE WHEN contains(c.detector, ' {{') THEN '{{' || split_part(c.detector, ' {{', 2)
    WHEN c.detector = v.detector THEN v.detector_params END AS detector_params,
  c.is_virtual, c.clip_filepath, a.bytes, a.sha256, c.version
FROM (SELECT * FROM clips WHERE {where}) c JOIN source_videos v ON v.id = c.source_video_id
LEFT JOIN clip_artifacts a ON a.clip_id = c.id AND a.kind = 'final_clip' AND a.state = 'live' AND a.uri = c.clip_filepath
ORDER BY c.source_video_id, c.start_frame, c.id
"""
_FACTS: Final = (
    "SELECT id, original_filepath, original_bytes, sha256, n_frames, fps_num, fps_den, time_base, start_pts, end_pts, duration, "
    "constant_rate, scores_filepath, store, detector, detector_params FROM source_videos WHERE id IN ({ids})"
)
_PTS: Final = "SELECT source_video_id, pts FROM frame_pts WHERE source_video_id IN ({ids})"
_NUMBERS: Final = ("start_seconds", "end_seconds", "duration", "start_score", "end_score")
_TYPES: Final = {"start_pts": "int64", "end_pts": "int64", **dict.fromkeys(_NUMBERS, "float64")}


def clip_table(catalog: Catalog, store_of: StoreOf, where: str, parameters: Sequence[Any] = ()) -> Table:
    """Clips that meet a condition on the table `clips`, by source and start frame."""
    import numpy as np  # noqa: PLC0415 - only where tables are made
    import pyarrow as pa  # noqa: PLC0415

    data = catalog.query(_CLIPS.format(where=where), parameters).arrow()
    owners = np.asarray(data.column("source_video_id"), np.int64)
    ids, first = np.unique(owners, return_index=True)
    facts, exact = _sources(catalog, ids.tolist())
    added: dict[str, list[Any]] = {
        name: [] for name in (*_TYPES, "start_timecode", "end_timecode", "time_base")
    }
    for source_id, begin, end in zip(ids.tolist(), first, [*first, len(owners)][1:], strict=True):
        frames = [np.asarray(data.column(name)[begin:end], np.int64) for name in ("start_frame", "end_frame")]
        for name, values in _columns(store_of, facts[source_id], exact.get(source_id), *frames).items():
            added[name] += values
    for name, values in added.items():
        data = data.append_column(name, pa.array(values, pa.type_for_alias(_TYPES.get(name, "string"))))
    data = data.append_column("cut_points", _cut_points(data))
    return Table(
        _with_files(data, store_of, facts).replace_schema_metadata({"heaters.version": str(VERSION)})
    )


def _sources(catalog: Catalog, ids: Sequence[int]) -> tuple[dict[int, Row], dict[int, npt.NDArray[np.int64]]]:
    """Facts of some sources, and the exact times of those whose pictures are not evenly spaced."""
    import numpy as np  # noqa: PLC0415

    named = ", ".join(map(str, ids)) or "NULL"
    facts: dict[int, Row] = {row["id"]: row for row in catalog.rows(_FACTS.format(ids=named))}
    if all(row["constant_rate"] for row in facts.values()):
        return facts, {}
    found = catalog.query(_PTS.format(ids=named)).arrow()
    lists = found.column("pts")
    return facts, {
        source_id: np.asarray(lists[place].values, np.int64)
        for place, source_id in enumerate(found.column("source_video_id").to_pylist())
    }


def _columns(
    store_of: StoreOf, source: Row, exact: npt.NDArray[np.int64] | None, start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> dict[str, list[Any]]:  # fmt: skip
    """What follows from the cut points of the clips of one source."""
    columns: dict[str, list[Any]] = {"time_base": [source["time_base"]] * len(start)}
    scores = cut_scores_of(store_of(source), source)
    for side, frames in (("start", start), ("end", end)):
        pts, seconds = cut_times(source, exact, frames)
        columns[f"{side}_pts"], columns[f"{side}_seconds"] = pts, seconds
        columns[f"{side}_timecode"] = _timecodes(source, frames)
        columns[f"{side}_score"] = [
            round(float(scores[frame]), 3) if scores is not None and 0 < frame < len(scores) else None
            for frame in frames.tolist()
        ]
    columns["duration"] = [
        None if b is None or a is None else b - a
        for a, b in zip(columns["start_seconds"], columns["end_seconds"], strict=True)
    ]
    return columns


def cut_times(
    source: Row, exact: npt.NDArray[np.int64] | None, frames: npt.NDArray[np.int64]
) -> tuple[list[int | None], list[float | None]]:
    """Pts in the source's own clock, and seconds from its first picture, of frames; `n_frames` is the end.

    Args:
        source: its row.
        exact: pts of all its pictures, where they are not evenly spaced.
        frames: to tell of.
    """
    import numpy as np  # noqa: PLC0415

    if not source["fps_num"]:
        return [None] * len(frames), [None] * len(frames)
    start, rate = source["start_pts"], Fraction(source["fps_num"], source["fps_den"])
    unit = Fraction(source["time_base"] or "1/1")
    step = 1 / (rate * unit)
    at_end = frames == source["n_frames"]
    if exact is None:
        seconds = (frames * source["fps_den"] / source["fps_num"]).tolist()
        pts = (frames * step.numerator // step.denominator + (start or 0)).tolist()
    else:
        pts = np.where(at_end, source["end_pts"] or 0, exact[np.minimum(frames, len(exact) - 1)])
        seconds = np.where(
            at_end, source["duration"], (pts - start) * unit.numerator / unit.denominator
        ).tolist()
        pts = pts.tolist()
    known = source["time_base"] is not None and start is not None
    return (pts if known else [None] * len(frames)), seconds


def _timecodes(source: Row, frames: npt.NDArray[np.int64]) -> list[Any]:
    if not source["fps_num"]:
        return [None] * len(frames)
    return timecodes(frames.tolist(), Fraction(source["fps_num"], source["fps_den"]))


def _cut_points(data: pa.Table) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    parts = {
        "start_frame": "start_frame", "end_frame": "end_frame", "start_time": "start_seconds", "end_time": "end_seconds",
    }  # fmt: skip
    columns = [data.column(name).combine_chunks() for name in parts.values()]
    return pa.StructArray.from_arrays(columns, list(parts))


def _with_files(data: pa.Table, store_of: StoreOf, facts: dict[int, Row]) -> pa.Table:
    """The file of each physical clip: where it is, and its length and hash, also where it is the original itself."""
    import pyarrow as pa  # noqa: PLC0415

    keys, sizes, hashes = (data.column(name).to_pylist() for name in ("clip_filepath", "bytes", "sha256"))
    owners = [facts[source_id] for source_id in data.column("source_video_id").to_pylist()]
    for place, (key, source) in enumerate(zip(keys, owners, strict=True)):
        if key is not None and hashes[place] is None and key == source["original_filepath"]:
            sizes[place], hashes[place] = source["original_bytes"], source["sha256"]
    paths = [
        None if key is None else store_of(source).uri(key) for key, source in zip(keys, owners, strict=True)
    ]
    named = (("path", paths, pa.string()), ("bytes", sizes, pa.int64()), ("sha256", hashes, pa.string()))
    for name, values, kind in named:
        column = pa.array(values, kind)
        if name in data.column_names:
            data = data.set_column(data.column_names.index(name), name, column)
        else:
            data = data.append_column(name, column)
    return data
