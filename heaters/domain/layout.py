"""Where artefacts lie in a store: one function for each kind of key."""

from __future__ import annotations

import re
from typing import Final


def original(source_id: int, extension: str) -> str:
    """Bytes as they came; `extension` may come from an untrusted name."""
    return f"originals/video_{source_id}.{_safe_extension(extension)}"


def gold_master(source_id: int) -> str:
    """The lossless archival copy."""
    return f"gold_masters/video_{source_id}_master.mkv"


def review_proxy(source_id: int) -> str:
    """The all-intra proxy with pictures and sound."""
    return f"review_proxies/video_{source_id}_proxy.mp4"


def proxy_audio(source_id: int) -> str:
    """The sound of the proxy alone, the same packets."""
    return f"review_proxies/video_{source_id}_audio.m4a"


def frame_index(source_id: int) -> str:
    """Frame → pts, byte offset, size, checksums."""
    return f"metadata/video_{source_id}_frames.parquet"


def frame_scores(source_id: int) -> str:
    """Per-frame differences and small pictures."""
    return f"metadata/video_{source_id}_scores.parquet"


def web_note(source_id: int) -> str:
    """What is known of a source from the web: what was offered and taken, chapters, subtitles."""
    return f"metadata/video_{source_id}_web.json"


def source_keyframe(source_id: int, frame: int) -> str:
    """The thumbnail of one shot, named by its frame."""
    return f"keyframes/video_{source_id}_frame_{frame:07d}.webp"


def final_clip(source_id: int, clip_no: int, extension: str, preset: str | None = None) -> str:
    """An exported clip; `preset` is named unless it is the workspace's default."""
    suffix = f"_{preset}" if preset else ""
    return f"final_clips/video_{source_id}_clip_{clip_no:03d}{suffix}.{extension}"


def manifest(final_clip_key: str) -> str:
    """The manifest beside an exported clip: its name with `.json` for the extension."""
    return final_clip_key.rpartition(".")[0] + ".json"


def numbers_of(key: str) -> tuple[int, int] | None:
    """Source id and clip number (0 where it is of no clip) of an artefact; None for a name that is not one of ours."""
    folder, _, name = key.partition("/")
    found = re.fullmatch(rf"video_([1-9]\d*)(?:{_NAMES.get(folder, '')})", name)
    return (int(found[1]), int(found["clip_no"] or 0) if folder == "final_clips" else 0) if found else None


_NAMES: Final = {
    "originals": r"\.[a-z0-9]{1,8}",
    "gold_masters": r"_master\.mkv",
    "review_proxies": r"_proxy\.mp4|_audio\.m4a",
    "metadata": r"_(?:frames|scores)\.parquet|_web\.json",
    "keyframes": r"_frame_\d{7,}\.webp",
    "final_clips": r"_clip_(?P<clip_no>\d{3,})(?:_[a-z0-9]+)?\.[a-z0-9]+",
}
ARTIFACT_FOLDERS: Final = tuple(_NAMES)


def _safe_extension(extension: str) -> str:
    letters = re.sub(r"[^a-z0-9]", "", extension.lower())[:8]
    return letters or "bin"
