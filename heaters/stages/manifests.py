"""Manifests: what proves an exported clip, from the source's bytes to the output's, and how each link is checked.

source sha256 → checksums of its pictures → events → encoder → output sha256
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from heaters.domain import layout
from heaters.stages.ingest import hash_file
from heaters.stages.stage import Row
from heaters.storage import Store, open_store

_SOURCE_FACTS: Final = ("id", "title", "origin", "origin_url", "sha256", "n_frames", "master_mode")
_EVENT_FACTS: Final = ("op_id", "reviewer", "action", "frame")
Fault = tuple[int | None, str]


def compose(spec: Mapping[str, Any], key: str, cut: Any, crcs: Sequence[int]) -> dict[str, Any]:
    """The manifest of a clip.

    Args:
        spec: of the export unit.
        key: of the exported file.
        cut: what the cutter told.
        crcs: checksums of the clip's pictures, in order.
    """
    clip, source = spec["clip"], spec["source"]
    return {
        "manifest": 1,
        "source": {name: source[name] for name in _SOURCE_FACTS},
        "clip": {
            "ref": f"{source['id']}.{clip['clip_no']}", **clip, "time_base": source["time_base"],
            "frames": clip["end_frame"] - clip["start_frame"],
        },
        "pictures": {"of": "gold master, presentation order", "crc32": list(crcs)},
        "events": list(spec["events"]),
        "encoder": {"preset": spec["preset"], **cut.encoder},
        "output": {
            "key": key, "bytes": cut.bytes, "sha256": cut.sha256, "frames": cut.frames, "duration": float(cut.duration), "audio": cut.audio,
        },
    }  # fmt: skip


def event_facts(event: Row) -> dict[str, Any]:
    """What a manifest keeps of one event."""
    return {**{name: event[name] for name in _EVENT_FACTS}, "ts": event["ts"].isoformat()}


def manifest_problems(store_address: str, source: Row, files: Sequence[Row]) -> list[dict[str, Any]]:
    """Derive what the manifests of a source must say from its frame index, and name what differs.

    Args:
        store_address: where everything lies.
        source: its row.
        files: rows with `kind`, `uri`, `sha256` and `clip_no`, of all exported clips and their manifests.

    Returns:
        Rows with `source_id`, `frame` (or None) and `what`; at most one for each exported file.
    """
    from heaters.catalog import parquet  # noqa: PLC0415 - only where something is verified

    store = open_store(store_address)
    if not files or store.head(source["frame_index_filepath"]) is None:
        return []
    index, _ = parquet.read_columns(store.local_path(source["frame_index_filepath"]), ("picture_crc32",))
    crcs, hashes = index["picture_crc32"].tolist(), {row["uri"]: row["sha256"] for row in files}
    found = (
        (row, _fault(store, source, row["uri"], hashes, crcs)) for row in files if row["kind"] == "final_clip"
    )
    return [
        {"source_id": source["id"], "frame": fault[0], "what": f"clip {source['id']}.{row['clip_no']}: {fault[1]}"}
        for row, fault in found if fault
    ]  # fmt: skip


def _fault(
    store: Store, source: Row, key: str, hashes: Mapping[str, str], crcs: Sequence[int]
) -> Fault | None:
    """The first thing that is wrong with an exported clip: a frame, if it is one, and what."""
    note = layout.manifest(key)
    for needed in (key, note):
        if store.head(needed) is None:
            return None, f"{store.uri(needed)} is missing"
    if hash_file(store.local_path(key)) != hashes[key]:
        return None, f"{store.uri(key)} has changed since it was exported"
    try:
        told = json.loads(store.local_path(note).read_text("utf-8"))
        fault = _picture_fault(told, crcs) or _chain_fault(told, source, hashes[key])
    except (ValueError, KeyError, TypeError, IndexError):
        return None, f"{store.uri(note)} is no manifest any more"
    if fault is None and hash_file(store.local_path(note)) != hashes.get(note):
        return None, f"{store.uri(note)} has changed since it was written"
    return fault


def _picture_fault(told: Mapping[str, Any], crcs: Sequence[int]) -> Fault | None:
    start, end, said = told["clip"]["start_frame"], told["clip"]["end_frame"], told["pictures"]["crc32"]
    if len(said) != end - start or told["output"]["frames"] != end - start:
        return None, "its manifest counts other frames than its cut points"
    for number, crc in enumerate(said, start):
        if crcs[number] != crc:
            return number, f"its manifest has another picture at frame {number}"
    return None


def _chain_fault(told: Mapping[str, Any], source: Row, output_sha256: str) -> Fault | None:
    if told["source"]["sha256"] != source["sha256"]:
        return None, "its manifest is of another source"
    if told["output"]["sha256"] != output_sha256:
        return None, "its manifest is of another output"
    return None
