"""Commands on clips that are being exported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from heaters.catalog import jobs, requests
from heaters.catalog.clip_rows import read_clips, write_change
from heaters.catalog.decisions import add_event
from heaters.catalog.sources import insert_artifacts
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Change
from heaters.domain.model import Clip
from heaters.domain.states import CLIP_TRANSITIONS, may_become
from heaters.errors import StaleVersion, UnknownReference


def start(request: requests.StartExport, tx: Transaction) -> dict[str, Any]:
    """Take a clip into export; one that is exported already stays so (a further preset)."""
    clip = _clip(tx, request.clip_id)
    if clip.version != request.version:
        raise StaleVersion(f"clip {clip.ref} has changed since the export was planned: it is {clip.state}", clip_id=clip.id)
    if clip.state != "exported":
        _to_state(tx, clip, "exporting")
    return {"attempts": jobs.start(tx, _key(request), request.run_id)}


def finish(request: requests.FinishExport, tx: Transaction) -> dict[str, Any]:
    """Make the clip physical and name its files; a second one for the same job changes nothing."""
    clip = _clip(tx, request.clip_id)
    if request.main and clip.state != "exported":
        after = replace(clip, state="exported", is_virtual=False, clip_filepath=request.filepath, version=clip.version + 1)
        change = Change((clip,), (after,))
        write_change(tx, change)
        add_event(tx, request.op_id, "export", change, reviewer="heaters")
    uris = [one.uri for one in request.artifacts]
    for uri in uris:
        tx.change("DELETE FROM clip_artifacts WHERE uri = ?", [uri])
    insert_artifacts(tx, clip.source_video_id, request.artifacts)
    jobs.finish(tx, _key(request), seconds=request.seconds, bytes_=request.bytes)
    return {"clip_id": clip.id}


def fail(request: requests.FailExport, tx: Transaction) -> dict[str, Any]:
    """Note that a clip could not be exported."""
    clip = _clip(tx, request.clip_id)
    if clip.state == "exporting":
        _to_state(tx, clip, "export_failed")
    jobs.fail(tx, _key(request), request.error)
    return {"clip_id": clip.id}


def _to_state(tx: Transaction, clip: Clip, state: str) -> None:
    if not may_become(CLIP_TRANSITIONS, clip.state, state):
        raise StaleVersion(f"clip {clip.ref} is {clip.state}: it can't become {state}", clip_id=clip.id)
    write_change(tx, Change((clip,), (replace(clip, state=state, version=clip.version + 1),)))


def _clip(tx: Transaction, clip_id: int) -> Clip:
    found = read_clips(tx, "id = ?", [clip_id])
    if not found:
        raise UnknownReference(f"there is no clip {clip_id}", clip_id=clip_id)
    return found[0]


def _key(request: requests.StartExport | requests.FinishExport | requests.FailExport) -> tuple[str, str, str, str]:
    return "export", f"clip:{request.clip_id}", request.input_hash, request.params_hash
