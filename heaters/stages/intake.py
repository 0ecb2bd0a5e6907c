"""Before ingest: look at a file without trusting it, and say what it will take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from heaters.config import SETTINGS_FILE, Settings
from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.errors import NotAVideo, NotEnoughSpace, UsageError
from heaters.stages.handover import is_copy
from heaters.stages.ingest import hash_file
from heaters.stages.stage import Row
from heaters.storage import Disk

VIDEO_EXTENSIONS: Final = frozenset({
    "3gp", "asf", "avi", "dv", "flv", "gif", "m2ts", "m4v", "mkv", "mov",
    "mp4", "mpeg", "mpg", "mts", "mxf", "ogv", "ts", "vob", "webm", "wmv", "y4m",
})  # fmt: skip
"""What is taken from a folder; a file that is named itself may have any name."""


def files_of(source: str | Path) -> Iterator[Path]:
    """The files that a SOURCE argument means: itself, or the videos below a folder, sorted.

    Raises:
        UsageError: a folder without a video.
    """
    path = Path(source).expanduser()
    if not path.is_dir():
        yield path.parent.resolve() / path.name
        return
    found = [
        one for one in sorted(path.resolve().rglob("*"))
        if one.suffix[1:].lower() in VIDEO_EXTENSIONS and not one.name.startswith(".") and one.is_file() and not _is_ours(one)
    ]  # fmt: skip
    if not found:
        raise UsageError(f"there is no video in {path}", path=str(path))
    yield from found


def _is_ours(file: Path) -> bool:
    """Tell whether it is an artefact of a workspace, or was handed over: a folder of shows may hold one, or be one."""
    return is_copy(file) or any(
        folder.name in ARTIFACT_FOLDERS and (folder.parent / SETTINGS_FILE).is_file()
        for folder in file.parents
    )


def look(path: Path, settings: Settings, *, clip_file: bool = False) -> dict[str, Any]:
    """Hash a file and probe it in a limited child process.

    Returns:
        sha256, bytes, probe (as JSON, with `projected`: master mode → bytes) and warnings.

    Raises:
        NotAVideo: it can't be one; the message says why.
    """
    from heaters.media.probe import probe_in_child  # noqa: PLC0415 - only where something is ingested
    from heaters.media.projection import projected_bytes  # noqa: PLC0415

    try:
        size = path.stat().st_size
        probe = probe_in_child(path, seconds=settings.probe_seconds, max_pixels=settings.max_pixels)
        sha256 = hash_file(path)
    except FileNotFoundError as error:
        raise NotAVideo(f"{path} does not exist", path=str(path)) from error
    except PermissionError as error:
        raise NotAVideo(f"{path} can't be read: check its owner and mode", path=str(path)) from error
    by_mode = {
        mode: projected_bytes(probe, size, "source" if clip_file else mode, settings.proxy_height)
        for mode in ("ffv1", "source")
    }
    return {
        "sha256": sha256,
        "bytes": size,
        "probe": {**probe.as_json(), "projected": by_mode, **({"clip_file": True} if clip_file else {})},
        "warnings": list(probe.warnings),
    }


def projected(rows: Iterable[Row]) -> dict[str, int]:
    """Master mode → bytes that all these sources are projected to take."""
    needed = {"ffv1": 0, "source": 0}
    for row in rows:
        for mode, count in (json.loads(row["probe"] or "{}").get("projected") or {}).items():
            needed[mode] += count
    return needed


def on_disk(rows: Sequence[Row], settings: Settings, disk: Disk) -> dict[str, int]:
    """Master mode → bytes of this machine's disk that work on all these sources is projected to take at any one time.

    What goes elsewhere is made here first, as many sources at a time as there are workers; copies of it stay within a limit.
    """
    here = [row for row in rows if "://" not in (row["store"] or "")]
    there = [row for row in rows if "://" in (row["store"] or "")]
    copied, needed = original_bytes(here, settings), projected(here)
    for mode, count in needed.items():
        sizes = sorted(
            (projected([row])[mode] + _original_here(row, settings) for row in there), reverse=True
        )
        needed[mode] = count + copied + min(sum(sizes), sum(sizes[: settings.workers]) + disk.kept)
    return needed


def original_bytes(rows: Iterable[Row], settings: Settings) -> int:
    """Bytes of the originals that are still to be copied."""
    lacking = (row["original_bytes"] or 0 for row in rows if not row["original_filepath"])
    return sum(lacking) if settings.originals == "copy" else 0


def _original_here(row: Row, settings: Settings) -> int:
    """Bytes of a copy of the original that work on a source needs beside what it makes."""
    named = row["original_filepath"] or ("/" if settings.originals == "reference" else "")
    return 0 if named.startswith("/") else row["original_bytes"] or 0


def refuse_overflow(needed: Mapping[str, int], settings: Settings, disk: Disk, what: str) -> None:
    """Refuse work whose projected bytes are over the allowed share of the free space.

    Args:
        needed: master mode → bytes.
        disk: where they are written.

    Raises:
        NotEnoughSpace: with both projections in words.
    """
    here, other = needed[settings.master_mode], "source" if settings.master_mode == "ffv1" else "ffv1"
    if here <= settings.free_space_share * disk.free:
        return
    passing = f" on this machine, on its way to {disk.place}" if disk.place else ""
    fewer_copies = ", lower cache_bytes" if disk.place else ""
    raise NotEnoughSpace(
        f"{what} is projected to take {in_words(here)} ({settings.master_mode} masters){passing}, over {settings.free_space_share:.0%} "
        f'of the {in_words(disk.free)} that are free; with master_mode = "{other}" it would be {in_words(needed[other])}. Free some '
        f"space, choose that mode{fewer_copies}, or raise free_space_share",
        projected=dict(needed), free=disk.free,
    )  # fmt: skip


def in_words(count: float) -> str:
    """A number of bytes for people, in powers of 1,000."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:  # noqa: PLR2004 - the step between units
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"
