"""Rows of published files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heaters.catalog import requests
from heaters.catalog.transaction import Transaction


def add_keyframes(request: requests.AddKeyframes, tx: Transaction) -> dict[str, Any]:
    """Name thumbnails of shots; those that are named already are left alone."""
    known = {row[0] for row in tx.tuples(
        "SELECT frame FROM clip_artifacts WHERE source_video_id = ? AND kind = 'source_keyframe'", [request.source_id])}  # fmt: skip
    fresh = [one for one in request.artifacts if one.frame not in known]
    insert_artifacts(tx, request.source_id, fresh)
    return {"added": len(fresh)}


def drop(request: requests.DropArtifacts, tx: Transaction) -> dict[str, Any]:
    """Forget artefacts."""
    ids = ", ".join(str(int(one)) for one in request.artifact_ids) or "NULL"
    return {"dropped": tx.change(f"DELETE FROM clip_artifacts WHERE id IN ({ids})")}


def insert_artifacts(tx: Transaction, source_id: int, artifacts: Sequence[requests.Artifact]) -> None:
    """Write artefact rows."""
    if not artifacts:
        return
    first = tx.take_ids("clip_artifacts", len(artifacts))
    tx.insert("clip_artifacts", [
        {**one._asdict(), "id": first + place, "source_video_id": source_id, "created_at": tx.now}
        for place, one in enumerate(artifacts)
    ])  # fmt: skip


def replace_artifacts(tx: Transaction, source_id: int, artifacts: Sequence[requests.Artifact]) -> None:
    """Write the artefact rows of a source in the place of those of the same kinds."""
    kinds = sorted({one.kind for one in artifacts})
    for kind in kinds:
        tx.change(
            "DELETE FROM clip_artifacts WHERE source_video_id = ? AND kind = ? AND clip_id IS NULL",
            [source_id, kind],
        )
    insert_artifacts(tx, source_id, artifacts)


def publish_clip(
    tx: Transaction, source_id: int, clip_id: int, artifacts: Sequence[requests.Artifact], *, anew: bool
) -> None:
    """Write the artefact rows of an exported clip.

    Args:
        anew: the clip was encoded again, so all of its files that are not among these show other frames, or the same
            ones by other settings, and are superseded.
    """
    for one in artifacts:
        tx.change("DELETE FROM clip_artifacts WHERE uri = ?", [one.uri])
    if anew and artifacts:
        tx.change(
            "UPDATE clip_artifacts SET state = 'superseded' WHERE clip_id = ? AND kind IN ('final_clip', 'manifest')",
            [clip_id],
        )
    insert_artifacts(tx, source_id, artifacts)
