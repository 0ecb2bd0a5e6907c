"""Rows of published files."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from heaters.catalog import events, requests
from heaters.catalog.clip_rows import clips_by_id, write_change
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Change

_OUTLIVED: Final = """
SELECT a.id FROM clip_artifacts a JOIN clips c ON c.id = a.clip_id
WHERE a.state = 'superseded' OR (c.state = 'superseded' AND NOT EXISTS (
  SELECT 1 FROM clips l WHERE l.source_video_id = c.source_video_id AND l.state NOT IN ('superseded', 'exported')
  AND l.start_frame < c.end_frame AND l.end_frame > c.start_frame))
"""
"""Files of clips that show other frames by now, and those of clips that were merged away once their frames are exported
in other clips; until then an undo may bring them back."""


def add_keyframes(request: requests.AddKeyframes, tx: Transaction) -> dict[str, Any]:
    """Name thumbnails of shots; those that are named already are left alone."""
    known = {row[0] for row in tx.tuples(
        "SELECT frame FROM clip_artifacts WHERE source_video_id = ? AND kind = 'source_keyframe'", [request.source_id])}  # fmt: skip
    fresh = [one for one in request.artifacts if one.frame not in known]
    insert_artifacts(tx, request.source_id, fresh)
    return {"added": len(fresh)}


def drop(request: requests.DropArtifacts, tx: Transaction) -> dict[str, Any]:
    """Forget artefacts. Superseded clips that named one of them are virtual from now on.

    Which files of clips can go is asked in here, so that no undo can bring their clip back meanwhile.
    """
    found = {row[0] for row in tx.tuples(_OUTLIVED)}.union(request.artifact_ids)
    ids = ", ".join(str(int(one)) for one in sorted(found)) or "NULL"
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


def replace_artifacts(
    tx: Transaction, source_id: int, artifacts: Sequence[requests.Artifact], kinds: Iterable[str] = ()
) -> None:
    """Write the artefact rows of a source in the place of those of the same kinds, and of `kinds`."""
    for kind in sorted({*kinds, *(one.kind for one in artifacts)}):
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
