"""Rows of published files."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from heaters.catalog import events, requests
from heaters.catalog.clip_rows import clips_by_id, write_change
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Change


def add_keyframes(request: requests.AddKeyframes, tx: Transaction) -> dict[str, Any]:
    """Name thumbnails of shots; those that are named already are left alone."""
    known = {row[0] for row in tx.tuples(
        "SELECT frame FROM clip_artifacts WHERE source_video_id = ? AND kind = 'source_keyframe'", [request.source_id])}  # fmt: skip
    fresh = [one for one in request.artifacts if one.frame not in known]
    insert_artifacts(tx, request.source_id, fresh)
    return {"added": len(fresh)}


def drop(request: requests.DropArtifacts, tx: Transaction) -> dict[str, Any]:
    """Forget artefacts. Superseded clips that named one of them are virtual from now on."""
    ids = ", ".join(str(int(one)) for one in request.artifact_ids) or "NULL"
    files = dict(
        tx.tuples(f"SELECT uri, clip_id FROM clip_artifacts WHERE id IN ({ids}) AND clip_id IS NOT NULL")
    )
    named = [clip for clip in clips_by_id(tx, sorted(set(files.values()))) if clip.clip_filepath in files]
    before = tuple(clip for clip in named if clip.state == "superseded")
    if before:
        after = tuple(
            replace(clip, is_virtual=True, clip_filepath=None, version=clip.version + 1) for clip in before
        )
        change = Change(before, after)
        write_change(tx, change)
        events.add(tx, str(uuid.uuid4()), "sweep", change, reviewer="heaters")
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
