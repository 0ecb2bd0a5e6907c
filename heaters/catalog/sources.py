"""Commands on sources: how a source moves through the stages and what each leaves behind."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from heaters.catalog import jobs, requests
from heaters.catalog.clip_rows import read_board, write_change
from heaters.catalog.decisions import add_event
from heaters.catalog.transaction import Transaction
from heaters.domain import commands
from heaters.domain.commands import Change
from heaters.domain.states import SOURCE_TRANSITIONS, may_become
from heaters.errors import StageFailed, UnknownReference, UsageError

WORKING: Final = {"ingest": "downloading", "prepare": "preparing", "detect": "detecting", "verify": "ready"}
DONE: Final = {"ingest": "downloaded", "prepare": "prepared", "detect": "ready", "verify": "ready"}
FAILED: Final = {"ingest": "download_failed", "prepare": "prepare_failed", "detect": "detect_failed", "verify": "verify_failed"}
_RESUME: Final = {"download_failed": "new", "downloading": "new", "prepare_failed": "downloaded", "preparing": "downloaded",
                  "detect_failed": "prepared", "detecting": "prepared", "verify_failed": "downloaded"}  # fmt: skip
_SETTABLE: Final = frozenset({
    "original_filepath", "gold_master_filepath", "proxy_filepath", "proxy_audio_filepath", "frame_index_filepath",
    "scores_filepath", "master_mode", "n_frames", "fps_num", "fps_den", "time_base", "start_pts", "end_pts", "constant_rate",
    "rotation", "width", "height", "sar_num", "sar_den", "duration", "detector", "detector_params", "verified_at",
})  # fmt: skip


def add(request: requests.AddSource, tx: Transaction) -> dict[str, Any]:
    """Note a new source, or find the one with the same bytes."""
    known = tx.first("SELECT id FROM source_videos WHERE sha256 = ?", [request.sha256])
    if known:
        return {"source": _source(tx, known["id"]), "duplicate": True}
    source_id = tx.take_ids("source_videos")
    tx.insert("source_videos", [{
        "id": source_id, "title": request.title, "origin": request.origin, "origin_url": request.origin_url,
        "sha256": request.sha256, "ingest_state": "new", "needs_splicing": request.needs_splicing,
        "allow_truncated": request.allow_truncated, "original_bytes": request.original_bytes,
        "probe": json.dumps(request.probe), "warnings": json.dumps(list(request.warnings)),
        "created_at": tx.now, "updated_at": tx.now,
    }])  # fmt: skip
    return {"source": _source(tx, source_id), "duplicate": False}


def start_stage(request: requests.StartStage, tx: Transaction) -> dict[str, Any]:
    """Enter the stage."""
    working = WORKING[request.stage]
    state = _source(tx, request.source_id)["ingest_state"]
    if state != working and not may_become(SOURCE_TRANSITIONS, state, working):
        raise StageFailed(f"source {request.source_id} is {state}: {request.stage} can't begin", source_id=request.source_id)
    _set(tx, request.source_id, {"ingest_state": working})
    return {"attempts": jobs.start(tx, _key(request), request.run_id)}


def finish_stage(request: requests.FinishStage, tx: Transaction) -> dict[str, Any]:
    """Apply the result of a stage, once."""
    if jobs.is_done(tx, _key(request)):
        return {"applied": False}
    refused = set(request.columns) - _SETTABLE
    if refused:
        raise UsageError(f"a stage can't set {', '.join(sorted(refused))}")
    columns = {**request.columns, "ingest_state": DONE[request.stage], "last_error": None, "retry_count": 0}
    if request.warnings:
        columns["warnings"] = json.dumps(_joined_warnings(tx, request))
    _set(tx, request.source_id, columns)
    _replace_artifacts(tx, request.source_id, request.artifacts)
    if request.pts is not None:
        tx.change("INSERT OR REPLACE INTO frame_pts VALUES (?, ?)", [request.source_id, list(request.pts)])
    if request.cuts is not None:
        _lay_shots(tx, request)
    jobs.finish(tx, _key(request), seconds=request.seconds, bytes_=request.bytes)
    return {"applied": True}


def fail_stage(request: requests.FailStage, tx: Transaction) -> dict[str, Any]:
    """Note a failure; park the source if there is no sense in trying again."""
    source = _source(tx, request.source_id)
    count = source["retry_count"] + 1
    parked = request.permanent or count >= request.max_attempts
    columns = {"last_error": request.error, "retry_count": count, "ingest_state": FAILED[request.stage]}
    if parked:
        columns |= {"ingest_state": "parked", "parked_from": _RESUME.get(FAILED[request.stage], "new")}
    _set(tx, request.source_id, columns)
    jobs.fail(tx, _key(request), request.error)
    return {"parked": parked, "retry_count": count}


def park(request: requests.Park, tx: Transaction) -> dict[str, Any]:
    """Park a source."""
    state = _source(tx, request.source_id)["ingest_state"]
    if state != "parked":
        _set(tx, request.source_id, {"ingest_state": "parked", "parked_from": _RESUME.get(state, state), "last_error": request.reason})
    return _source(tx, request.source_id)


def retry(request: requests.Retry, tx: Transaction) -> dict[str, Any]:
    """Let sources be tried again; one whose files failed verification is prepared again from its original."""
    changed = []
    for source_id in request.source_ids:
        source = _source(tx, source_id)
        state = source["ingest_state"]
        resumed = source["parked_from"] if state == "parked" else _RESUME.get(state) if state.endswith("_failed") else None
        if resumed:
            again = {"proxy_filepath": None, "verified_at": None} if resumed == "downloaded" else {}
            _set(tx, source_id, {"ingest_state": resumed, "parked_from": None, "retry_count": 0, "last_error": None, **again})
            changed.append(source_id)
    return {"retried": changed}


def add_keyframes(request: requests.AddKeyframes, tx: Transaction) -> dict[str, Any]:
    """Name thumbnails of shots; those that are named already are left alone."""
    known = {row[0] for row in tx.tuples(
        "SELECT frame FROM clip_artifacts WHERE source_video_id = ? AND kind = 'source_keyframe'", [request.source_id])}  # fmt: skip
    fresh = [one for one in request.artifacts if one.frame not in known]
    insert_artifacts(tx, request.source_id, fresh)
    return {"added": len(fresh)}


def drop_artifacts(request: requests.DropArtifacts, tx: Transaction) -> dict[str, Any]:
    """Forget artefacts."""
    for artifact_id in request.artifact_ids:
        tx.change("DELETE FROM clip_artifacts WHERE id = ?", [artifact_id])
    return {"dropped": len(request.artifact_ids)}


def insert_artifacts(tx: Transaction, source_id: int, artifacts: Sequence[requests.Artifact]) -> None:
    """Write artefact rows."""
    first = tx.take_ids("clip_artifacts", len(artifacts))
    tx.insert("clip_artifacts", [
        {**one._asdict(), "id": first + i, "source_video_id": source_id, "created_at": tx.now} for i, one in enumerate(artifacts)
    ])  # fmt: skip


def _replace_artifacts(tx: Transaction, source_id: int, artifacts: Sequence[requests.Artifact]) -> None:
    for kind in {one.kind for one in artifacts}:
        tx.change(
            "DELETE FROM clip_artifacts WHERE source_video_id = ? AND kind = ? AND clip_id IS NULL", [source_id, kind])  # fmt: skip
    insert_artifacts(tx, source_id, artifacts)


def _lay_shots(tx: Transaction, request: requests.FinishStage) -> None:
    board = read_board(tx, [request.source_id])
    rows = commands.retile(board.clips, request.cuts or (), board, request.source_id, request.detector)
    if not rows:
        return
    old = {clip.id: clip for clip in board.clips}
    change = Change(tuple(old[row.id] for row in rows if row.id in old), tuple(rows))
    write_change(tx, change)
    live = [clip for clip in {**old, **{clip.id: clip for clip in rows}}.values() if clip.state != "superseded"]
    commands.check(live, board.n_frames)
    add_event(tx, str(uuid.uuid4()), "detect", change, reviewer="heaters")


def _joined_warnings(tx: Transaction, request: requests.FinishStage) -> list[str]:
    old = json.loads(_source(tx, request.source_id)["warnings"] or "[]")
    return list(dict.fromkeys([*old, *request.warnings]))


def _set(tx: Transaction, source_id: int, columns: Mapping[str, Any]) -> None:
    sets = ", ".join(f"{name} = ?" for name in columns)
    tx.change(f"UPDATE source_videos SET {sets}, updated_at = ? WHERE id = ?", [*columns.values(), tx.now, source_id])


def _source(tx: Transaction, source_id: int) -> dict[str, Any]:
    row = tx.first("SELECT * FROM source_videos WHERE id = ?", [source_id])
    if row is None:
        raise UnknownReference(f"there is no source {source_id}; `heaters sources` lists them", source_id=source_id)
    return row


def _key(request: requests.StartStage | requests.FinishStage | requests.FailStage) -> tuple[str, str, str, str]:
    return request.stage, f"source:{request.source_id}", request.input_hash, request.params_hash
