"""Shows in a catalog, made by the commands that the pipeline sends, and decisions on them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from heaters.catalog.direct import DirectCatalog
from heaters.catalog.engine import ALIAS, open_memory
from heaters.catalog.requests import (
    AddSource,
    Artifact,
    FinishExport,
    FinishStage,
    Redo,
    StartExport,
    StartStage,
    Undo,
)
from heaters.catalog.transports import Catalog
from heaters.domain.commands import Decision

AnyCatalog = DirectCatalog | Catalog
LIVE = "state <> 'superseded'"
PREPARED = {
    "gold_master_filepath": "gold_masters/x.mkv", "proxy_filepath": "review_proxies/x.mp4", "scores_filepath": "metadata/s.parquet",
    "frame_index_filepath": "metadata/f.parquet", "fps_num": 25, "fps_den": 1, "time_base": "1/12800", "start_pts": 512,
}  # fmt: skip


def new_catalog(folder: Path, **settings: Any) -> DirectCatalog:
    folder.mkdir(parents=True, exist_ok=True)
    catalog = DirectCatalog(folder, **settings)
    catalog.create()
    return catalog


def add_source(catalog: AnyCatalog, title: str = "show") -> int:
    """A source whose bytes nobody knows yet."""
    sha256 = uuid.uuid4().hex * 2
    added = catalog.execute(
        AddSource(
            sha256, title, "upload", f"/films/{title}.mp4", needs_splicing=True, allow_truncated=False,
            original_bytes=1000, probe={"fps": 25},
        )
    )  # fmt: skip
    return int(added["source"]["id"])


def run_stage(catalog: AnyCatalog, stage: str, source_id: int, **finish: Any) -> dict[str, Any]:
    """A stage that begins and ends well."""
    key = stage, source_id, "input", "params"
    catalog.execute(StartStage(*key))
    return catalog.execute(FinishStage(*key, **{"columns": {}, **finish}))


def add_show(
    catalog: AnyCatalog,
    *borders: int,
    title: str = "show",
    pts: Sequence[int] | None = None,
    end_pts: int = 0,
) -> int:
    """A source that is ready, with one clip between each two borders; evenly spaced unless it has `pts`."""
    source_id = add_source(catalog, title)
    run_stage(catalog, "ingest", source_id, columns={"original_filepath": f"originals/video_{source_id}.mp4"})
    n_frames = borders[-1]
    times = {"constant_rate": pts is None, "duration": n_frames / 25, "end_pts": 512 * (n_frames + 1)}
    if pts is not None:
        times |= {"duration": (end_pts - pts[0]) / 12800, "end_pts": end_pts}
    run_stage(catalog, "prepare", source_id, columns={**PREPARED, "n_frames": n_frames, **times}, pts=pts)
    run_stage(catalog, "detect", source_id, cuts=list(borders[1:-1]), detector="heaters")
    return source_id


def decide(
    catalog: AnyCatalog, action: str, *clip_ids: int, reviewer: str = "ana", **more: Any
) -> dict[str, Any]:
    op_id = more.pop("op_id", None) or str(uuid.uuid4())
    return catalog.execute(Decision(op_id, action, clip_ids, reviewer, **more))


def undo(catalog: AnyCatalog, reviewer: str = "ana", source_id: int | None = None) -> dict[str, Any]:
    return catalog.execute(Undo(str(uuid.uuid4()), reviewer, source_id))


def redo(catalog: AnyCatalog, reviewer: str = "ana", source_id: int | None = None) -> dict[str, Any]:
    return catalog.execute(Redo(str(uuid.uuid4()), reviewer, source_id))


def export(catalog: AnyCatalog, clip_id: int, *, preset: str = "h264", sha256: str = "aa") -> str:
    """Export a clip; returns the key of its file."""
    row = clip(catalog, clip_id)
    main = preset == "h264"
    key = f"final_clips/video_{row['source_video_id']}_clip_{row['clip_no']:03d}{'' if main else '_' + preset}.mp4"
    job = clip_id, f"frames {row['start_frame']}-{row['end_frame']}", preset
    catalog.execute(StartExport(clip_id, row["version"], *job[1:]))
    files = [
        Artifact("final_clip", key, 10, sha256, f"{job}", clip_id),
        Artifact("manifest", key + ".json", 5, "bb", f"{job}", clip_id),
    ]
    catalog.execute(FinishExport(str(uuid.uuid4()), *job, filepath=key, main=main, artifacts=files))
    return key


def lease(catalog: AnyCatalog, clip_id: int, reviewer: str, seconds: float = 60) -> None:
    """Give a clip to a reviewer for some time from now on; already over if negative."""
    write(
        catalog,
        f"INSERT INTO leases SELECT id, source_video_id, '{reviewer}', NULL, 'token', "
        f"(now() AT TIME ZONE 'UTC')::TIMESTAMP + INTERVAL '{timedelta(seconds=seconds).total_seconds()} seconds' "
        f"FROM clips WHERE id = {clip_id}",
    )


def write(catalog: AnyCatalog, *statements: str) -> None:
    """Write past the commands, as only damage does."""
    paused = getattr(catalog, "paused", nullcontext)
    with paused(), open_memory(catalog.folder / ".spill") as connection:
        connection.execute(f"ATTACH '{catalog.file}' AS {ALIAS}")
        connection.execute(f"USE {ALIAS}")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"CHECKPOINT {ALIAS}")


def clip(catalog: AnyCatalog, clip_id: int) -> dict[str, Any]:
    return catalog.rows("SELECT * FROM clips_with_cut_points WHERE id = ?", [clip_id])[0]


def clips(catalog: AnyCatalog, where: str = LIVE) -> list[dict[str, Any]]:
    return catalog.rows(
        f"SELECT * FROM clips_with_cut_points WHERE {where} ORDER BY source_video_id, start_frame, id"
    )


def ranges(catalog: AnyCatalog, where: str = LIVE) -> list[tuple[int, int]]:
    return [(row["start_frame"], row["end_frame"]) for row in clips(catalog, where)]


def states(catalog: AnyCatalog) -> dict[int, str]:
    return {row["id"]: row["state"] for row in clips(catalog)}


def content(catalog: AnyCatalog) -> list[dict[str, Any]]:
    """All live rows but for their versions: what undo must bring back."""
    return [{name: value for name, value in row.items() if name != "version"} for row in clips(catalog)]


def source(catalog: AnyCatalog, source_id: int) -> dict[str, Any]:
    return catalog.rows("SELECT * FROM source_videos WHERE id = ?", [source_id])[0]


def event_count(catalog: AnyCatalog) -> int:
    return int(catalog.rows("SELECT count(*) AS n FROM clip_events")[0]["n"])
