"""Cleaning up after processes that were killed: dead `.part` files, files without a row, rows without a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from heaters.domain.layout import ARTIFACT_FOLDERS, numbers_of
from heaters.stages.stage import Row
from heaters.storage import Head, Store

ARTIFACTS: Final = "SELECT a.*, v.store FROM clip_artifacts a LEFT JOIN source_videos v ON v.id = a.source_video_id ORDER BY a.id"
"""All artefacts, each with the store of its source."""


def published(store: Store) -> list[Head]:
    """All artefacts in the store: files of a user's own that lie among them have other names.

    To be listed before the catalog is read: what an ingest publishes meanwhile has a row by the time it is read.
    """
    return [head for folder in ARTIFACT_FOLDERS for head in store.list(folder) if numbers_of(head.key)]


class Listing:
    """What lies in all stores of a workspace, as they were when they were listed.

    Args:
        stores: by their places, with the workspace's own among them.
    """

    def __init__(self, stores: Mapping[str | None, Store]) -> None:
        self.stores = stores
        self.files = {place: published(store) for place, store in stores.items()}
        self._keys = {place: {head.key for head in files} for place, files in self.files.items()}

    def has(self, artifact: Row) -> bool:
        """Tell whether the file of an artefact is there; its row has the `store` of its source.

        What was not listed, as a file of a user's own is not, is asked for.
        """
        place = artifact["store"]
        return artifact["uri"] in self._keys[place] or self.stores[place].head(artifact["uri"]) is not None


def lost_thumbnails(listing: Listing, artifacts: Sequence[Row]) -> list[int]:
    """Ids of the thumbnails whose file is gone: they are forgotten, since a retune makes them again."""
    return [row["id"] for row in artifacts if row["kind"] == "source_keyframe" and not listing.has(row)]


def sweep(
    listing: Listing, sources: Sequence[Row], artifacts: Sequence[Row], restored: Path
) -> dict[str, list[str]]:
    """Remove what nobody names and nobody is writing. The caller holds the run lock.

    An original without a row is kept while its source is still being ingested elsewhere, and a file that is one of a
    user's own, which a row names by its absolute path, always. So is a file whose source has no row, which no process
    that was killed can have left, and one that is older than the restoring of the catalog. A file in another store than
    that of its source was left there by a move, and goes.

    Args:
        listing: where to sweep.
        sources: rows of all sources.
        artifacts: rows of all artefacts that are left, each with the `store` of its source.
        restored: a note that is there, and as old, if the catalog was restored.

    Returns:
        `parts` and `orphans` that were removed, `kept` files, which this catalog does not know of, and `dangling` rows,
        whose file is not there, in words.
    """
    swept: dict[str, list[str]] = {"parts": [], "orphans": [], "kept": []}
    since = restored.stat().st_mtime if restored.exists() else 0
    ours = {row["id"] for row in sources}
    for place, store in listing.stores.items():
        if place is not None and all(row["store"] != place for row in sources):
            continue  # what lies there may be another workspace's
        swept["parts"] += store.remove_dead_parts()
        for file in _unnamed(listing, place, sources, artifacts):
            orphan = _source_of(file) in ours and file.written > since
            if orphan:
                store.delete(file.key)
            swept["orphans" if orphan else "kept"].append(file.key if place is None else store.uri(file.key))
    swept["kept"] = sorted({*swept["kept"]})
    dangling = [
        f"{row['uri']} ({row['kind']} of source {row['source_video_id']}) is missing"
        for row in artifacts if not listing.has(row)
    ]  # fmt: skip
    return {**swept, "dangling": dangling}


def _unnamed(
    listing: Listing, place: str | None, sources: Sequence[Row], artifacts: Sequence[Row]
) -> Iterator[Head]:
    """Files of one store that no row names."""
    store, here = listing.stores[place], [row for row in sources if row["store"] == place]
    named = {_place(store, row["uri"]) for row in artifacts if row["store"] == place} | {
        _place(store, row["origin_url"] or "") for row in sources
    }
    fetching = {row["id"] for row in here if row["ingest_state"] in {"new", "downloading"}}
    for file in listing.files[place]:
        arriving = file.key.startswith("originals/") and _source_of(file) in fetching
        if not arriving and _place(store, file.key) not in named:
            yield file


def _place(store: Store, key: str) -> str:
    """Where an object lies, the same for every way to name it."""
    return os.path.realpath(store.uri(key))


def _source_of(file: Head) -> int | None:
    numbers = numbers_of(file.key)
    return numbers[0] if numbers else None
