"""Export: encode an approved clip once, from the gold master, and write the manifest that proves it.

Done when the clip's state is `exported` and its file and manifest are named in `clip_artifacts`.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.requests import Artifact, FinishExport, StartExport
from heaters.config import Settings
from heaters.domain import layout
from heaters.errors import MediaError
from heaters.stages.ingest import hash_file
from heaters.stages.manifests import compose, event_facts
from heaters.stages.publishing import publish
from heaters.stages.reporting import reporter
from heaters.stages.stage import Row, Unit, digest, is_clip_file, op_id
from heaters.storage import Store, open_store

if TYPE_CHECKING:
    from heaters.media.cutter import Cut

NAME: Final = "export"
ORIGINAL: Final = "original"
"""Stands for a preset where the source itself is the clip: its bytes are copied."""
_SOURCE_FACTS: Final = (
    "id", "title", "origin", "origin_url", "sha256", "original_filepath", "gold_master_filepath", "frame_index_filepath", "master_mode",
    "rotation", "time_base", "n_frames", "sar_num", "sar_den", "fps_num", "fps_den",
)  # fmt: skip
_CLIP_FACTS: Final = ("id", "clip_no", "start_frame", "end_frame", "label", "tags", "note", "version")


def pending(clip: Row, preset: str | None) -> bool:
    """Tell whether the clip is to be exported. One that a run which died has left `exporting` is taken up again.

    Args:
        clip: its row, with `uris`: keys of its exported files.
        preset: asked for by name; an exported clip that lacks it gets it. None for the workspace's own, which an
            exported clip needs no more.
    """
    if clip["state"] in {"approved", "exporting", "export_failed"}:
        return True
    return (
        clip["state"] == "exported"
        and preset is not None
        and not any(is_of(uri, preset) for uri in clip["uris"])
    )


def is_of(uri: str, preset: str) -> bool:
    """Tell whether an exported file was made with this preset: each has an extension of its own."""
    from heaters.media.presets import PRESETS  # noqa: PLC0415 - only where a preset is named

    original = re.search(rf"_{ORIGINAL}\.[a-z0-9]+$", uri) is not None
    return original if preset == ORIGINAL else not original and uri.endswith(f".{PRESETS[preset].extension}")


def preset_for(clip: Row, asked: str | None, settings: Settings) -> str:
    """What a clip is exported with: as it was asked for, else the original itself where it is the clip, else as usual.

    Args:
        clip: its row, with `probe` and `n_frames` of its source.
    """
    whole = (clip["start_frame"], clip["end_frame"]) == (0, clip["n_frames"])
    return asked or (ORIGINAL if whole and is_clip_file(clip) else settings.preset)


def plan(clip: Row, source: Row, events: Sequence[Row], preset: str, settings: Settings, store: str) -> Unit:
    """What to encode, and what its manifest shall tell.

    The preset is named in the key where it is not the workspace's, and where another file of the clip, made when the
    workspace had another one, would lose its manifest to this one.
    """
    plain = layout.final_clip(source["id"], clip["clip_no"], _extension(preset, source))
    taken = layout.manifest(plain) in {layout.manifest(uri) for uri in clip["uris"] if uri != plain}
    extra = preset if preset != settings.preset or taken else None
    spec = {
        "store": store, "preset": preset, "suffix": extra, "source": {name: source[name] for name in _SOURCE_FACTS},
        "clip": {name: clip[name] for name in _CLIP_FACTS}, "events": [event_facts(event) for event in events],
    }  # fmt: skip
    label = f"{source['id']}.{clip['clip_no']}"
    return Unit(
        NAME,
        clip["id"],
        label,
        spec,
        *hashes(clip, source, preset),
        clip["end_frame"] - clip["start_frame"],
    )


def _extension(preset: str, source: Row) -> str:
    from heaters.media.presets import PRESETS  # noqa: PLC0415 - only where something is exported

    if preset != ORIGINAL:
        return PRESETS[preset].extension
    return layout.original(source["id"], Path(source["original_filepath"]).suffix).rpartition(".")[2]


def hashes(clip: Row, source: Row, preset: str) -> tuple[str, str]:
    """What names the job: a hash of the frames, and one of the settings."""
    from heaters.media.presets import PRESETS  # noqa: PLC0415 - only where something is exported

    frames = digest(source["sha256"], source["master_mode"], clip["start_frame"], clip["end_frame"])
    return frames, digest(ORIGINAL if preset == ORIGINAL else PRESETS[preset].settings())


def obstacle(clip: Row, exhausted: Row | None) -> str | None:
    """Why the clip has to wait, and the way out; None if it need not.

    Args:
        clip: its row, with the `ingest_state` of its source.
        exhausted: its job, if that has failed as often as is tried. A clip that was approved since is tried again.
    """
    source_id, state = clip["source_video_id"], clip["ingest_state"]
    if state != "ready":
        again = (
            f"`heaters retry {source_id}`, then " if state == "parked" or state.endswith("_failed") else ""
        )
        return f"source {source_id} is {state}: {again}`heaters run`, then `heaters export`"
    if exhausted and clip["state"] in {"export_failed", "exported"}:
        return (
            f"{exhausted['error']} (tried {exhausted['attempts']} times; mend that, then `heaters retry {source_id}` "
            "and `heaters export`)"
        )
    return None


def start(unit: Unit, run_id: int | None) -> StartExport:
    """The command that takes the clip into export."""
    return StartExport(
        unit.subject_id, unit.spec["clip"]["version"], unit.input_hash, unit.params_hash, run_id
    )


def run_one(spec: dict[str, Any]) -> dict[str, Any]:
    """Cut, check, publish the clip, then its manifest."""
    began, store, clip = time.monotonic(), open_store(spec["store"]), spec["clip"]
    master = spec["source"]["gold_master_filepath"]
    if store.head(master) is None:
        raise MediaError(
            f"{store.uri(master)} is gone: put it back, or let `heaters verify`, `heaters retry {spec['source']['id']}` and "
            "`heaters run` make it anew", path=store.uri(master),
        )  # fmt: skip
    extension = _extension(spec["preset"], spec["source"])
    key = layout.final_clip(spec["source"]["id"], clip["clip_no"], extension, spec["suffix"])
    pictures = _pictures(store, spec)
    with store.part(key) as part, store.part(layout.manifest(key)) as note:
        make = _copied if spec["preset"] == ORIGINAL else _encoded
        cut = make(store, spec, part.path, pictures)
        manifest = compose(spec, key, cut, pictures["picture_crc32"])
        note.path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False, default=str) + "\n", "utf-8")
        artifacts = [publish("final_clip", part, cut.sha256), publish("manifest", note)]
    return {
        "filepath": key, "artifacts": artifacts, "frames": cut.frames, "duration": float(cut.duration), "bytes": cut.bytes,
        "seconds": time.monotonic() - began,
    }  # fmt: skip


def _encoded(store: Store, spec: Mapping[str, Any], output: Path, pictures: Mapping[str, Any]) -> Cut:
    from heaters.media import cutter  # noqa: PLC0415 - PyAV only in workers

    clip, source = spec["clip"], spec["source"]
    return cutter.cut(
        cutter.CutSpec(
            master=str(store.local_path(source["gold_master_filepath"])), output=str(output),
            original_is_master=source["master_mode"] == "source", start_frame=clip["start_frame"],
            end_frame=clip["end_frame"], time_base=source["time_base"], rotation=source["rotation"], preset=spec["preset"],
            sar=f"{source['sar_num']}/{source['sar_den']}", metadata=_told(spec), **pictures,
        ),
        reporter(spec),
    )  # fmt: skip


def _copied(store: Store, spec: Mapping[str, Any], output: Path, pictures: Mapping[str, Any]) -> Cut:
    """The original itself, held to the hash that it was ingested with."""
    from heaters.media.cutter import Cut  # noqa: PLC0415 - PyAV only in workers

    source, pts = spec["source"], pictures["pts"]
    original = store.local_path(source["original_filepath"])
    shutil.copyfile(original, output)
    sha256 = hash_file(output)
    if sha256 != source["sha256"]:
        raise MediaError(
            f"{original} has changed since it was ingested: put the old file back", path=str(original)
        )
    duration = float((pts[-1] - pts[0]) * Fraction(source["time_base"]))
    encoder = {"settings": {"name": ORIGINAL}, "libraries": {}}
    return Cut(len(pts) - 1, duration, output.stat().st_size, sha256, None, encoder, 0.0)


def _told(spec: Mapping[str, Any]) -> dict[str, str]:
    """What the file says of itself: only what stays true of these frames, for it is not encoded again for a label."""
    source, clip = spec["source"], spec["clip"]
    ref, name = (
        f"{source['id']}.{clip['clip_no']}",
        (source["origin_url"] or source["title"]).rpartition("/")[2],
    )
    return {
        "title": f"{source['title']} {ref}", "show": source["title"], "episode_id": ref,
        "comment": f"frames {clip['start_frame']} to {clip['end_frame'] - 1} of {name}, sha256 {source['sha256']}",
    }  # fmt: skip


def outcome(unit: Unit, result: Mapping[str, Any]) -> FinishExport:
    """Make the clip physical."""
    named = digest(unit.input_hash, unit.params_hash)
    artifacts = [Artifact(params_hash=named, clip_id=unit.subject_id, **one) for one in result["artifacts"]]
    return FinishExport(
        op_id=op_id(), clip_id=unit.subject_id, input_hash=unit.input_hash, params_hash=unit.params_hash,
        filepath=result["filepath"], main=True, artifacts=artifacts, seconds=result["seconds"],
        bytes=result["bytes"], cut_points=(unit.spec["clip"]["start_frame"], unit.spec["clip"]["end_frame"]),
    )  # fmt: skip


def standing(unit: Unit, artifacts: Sequence[Row]) -> FinishExport | None:
    """The finishing command without any work, where the very same clip lies in the store already."""
    store, named = open_store(unit.spec["store"]), digest(unit.input_hash, unit.params_hash)
    live = [one for one in artifacts if one["params_hash"] == named and one["state"] == "live"]
    sound = {one["uri"] for one in live if _is_sound(store, one)}
    for one in live:
        if one["kind"] == "final_clip" and {one["uri"], layout.manifest(one["uri"])} <= sound:
            return FinishExport(
                op_id(), unit.subject_id, unit.input_hash, unit.params_hash, one["uri"], main=True
            )
    return None


def _is_sound(store: Store, artifact: Row) -> bool:
    """Tell whether a published file still holds the bytes that it was published with."""
    head = store.head(artifact["uri"])
    return (
        head is not None
        and head.bytes == artifact["bytes"]
        and hash_file(store.local_path(artifact["uri"])) == artifact["sha256"]
    )


def _pictures(store: Store, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Exact times of pictures and sound, and checksums of the clip's frames, from the frame index."""
    from heaters.catalog import parquet  # noqa: PLC0415 - DuckDB only in workers

    clip = spec["clip"]
    index, footer = parquet.read_columns(
        store.local_path(spec["source"]["frame_index_filepath"]), ("pts", "picture_crc32")
    )
    pts = [int(value) for value in index["pts"]] + [int(footer["end_pts"])]
    sound = None
    if "audio_start_pts" in footer:
        sound = str(int(footer["audio_start_pts"]) * Fraction(footer["audio_time_base"]))
    return {
        "pts": pts, "start_pts": int(footer["start_pts"]), "audio_start": sound,
        "picture_crc32": [int(crc) for crc in index["picture_crc32"][clip["start_frame"] : clip["end_frame"]]],
    }  # fmt: skip
