"""Prepare: one decode pass makes gold master, review proxy, frame index and frame scores.

Done when `proxy_filepath` is set.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.requests import Artifact, FinishStage
from heaters.config import Settings
from heaters.domain import layout
from heaters.errors import MediaError
from heaters.stages.ingest import hash_file
from heaters.stages.publishing import publish
from heaters.stages.reporting import reporter
from heaters.stages.stage import Row, Unit, digest, finish, is_clip_file
from heaters.storage import Part, Store, open_store

if TYPE_CHECKING:
    from heaters.media.prepare import Prepared

NAME: Final = "prepare"
_CHOICES: Final = ("master_mode", "proxy_height", "proxy_crf", "proxy_fastdecode")


def pending(row: Row, _: Settings) -> bool:
    """Tell whether the original is there and the proxy is not."""
    return row["proxy_filepath"] is None and row["ingest_state"] in {
        "downloaded",
        "preparing",
        "prepare_failed",
    }


def plan(row: Row, settings: Settings, store: str) -> Unit:
    """Make everything from the original."""
    choices = {name: getattr(settings, name) for name in _CHOICES}
    if is_clip_file(row):
        choices["master_mode"] = "source"
    spec = {
        "store": store, "source_id": row["id"], "original": row["original_filepath"], "sha256": row["sha256"],
        "bytes": row["original_bytes"], "allow_truncated": row["allow_truncated"], **choices,
    }  # fmt: skip
    return Unit(NAME, row["id"], row["title"], spec, row["sha256"], digest(choices), _expected_frames(row))


def run_one(spec: dict[str, Any]) -> dict[str, Any]:
    """Run the pass, write the tables, publish all files, the tables last.

    Raises:
        MediaError: the original is gone or has changed, or its pictures can't be prepared; the message says which.
    """
    from heaters.media import prepare as media  # noqa: PLC0415 - PyAV only in workers

    store, source_id = open_store(spec["store"]), spec["source_id"]
    _refuse_other_bytes(store, spec)
    makes_master = spec["master_mode"] == "ffv1"
    with ExitStack() as stack:
        parts = {
            kind: stack.enter_context(store.part(key)) for kind, key in _keys(source_id).items()
            if kind != "gold_master" or makes_master
        }  # fmt: skip
        prepared = media.prepare(
            media.PrepareSpec(
                original=str(store.local_path(spec["original"])),
                master=str(parts["gold_master"].path) if makes_master else None,
                proxy=str(parts["review_proxy"].path), audio=str(parts["proxy_audio"].path),
                **{name: spec[name] for name in ("allow_truncated", "proxy_height", "proxy_crf", "proxy_fastdecode")},
            ),
            reporter(spec),
        )  # fmt: skip
        if prepared.audio is None:
            parts.pop("proxy_audio")
        _write_tables(parts, prepared)
        hashes = prepared.sha256
        known = {
            "gold_master": hashes.get("master"), "review_proxy": hashes.get("proxy"), "proxy_audio": hashes.get("audio"),
        }  # fmt: skip
        artifacts = [publish(kind, part, known.get(kind)) for kind, part in parts.items()]
    return _result(spec, artifacts, prepared)


def outcome(unit: Unit, result: Mapping[str, Any]) -> FinishStage:
    """Name the artefacts and what is known of the pictures."""
    artifacts = [Artifact(params_hash=unit.params_hash, **one) for one in result["artifacts"]]
    return finish(unit, result, result["columns"], artifacts=artifacts, pts=result["pts"])


def _refuse_other_bytes(store: Store, spec: Mapping[str, Any]) -> None:
    """Hold the original to the hash it was ingested with: manifests chain from that to the pictures."""
    where = store.uri(spec["original"])
    if store.head(spec["original"]) is None:
        raise MediaError(f"{where} is gone: put it back, then `heaters run`", path=where)
    if hash_file(store.local_path(spec["original"])) != spec["sha256"]:
        raise MediaError(
            f"{where} has changed since it was ingested: put the old file back, then `heaters run`, or ingest the new one",
            path=where,
        )


def _keys(source_id: int) -> dict[str, str]:
    return {
        "gold_master": layout.gold_master(source_id), "review_proxy": layout.review_proxy(source_id),
        "proxy_audio": layout.proxy_audio(source_id), "frame_scores": layout.frame_scores(source_id),
        "frame_index": layout.frame_index(source_id),
    }  # fmt: skip


def _write_tables(parts: Mapping[str, Part], prepared: Prepared) -> None:
    from heaters.catalog import parquet  # noqa: PLC0415 - DuckDB only in workers

    names = ("pts", "offset", "size", "crc32", "picture_crc32")
    metadata = {
        "time_base": _ratio(prepared.time_base), "start_pts": str(prepared.start_pts), "end_pts": str(prepared.end_pts),
        "codec": prepared.codec, "avcc": base64.b64encode(prepared.avcc).decode(), "width": str(prepared.proxy_width),
        "height": str(prepared.proxy_height), "proxy_bytes": str(prepared.bytes["proxy"]),
        "proxy_sha256": prepared.sha256["proxy"],
    }  # fmt: skip
    sound = prepared.audio or {}
    metadata |= {f"audio_{name}": str(value) for name, value in sound.items() if name != "path"}
    parquet.write_columns(
        parts["frame_index"].path, {name: getattr(prepared, name) for name in names}, metadata
    )
    parquet.write_columns(parts["frame_scores"].path, prepared.scores.columns(), {})


def _result(
    spec: Mapping[str, Any], artifacts: Sequence[Mapping[str, Any]], prepared: Prepared
) -> dict[str, Any]:
    keys = {one["kind"]: one["uri"] for one in artifacts}
    columns = {
        "gold_master_filepath": keys.get("gold_master", spec["original"]),
        "proxy_filepath": keys["review_proxy"], "frame_index_filepath": keys["frame_index"],
        "proxy_audio_filepath": keys.get("proxy_audio"),
        "scores_filepath": keys["frame_scores"], "master_mode": spec["master_mode"], **_facts(prepared),
    }  # fmt: skip
    return {
        "columns": columns, "artifacts": list(artifacts), "warnings": list(prepared.warnings), "seconds": prepared.seconds["wall"],
        "bytes": sum(one["bytes"] for one in artifacts), "breakdown": dict(prepared.seconds),
        "pts": None if columns["constant_rate"] else [int(pts) for pts in prepared.pts],
    }  # fmt: skip


def _facts(prepared: Prepared) -> dict[str, Any]:
    fps, base = prepared.fps, prepared.time_base
    return {
        "n_frames": prepared.n_frames, "fps_num": fps.numerator, "fps_den": fps.denominator, "time_base": _ratio(base),
        "start_pts": int(prepared.start_pts), "end_pts": int(prepared.end_pts), "rotation": prepared.rotation,
        "width": prepared.width, "height": prepared.height, "sar_num": prepared.sar.numerator,
        "sar_den": prepared.sar.denominator, "constant_rate": _is_constant(prepared),
        "duration": float((prepared.end_pts - prepared.start_pts) * base),
    }  # fmt: skip


def _is_constant(prepared: Prepared) -> bool:
    """True where every frame, and the end, lies exactly at `number / fps`."""
    step = 1 / (prepared.fps * prepared.time_base)
    if step.denominator != 1:
        return False
    grid = [prepared.start_pts + number * step.numerator for number in range(prepared.n_frames + 1)]
    return grid[:-1] == [int(pts) for pts in prepared.pts] and grid[-1] == prepared.end_pts


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _expected_frames(row: Row) -> int:
    probe = json.loads(row["probe"] or "{}")
    by_time = (probe.get("duration") or 0) * probe.get("fps_num", 0) / (probe.get("fps_den") or 1)
    return int(probe.get("header_frames") or by_time)
