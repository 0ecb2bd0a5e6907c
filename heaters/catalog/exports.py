"""Commands on clips that are being exported. Each change of a clip is an event of the reviewer `heaters`."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any, Final

from heaters.catalog import events, jobs, requests
from heaters.catalog.artifacts import publish_clip
from heaters.catalog.clip_rows import clips_by_id, write_change
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Change
from heaters.domain.model import Clip
from heaters.domain.states import CLIP_TRANSITIONS, may_become
from heaters.errors import StaleVersion, UnknownReference

_EXPORTABLE: Final = frozenset({"approved", "exporting", "export_failed", "exported"})


def start(request: requests.StartExport, tx: Transaction) -> dict[str, Any]:
    """Take a clip into export; one that is exported already stays so (a further preset)."""
    clip = _clip(tx, request.clip_id)
    if clip.version != request.version:
        raise StaleVersion(
            f"clip {clip.ref} has changed since the export was planned: it is {clip.state}", clip_id=clip.id
        )
    if clip.state not in {"exporting", "exported"}:
        _to_state(tx, clip, "exporting", "export-start")
    return {"attempts": jobs.start(tx, _key(request), request.run_id)}


def finish(request: requests.FinishExport, tx: Transaction) -> dict[str, Any]:
    """Make the clip physical and name its files; a second one for the same job changes nothing."""
    clip = _clip(tx, request.clip_id)
    if clip.state not in _EXPORTABLE:
        raise StaleVersion(
            f"clip {clip.ref} is {clip.state} by now: its new file is not used", clip_id=clip.id
        )
    if request.cut_points and tuple(request.cut_points) != (clip.start_frame, clip.end_frame):
        raise StaleVersion(
            f"clip {clip.ref} has got other cut points meanwhile: the file of the old ones is not used",
            clip_id=clip.id,
        )
    if clip.state == "exported" and jobs.is_done(tx, _key(request)):
        return {"clip_id": clip.id}
    anew = request.main and clip.state != "exported"
    if anew:
        after = replace(
            clip, state="exported", is_virtual=False, clip_filepath=request.filepath, version=clip.version + 1
        )
        _write(tx, clip, after, "export", request.op_id)
    publish_clip(tx, clip.source_video_id, clip.id, request.artifacts, anew=anew)
    jobs.finish(tx, _key(request), seconds=request.seconds, bytes_=request.bytes)
    return {"clip_id": clip.id}


def fail(request: requests.FailExport, tx: Transaction) -> dict[str, Any]:
    """Note that a clip could not be exported."""
    clip = _clip(tx, request.clip_id)
    if clip.state == "exporting":
        _to_state(tx, clip, "export_failed", "export-fail")
    jobs.fail(tx, _key(request), request.error)
    return {"clip_id": clip.id}


def _to_state(tx: Transaction, clip: Clip, state: str, action: str) -> None:
    if not may_become(CLIP_TRANSITIONS, clip.state, state):
        raise StaleVersion(f"clip {clip.ref} is {clip.state}: it can't become {state}", clip_id=clip.id)
    _write(tx, clip, replace(clip, state=state, version=clip.version + 1), action, str(uuid.uuid4()))


def _write(tx: Transaction, clip: Clip, after: Clip, action: str, op_id: str) -> None:
    change = Change((clip,), (after,))
    write_change(tx, change)
    events.add(tx, op_id, action, change, reviewer="heaters")


def _clip(tx: Transaction, clip_id: int) -> Clip:
    found = clips_by_id(tx, [clip_id])
    if not found:
        raise UnknownReference(f"there is no clip {clip_id}; `heaters clips` lists them", clip_id=clip_id)
    return found[0]


def _key(
    request: requests.StartExport | requests.FinishExport | requests.FailExport,
) -> tuple[str, str, str, str]:
    return "export", f"clip:{request.clip_id}", request.input_hash, request.params_hash
