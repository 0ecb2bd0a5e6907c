"""Commands on where files lie: of sources that move between stores, and of archived objects that are restored."""

from __future__ import annotations

from typing import Any, Final

from heaters.catalog import requests
from heaters.catalog.transaction import Transaction
from heaters.errors import StaleVersion, UnknownReference

_RESTORED: Final = "restore."
_BY_KEY: Final = "SELECT uri FROM clip_artifacts WHERE source_video_id = ? AND NOT starts_with(uri, '/')"


def move(request: requests.MoveSource, tx: Transaction) -> dict[str, Any]:
    """Let the row of a source say the other store, if all of its files have been copied there; else say which lack."""
    source = tx.first("SELECT store FROM source_videos WHERE id = ?", [request.source_id])
    if source is None:
        raise UnknownReference(
            f"there is no source {request.source_id}; `heaters sources` lists them",
            source_id=request.source_id,
        )
    if source["store"] != request.old:
        raise StaleVersion(
            f"source {request.source_id} has been moved by somebody else meanwhile: look again"
        )
    lacking = {row[0] for row in tx.tuples(_BY_KEY, [request.source_id])}.difference(request.classes)
    if lacking:
        return {"moved": False, "lacking": sorted(lacking)}
    tx.change(
        "UPDATE source_videos SET store = ?, updated_at = ? WHERE id = ?",
        [request.new, tx.now, request.source_id],
    )
    for storage_class in sorted({one for one in request.classes.values() if one}):
        uris = [uri for uri, found in request.classes.items() if found == storage_class]
        tx.change(
            "UPDATE clip_artifacts SET storage_class = ? WHERE source_video_id = ? AND list_contains(?::VARCHAR[], uri)",
            [storage_class, request.source_id, uris],
        )
    if request.leaves:
        _note(tx, f"{requests.LEFT}{request.source_id}", request.old or requests.HOME)
    return {"moved": True, "lacking": []}


def finish(request: requests.FinishMove, tx: Transaction) -> dict[str, Any]:
    """Forget the old place of a source: nothing is left there."""
    return {"forgotten": tx.change("DELETE FROM meta WHERE key = ?", [f"{requests.LEFT}{request.source_id}"])}


def note_restore(request: requests.NoteRestore, tx: Transaction) -> dict[str, Any]:
    """Keep, or tell, when an object was asked for."""
    key = _RESTORED + request.uri
    if request.fresh:
        _note(tx, key, tx.now.isoformat())
    found = tx.tuples("SELECT value FROM meta WHERE key = ?", [key])
    return {"asked_at": found[0][0] if found else None}


def _note(tx: Transaction, key: str, value: str) -> None:
    tx.change(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [key, value]
    )
