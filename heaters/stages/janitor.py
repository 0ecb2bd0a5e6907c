"""Cleaning up after processes that were killed: dead `.part` files, files without a row, rows without a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.stages.stage import Row
from heaters.storage import Store


def sweep(store: Store, sources: Sequence[Row], artifacts: Sequence[Row]) -> dict[str, list[Any]]:
    """Remove what nobody names and nobody is writing. The caller holds the run lock.

    An original without a row is kept while its source is still being ingested elsewhere.

    Returns:
        `parts` and `orphans` that were removed; `superseded` clips whose file was removed and `missing` files, both as ids
        of `clip_artifacts` rows to forget; `dangling` columns that name a file which is not there, in words.
    """
    dead = remove_dead_parts(store)
    superseded = [
        row
        for row in artifacts
        if row["kind"] in {"final_clip", "manifest"} and row["clip_state"] == "superseded"
    ]
    for row in superseded:
        store.delete(row["uri"])
    named = {row["uri"] for row in artifacts if row not in superseded}
    fetching = {row["id"] for row in sources if row["ingest_state"] in {"new", "downloading"}}
    orphans = [
        head.key for folder in ARTIFACT_FOLDERS for head in store.list(folder)
        if head.key not in named and not _belongs_to(head.key, fetching)
    ]  # fmt: skip
    for key in orphans:
        store.delete(key)
    missing = [row for row in artifacts if row not in superseded and store.head(row["uri"]) is None]
    return {
        "parts": [str(path) for path in dead], "orphans": orphans, "superseded": [row["id"] for row in superseded],
        "missing": [row["id"] for row in missing if row["kind"] == "source_keyframe"],
        "dangling": [f"{row['uri']} ({row['kind']} of source {row['source_video_id']}) is missing"
                     for row in missing if row["kind"] != "source_keyframe"],
    }  # fmt: skip


def remove_dead_parts(store: Store) -> list[Path]:
    """Remove the unfinished files of processes that are gone; returns what they were."""
    dead = list(store.dead_parts())
    for path in dead:
        path.unlink(missing_ok=True)
    return dead


def _belongs_to(key: str, source_ids: set[int]) -> bool:
    number = Path(key).name.removeprefix("video_").partition(".")[0].partition("_")[0]
    return key.startswith("originals/") and number.isdigit() and int(number) in source_ids
