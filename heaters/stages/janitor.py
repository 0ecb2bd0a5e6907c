"""Cleaning up after processes that were killed: dead `.part` files, files without a row, rows without a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from heaters.domain.layout import ARTIFACT_FOLDERS, numbers_of
from heaters.stages.stage import Row
from heaters.storage import Head, Store

ARTIFACTS: Final = "SELECT * FROM clip_artifacts"


def published(store: Store) -> list[Head]:
    """All artefacts in the store: files of a user's own that lie among them have other names.

    To be listed before the catalog is read: what an ingest publishes meanwhile has a row by the time it is read.
    """
    return [head for folder in ARTIFACT_FOLDERS for head in store.list(folder) if numbers_of(head.key)]


def lost_thumbnails(store: Store, artifacts: Sequence[Row]) -> list[int]:
    """Ids of the thumbnails whose file is gone: they are forgotten, since a retune makes them again."""
    return [
        row["id"] for row in artifacts if row["kind"] == "source_keyframe" and store.head(row["uri"]) is None
    ]


def sweep(
    store: Store, files: Sequence[Head], sources: Sequence[Row], artifacts: Sequence[Row], restored: Path
) -> dict[str, list[str]]:
    """Remove what nobody names and nobody is writing. The caller holds the run lock.

    An original without a row is kept while its source is still being ingested elsewhere, and a file that is one of a
    user's own, which a row names by its absolute path, always. So is a file whose source has no row, which no process
    that was killed can have left, and one that is older than the restoring of the catalog.

    Args:
        store: where to sweep.
        files: of `published`.
        sources: rows of all sources.
        artifacts: rows of all artefacts that are left.
        restored: a note that is there, and as old, if the catalog was restored.

    Returns:
        `parts` and `orphans` that were removed, `kept` files, which this catalog does not know of, and `dangling` rows,
        whose file is not there, in words.
    """
    dead = store.remove_dead_parts()
    named = {_place(store, row["uri"]) for row in artifacts} | {
        _place(store, row["origin_url"] or "") for row in sources
    }
    fetching = {row["id"] for row in sources if row["ingest_state"] in {"new", "downloading"}}
    since = restored.stat().st_mtime if restored.exists() else 0
    ours = {row["id"] for row in sources}
    unnamed = [
        file for file in files
        if _place(store, file.key) not in named and not (file.key.startswith("originals/") and _source_of(file) in fetching)
    ]  # fmt: skip
    orphans = [file.key for file in unnamed if _source_of(file) in ours and file.written > since]
    for key in orphans:
        store.delete(key)
    kept = sorted({file.key for file in unnamed}.difference(orphans))
    dangling = [
        f"{row['uri']} ({row['kind']} of source {row['source_video_id']}) is missing"
        for row in artifacts if store.head(row["uri"]) is None
    ]  # fmt: skip
    return {"parts": [str(path) for path in dead], "orphans": orphans, "kept": kept, "dangling": dangling}


def _place(store: Store, key: str) -> str:
    """Where an object lies, the same for every way to name it."""
    return os.path.realpath(store.uri(key))


def _source_of(file: Head) -> int | None:
    numbers = numbers_of(file.key)
    return numbers[0] if numbers else None
