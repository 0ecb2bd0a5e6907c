"""Detect: stored scores → cuts → virtual clips. Nothing is decoded, unless a detector asks for the proxy.

Done when the state is `ready`. An upload that already is a clip (`needs_splicing = false`) becomes one clip.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.requests import Artifact, FinishStage
from heaters.config import Settings
from heaters.domain import layout
from heaters.domain.cuts import tiling
from heaters.stages.publishing import publish
from heaters.stages.stage import Row, Unit, digest, finish, is_clip_file
from heaters.storage import open_store

if TYPE_CHECKING:
    from heaters.media.detectors import Detection
    from heaters.media.frame_scores import FrameScores

NAME: Final = "detect"


def pending(row: Row, _: Settings) -> bool:
    """Tell whether the scores are there and the clips are not."""
    return row["ingest_state"] in {"prepared", "detecting", "detect_failed"}


def plan(row: Row, settings: Settings, store: str) -> Unit:
    """Detect with the workspace's detector."""
    choices = {
        "detector": settings.detector,
        "min_shot_frames": settings.min_shot_frames,
        "splice": row["needs_splicing"],
    }
    return Unit(
        NAME,
        row["id"],
        row["title"],
        {
            **detection_spec(row, store),
            **choices,
            "clip_file": row["original_filepath"] if is_clip_file(row) else None,
        },
        row["sha256"],
        digest(choices),
    )


def detection_spec(row: Row, store: str) -> dict[str, Any]:
    """Where the stored scores of a source lie."""
    return {
        "store": store, "source_id": row["id"], "n_frames": row["n_frames"], "scores": row["scores_filepath"],
        "proxy": row["proxy_filepath"], "frame_index": row["frame_index_filepath"],
    }  # fmt: skip


def run_one(spec: dict[str, Any]) -> dict[str, Any]:
    """Find the cuts and cut one thumbnail for each shot."""
    began = time.monotonic()
    found = detect_cuts(spec) if spec["splice"] else None
    cuts = [int(cut) for cut in found.cuts] if found else []
    keyframes = publish_keyframes(spec, middle_frames(cuts, spec["n_frames"]))
    return {
        "cuts": cuts, "detector": found.detector if found else None, "params": found.params if found else {},
        "warnings": [found.note] if found and found.note else [], "keyframes": keyframes, "seconds": time.monotonic() - began,
        "bytes": sum(one["bytes"] for one in keyframes),
    }  # fmt: skip


def outcome(unit: Unit, result: Mapping[str, Any]) -> FinishStage:
    """Lay the shots."""
    columns = {"detector": result["detector"], "detector_params": json.dumps(result["params"])}
    artifacts = [Artifact(params_hash=unit.params_hash, **one) for one in result["keyframes"]]
    return finish(
        unit, result, columns, cuts=result["cuts"], detector=result["detector"], artifacts=artifacts,
        clip_filepath=unit.spec["clip_file"],
    )  # fmt: skip


def detect_cuts(spec: Mapping[str, Any]) -> Detection:
    """Run a detector on stored scores, in this process.

    Args:
        spec: of `detection_spec`, with `detector`, `min_shot_frames` and perhaps `threshold`.
    """
    from heaters.media import detectors  # noqa: PLC0415 - only where cuts are found

    return detectors.detect(
        stored_scores(spec), detector=spec["detector"], threshold=spec.get("threshold"),
        min_shot_frames=spec["min_shot_frames"], proxy=open_store(spec["store"]).local_path(spec["proxy"]),
    )  # fmt: skip


def stored_scores(spec: Mapping[str, Any]) -> FrameScores:
    """The scores of a source, as `detection_spec` names them."""
    from heaters.catalog import parquet  # noqa: PLC0415 - only where scores are read
    from heaters.media.frame_scores import FrameScores  # noqa: PLC0415

    columns, _ = parquet.read_columns(open_store(spec["store"]).local_path(spec["scores"]))
    del columns["frame"]
    return FrameScores.of_columns(**columns)


def given_cuts(cuts: Iterable[int], detector: str | None) -> Detection:
    """Cuts that somebody names, as if they had been detected."""
    import numpy as np  # noqa: PLC0415 - only where cuts are compared

    from heaters.media.detectors import Detection  # noqa: PLC0415

    named, score = sorted({int(cut) for cut in cuts}), np.empty(0, np.float32)
    return Detection(named, detector or "", {}, replayed=False, note=None, score=score)


def named(found: Detection) -> str | None:
    """What `clips.detector` keeps of it: the name, and the parameters as JSON behind it, if there are any."""
    params = f" {json.dumps(found.params)}" if found.params else ""
    return f"{found.detector}{params}" or None


def comparison(found: Detection, before: set[int], after: set[int]) -> dict[str, Any]:
    """What a detection would change, or has changed.

    Args:
        found: what was detected.
        before: cuts that stood.
        after: cuts as they are then; those of `found` that are not among them, and the other way round, are `held`.
    """
    cuts = {int(cut) for cut in found.cuts}
    changes = {
        "added": after - before, "removed": before - after, "kept": after & before, "held": cuts ^ after,
    }  # fmt: skip
    return {
        "cuts": sorted(cuts), **{name: sorted(frames) for name, frames in changes.items()},
        "detector": found.detector, "params": found.params, "note": found.note,
    }  # fmt: skip


def middle_frames(cuts: Iterable[int], n_frames: int) -> list[int]:
    """The frame in the middle of each shot: what its thumbnail shows."""
    return [(shot.start_frame + shot.end_frame) // 2 for shot in tiling(cuts, n_frames)]


def publish_keyframes(spec: Mapping[str, Any], frames: Sequence[int]) -> list[dict[str, Any]]:
    """Cut thumbnails from the proxy by byte range and publish them; returns artefacts as dicts."""
    from heaters.catalog import parquet  # noqa: PLC0415 - only in workers
    from heaters.media import thumbnails  # noqa: PLC0415

    store = open_store(spec["store"])
    columns, footer = parquet.read_columns(store.local_path(spec["frame_index"]), ("offset", "size", "crc32"))
    picked = {name: values[list(frames)].tolist() for name, values in columns.items()}
    packets = thumbnails.read_packets(
        store.local_path(spec["proxy"]), picked["offset"], picked["size"], picked["crc32"], frames
    )
    avcc = base64.b64decode(footer["avcc"])
    artifacts = []
    for frame, packet in zip(frames, packets, strict=True):
        key = layout.source_keyframe(spec["source_id"], frame)
        with store.part(key) as part:
            part.path.write_bytes(thumbnails.thumbnail(avcc, packet))
            artifacts.append(publish("source_keyframe", part, frame=frame))
    return artifacts
