"""Commands on sources: how a source moves through the stages and what each leaves behind."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from heaters.catalog import events, jobs, requests
from heaters.catalog.artifacts import replace_artifacts
from heaters.catalog.boards import full_board, hold_invariants, read_outline
from heaters.catalog.clip_rows import write_change
from heaters.catalog.transaction import Transaction
from heaters.domain import commands
from heaters.domain.commands import Change
from heaters.domain.cuts import CutPoints
from heaters.domain.states import SOURCE_TRANSITIONS, may_become
from heaters.errors import StageFailed, UnknownReference, UsageError

WORKING: Final = {"ingest": "downloading", "prepare": "preparing", "detect": "detecting", "verify": "ready"}
DONE: Final = {"ingest": "downloaded", "prepare": "prepared", "detect": "ready", "verify": "ready"}
FAILED: Final = {
    "ingest": "download_failed",
    "prepare": "prepare_failed",
    "detect": "detect_failed",
    "verify": "verify_failed",
}
_RESUME: Final = {"download_failed": "new", "downloading": "new", "prepare_failed": "downloaded", "preparing": "downloaded",
                  "detect_failed": "prepared", "detecting": "prepared", "verify_failed": "downloaded"}  # fmt: skip
_MADE: Final = {"prepare": ("gold_master", "review_proxy", "proxy_audio", "frame_index", "frame_scores")}
"""Kinds of artefact that a stage may make; those that it has not made this time are gone."""
_SETTABLE: Final = frozenset({
    "original_filepath", "gold_master_filepath", "proxy_filepath", "proxy_audio_filepath", "frame_index_filepath",
    "scores_filepath", "master_mode", "n_frames", "fps_num", "fps_den", "time_base", "start_pts", "end_pts", "constant_rate",
    "rotation", "width", "height", "sar_num", "sar_den", "duration", "detector", "detector_params", "verified_at",
})  # fmt: skip
_FETCHED: Final = frozenset({"sha256", "original_bytes", "probe"})
"""What only ingest may set: of a film from the web it is known when it has been downloaded."""


def add(request: requests.AddSource, tx: Transaction) -> dict[str, Any]:
    """Note a new source, or find the one with the same bytes; that one may be allowed to be truncated by now."""
    known = _known(tx, request)
    if known:
        if request.allow_truncated and not known["allow_truncated"]:
            _set(tx, known["id"], {"allow_truncated": True})
            retry(requests.Retry([known["id"]]), tx)
        return {"source": _source(tx, known["id"]), "duplicate": True}
    source_id = tx.take_ids("source_videos")
    tx.insert("source_videos", [{
        "id": source_id, "title": request.title, "origin": request.origin, "origin_url": request.origin_url,
        "sha256": request.sha256, "ingest_state": "new", "needs_splicing": request.needs_splicing,
        "allow_truncated": request.allow_truncated, "original_bytes": request.original_bytes,
        "probe": json.dumps(request.probe), "warnings": json.dumps(list(request.warnings)),
        "created_at": tx.now, "updated_at": tx.now, "store": request.store,
    }])  # fmt: skip
    return {"source": _source(tx, source_id), "duplicate": False}


def start_stage(request: requests.StartStage, tx: Transaction) -> dict[str, Any]:
    """Enter the stage."""
    working = WORKING[request.stage]
    state = _source(tx, request.source_id)["ingest_state"]
    if state == "parked" or (state != working and not may_become(SOURCE_TRANSITIONS, state, working)):
        way_out = f": `heaters retry {request.source_id}` frees it" if state == "parked" else ""
        raise StageFailed(
            f"source {request.source_id} is {state}, so {request.stage} can't begin{way_out}",
            source_id=request.source_id,
        )
    _set(tx, request.source_id, {"ingest_state": working})
    return {"attempts": jobs.start(tx, _key(request), request.run_id)}


def finish_stage(request: requests.FinishStage, tx: Transaction) -> dict[str, Any]:
    """Apply the result of a stage, once. A source that was parked meanwhile keeps the result and stays parked."""
    if jobs.is_done(tx, _key(request)):
        return {"applied": False}
    refused = set(request.columns) - _SETTABLE - (_FETCHED if request.stage == "ingest" else frozenset())
    if refused:
        raise UsageError(f"a stage can't set {', '.join(sorted(refused))}")
    source = _source(tx, request.source_id)
    if (twin := _twin(tx, request)) is not None:
        return _fold(tx, source, twin)
    columns = {**request.columns, **_moved(source, DONE[request.stage]), "retry_count": 0}
    if source["ingest_state"] != "parked":
        columns["last_error"] = None
    if request.warnings:
        columns["warnings"] = json.dumps(
            list(dict.fromkeys([*json.loads(source["warnings"] or "[]"), *request.warnings]))
        )
    _set(tx, request.source_id, columns)
    replace_artifacts(tx, request.source_id, request.artifacts, _MADE.get(request.stage, ()))
    if request.stage == "prepare":
        _set_times(tx, request)
    if request.cuts is not None:
        _lay_shots(tx, request)
    jobs.finish(tx, _key(request), seconds=request.seconds, bytes_=request.bytes)
    return {"applied": True}


def fail_stage(request: requests.FailStage, tx: Transaction) -> dict[str, Any]:
    """Note a failure; park the source if there is no sense in trying again."""
    source = _source(tx, request.source_id)
    count, failed = source["retry_count"] + 1, FAILED[request.stage]
    parked = request.permanent or count >= request.max_attempts or source["ingest_state"] == "parked"
    moved = {"ingest_state": "parked", "parked_from": _RESUME[failed]} if parked else {"ingest_state": failed}
    _set(tx, request.source_id, {"last_error": request.error, "retry_count": count, **moved})
    jobs.fail(tx, _key(request), request.error)
    return {"parked": parked, "retry_count": count}


def park(request: requests.Park, tx: Transaction) -> dict[str, Any]:
    """Park a source."""
    state = _source(tx, request.source_id)["ingest_state"]
    if state != "parked":
        _set(
            tx,
            request.source_id,
            {
                "ingest_state": "parked",
                "parked_from": _RESUME.get(state, state),
                "last_error": request.reason,
            },
        )
    return _source(tx, request.source_id)


def forget(request: requests.ForgetSource, tx: Transaction) -> dict[str, Any]:
    """Remove the row of a source without an original."""
    source = _source(tx, request.source_id)
    if source["original_filepath"] is not None:
        raise UsageError(f"source {source['id']} has been fetched and stays", source_id=source["id"])
    _remove(tx, source["id"])
    return {"forgotten": source["id"]}


def retry(request: requests.Retry, tx: Transaction) -> dict[str, Any]:
    """Let sources, and the failed exports of their clips, be tried again.

    A source whose files failed verification is prepared again from its original.
    """
    changed = []
    for source_id in request.source_ids:
        source = _source(tx, source_id)
        state = source["ingest_state"]
        resumed = (
            source["parked_from"]
            if state == "parked"
            else _RESUME.get(state)
            if state.endswith("_failed")
            else None
        )
        if resumed:
            again = {"proxy_filepath": None, "verified_at": None} if resumed == "downloaded" else {}
            _set(
                tx,
                source_id,
                {"ingest_state": resumed, "parked_from": None, "retry_count": 0, "last_error": None, **again},
            )
        if jobs.forget_failed_exports(tx, source_id) or resumed:
            changed.append(source_id)
    return {"retried": changed}


def _known(tx: Transaction, request: requests.AddSource) -> dict[str, Any] | None:
    wanted = "SELECT id, allow_truncated FROM source_videos WHERE"
    if request.sha256 is None:
        return tx.first(f"{wanted} contains(probe, ?) ORDER BY id", [_mark(request.web_key)])
    return tx.first(f"{wanted} sha256 = ?", [request.sha256])


def _mark(web_key: str | None) -> str:
    """How a key stands in the JSON of a probe; a title that quotes it has its quotes escaped."""
    return json.dumps({"web_key": web_key})[1:-1]


def _twin(tx: Transaction, request: requests.FinishStage) -> int | None:
    """Another source with the bytes that were downloaded."""
    if "sha256" not in request.columns:
        return None
    known = tx.first(
        "SELECT id FROM source_videos WHERE sha256 = ? AND id <> ?",
        [request.columns["sha256"], request.source_id],
    )
    return int(known["id"]) if known else None


def _fold(tx: Transaction, source: Mapping[str, Any], twin: int) -> dict[str, Any]:
    """Forget a source whose bytes another one has; that one is known by its key from now on, too."""
    told, own = (json.loads(_source(tx, one)["probe"] or "{}") for one in (twin, source["id"]))
    key = {"web_key": own.get("web", {}).get("web_key")}
    _set(tx, twin, {"probe": json.dumps({**told, "also": [*told.get("also", []), key]})})
    _remove(tx, source["id"])
    return {"applied": True, "duplicate_of": twin}


def _remove(tx: Transaction, source_id: int) -> None:
    tx.change("DELETE FROM jobs WHERE subject = ?", [f"source:{source_id}"])
    tx.change("DELETE FROM source_videos WHERE id = ?", [source_id])


def _lay_shots(tx: Transaction, request: requests.FinishStage) -> None:
    board = full_board(tx, [request.source_id])
    rows = commands.retile(board.clips, request.cuts or (), board, request.source_id, request.detector)
    if not rows:
        return
    old = {clip.id: clip for clip in board.clips}
    if request.clip_filepath:
        whole, file = CutPoints(0, board.n_frames[request.source_id]), request.clip_filepath
        rows = [
            replace(row, is_virtual=False, clip_filepath=file)
            if row.cut_points == whole and row.id not in old
            else row
            for row in rows
        ]
    settled = [replace(row, version=old[row.id].version + 1) if row.id in old else row for row in rows]
    change = Change(tuple(old[row.id] for row in rows if row.id in old), tuple(settled))
    write_change(tx, change)
    hold_invariants(tx, read_outline(tx, [request.source_id]), board.n_frames)
    events.add(tx, str(uuid.uuid4()), "detect", change, reviewer="heaters")


def _moved(source: Mapping[str, Any], state: str) -> dict[str, str]:
    """The columns that bring a source into a state, or, where it is parked, let it resume there."""
    return {"parked_from": state} if source["ingest_state"] == "parked" else {"ingest_state": state}


def _set_times(tx: Transaction, request: requests.FinishStage) -> None:
    """Keep the exact times of an uneven source, and none of an even one."""
    if request.pts is None:
        tx.change("DELETE FROM frame_pts WHERE source_video_id = ?", [request.source_id])
    elif not tx.change(
        "UPDATE frame_pts SET pts = ? WHERE source_video_id = ?", [list(request.pts), request.source_id]
    ):
        tx.change("INSERT INTO frame_pts VALUES (?, ?)", [request.source_id, list(request.pts)])


def _set(tx: Transaction, source_id: int, columns: Mapping[str, Any]) -> None:
    sets = ", ".join(f"{name} = ?" for name in columns)
    tx.change(
        f"UPDATE source_videos SET {sets}, updated_at = ? WHERE id = ?",
        [*columns.values(), tx.now, source_id],
    )


def _source(tx: Transaction, source_id: int) -> dict[str, Any]:
    row = tx.first("SELECT * FROM source_videos WHERE id = ?", [source_id])
    if row is None:
        raise UnknownReference(
            f"there is no source {source_id}; `heaters sources` lists them", source_id=source_id
        )
    return row


def _key(
    request: requests.StartStage | requests.FinishStage | requests.FailStage,
) -> tuple[str, str, str, str]:
    return request.stage, f"source:{request.source_id}", request.input_hash, request.params_hash
