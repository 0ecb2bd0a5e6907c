"""Cleaning up after processes that were killed: dead `.part` files, files without a row, rows without a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from heaters.domain.layout import ARTIFACT_FOLDERS, numbers_of
from heaters.stages.stage import Row
from heaters.storage import Store

ARTIFACTS: Final = """
SELECT a.*, c.state = 'superseded' AND NOT EXISTS (
  SELECT 1 FROM clips l WHERE l.source_video_id = c.source_video_id AND l.state NOT IN ('superseded', 'exported')
  AND l.start_frame < c.end_frame AND l.end_frame > c.start_frame) AS outlived
FROM clip_artifacts a LEFT JOIN clips c ON c.id = a.clip_id
"""
"""All artefacts. The files of a clip that was merged away are `outlived` once its frames are exported in other clips;
until then an undo may bring it back."""


def published(store: Store) -> list[str]:
    """Keys of all artefacts in the store: files of a user's own that lie among them have other names.

    To be listed before the catalog is read: what an ingest publishes meanwhile has a row by the time it is read.
    """
    return [head.key for folder in ARTIFACT_FOLDERS for head in store.list(folder) if numbers_of(head.key)]


def forgettable(store: Store, artifacts: Sequence[Row]) -> list[int]:
    """Ids of the artefacts whose rows are to go first, so that no row outlives its file."""
    return [row["id"] for row in artifacts if _is_superseded(row) or _is_lost_thumbnail(store, row)]


def sweep(
    store: Store, keys: Sequence[str], sources: Sequence[Row], artifacts: Sequence[Row]
) -> dict[str, list[str]]:
    """Remove what nobody names and nobody is writing. The caller holds the run lock.

    An original without a row is kept while its source is still being ingested elsewhere, and a file that is one of a
    user's own, which a row names by its absolute path, always.

    Args:
        store: where to sweep.
        keys: of `published`.
        sources: rows of all sources.
        artifacts: rows of all artefacts that are left.

    Returns:
        `parts` and `orphans` that were removed, and `dangling` rows, whose file is not there, in words.
    """
    dead = store.remove_dead_parts()
    named = {_place(store, row["uri"]) for row in artifacts} | {
        _place(store, row["origin_url"] or "") for row in sources
    }
    fetching = {row["id"] for row in sources if row["ingest_state"] in {"new", "downloading"}}
    orphans = [key for key in keys if _place(store, key) not in named and not _belongs_to(key, fetching)]
    for key in orphans:
        store.delete(key)
    dangling = [
        f"{row['uri']} ({row['kind']} of source {row['source_video_id']}) is missing"
        for row in artifacts if store.head(row["uri"]) is None
    ]  # fmt: skip
    return {"parts": [str(path) for path in dead], "orphans": orphans, "dangling": dangling}


def _is_superseded(row: Row) -> bool:
    return row["clip_id"] is not None and (row["state"] == "superseded" or bool(row["outlived"]))


def _is_lost_thumbnail(store: Store, row: Row) -> bool:
    return row["kind"] == "source_keyframe" and store.head(row["uri"]) is None


def _place(store: Store, key: str) -> str:
    """Where an object lies, the same for every way to name it."""
    return os.path.realpath(store.uri(key))


def _belongs_to(key: str, source_ids: set[int]) -> bool:
    numbers = numbers_of(key)
    return key.startswith("originals/") and numbers is not None and numbers[0] in source_ids
