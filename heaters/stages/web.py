"""Ingest from the web: look at a page, download the best that it offers, and give it a container that programs read well."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heaters.config import Settings
from heaters.domain import layout
from heaters.domain.stopping import heed
from heaters.errors import NotAVideo, NotEnoughSpace
from heaters.stages import intake
from heaters.stages.downloads import clear, folder_of, held
from heaters.stages.publishing import publish
from heaters.stages.stage import Row, Unit, digest
from heaters.storage import open_store

if TYPE_CHECKING:
    from heaters.media.download import Rules

_NEEDED: Final = (
    "allow_private_addresses", "cookies_file", "download_seconds", "free_space_share", "lookup_seconds", "master_mode",
    "max_download_bytes", "max_pixels", "max_source_hours", "playlist_limit", "probe_seconds", "proxy_height",
    "require_best_quality",
)  # fmt: skip
_SUFFIXES: Final = {"mp4": "mp4", "matroska": "mkv"}
_NO_KEYS: Final = frozenset({"Generic", "HTML5MediaEmbed"})
"""Extractors whose ids are parts of an address, equal for films of different sites."""
_ROW_FACTS: Final = (
    "title", "uploader", "upload_date", "duration", "extractor", "id", "chapters", "subtitles", "largest", "bytes",
)  # fmt: skip

Report = Callable[[int], None]


def rules_of(settings: Settings) -> Rules:
    """What a download may do, by the settings."""
    from heaters.media.download import Rules  # noqa: PLC0415 - only where something is downloaded

    return Rules(
        allow_private=settings.allow_private_addresses, best_only=settings.require_best_quality,
        cookies_file=settings.cookies_file, lookup_seconds=settings.lookup_seconds, max_bytes=settings.max_download_bytes,
        max_hours=settings.max_source_hours, playlist_limit=settings.playlist_limit, seconds=settings.download_seconds,
    )  # fmt: skip


def note_of(url: str, facts: Mapping[str, Any], *, clip_file: bool = False) -> dict[str, Any]:
    """What the row of a source has of a page, as its `probe`, before anything is downloaded.

    Its `web_key` is by what the same film is known again: the extractor's id, or the address where ids mean nothing.
    """
    known = facts["extractor"] not in _NO_KEYS and facts["id"]
    key = f"{facts['extractor']}:{facts['id']}" if known else url
    kept = {name: facts[name] for name in _ROW_FACTS if facts.get(name)}
    return {"web": {"web_key": key, "url": url, **kept}, **({"clip_file": True} if clip_file else {})}


def plan(row: Row, settings: Settings, store: str) -> Unit:
    """Download what the row names. Whoever runs it adds the folder `home`, where unfinished downloads lie."""
    spec = {
        "store": store, "source_id": row["id"], "url": row["origin_url"], "probe": json.loads(row["probe"] or "{}"),
        "settings": {name: getattr(settings, name) for name in _NEEDED},
    }  # fmt: skip
    total = spec["probe"].get("web", {}).get("bytes", 0)
    return Unit("ingest", row["id"], row["title"], spec, digest(row["origin_url"]), digest("web"), total)


def fetch(spec: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Download, or go on with what is there, then look at the film as at any file, and publish it.

    Raises:
        MediaError: it can't be had, or is no film.
        NotEnoughSpace: it does not fit on the disk.
        StageFailed: another process downloads it.
    """
    from heaters.media import download  # noqa: PLC0415 - only where something is downloaded

    began, settings = time.monotonic(), Settings(**spec["settings"])
    folder, shown = folder_of(spec["home"], spec["source_id"]), spec["probe"]["web"]["url"]
    with held(folder) as lock:
        told = download.fetch(
            spec["url"], folder, rules_of(settings), spec.get("info"), report, keep_open=lock
        )
        seconds = time.monotonic() - began
        parts = [Path(part) for part in told["parts"]]
        count = sum(part.stat().st_size for part in parts)
        _refuse_overflow(count, folder, shown)
        film, why, seen = _looked_at(parts, folder, settings, shown)
        web = {
            **spec["probe"].get("web", {}), **note_of(shown, told["facts"])["web"],
            "web_key": spec["probe"]["web"]["web_key"], "attempts": told["attempts"], "largest": told["largest"],
            "taken": [seen["probe"]["width"], seen["probe"]["height"]], "formats": told["chosen"],
            "requires_normalization": why, "bytes_per_second": round(count / max(seconds, 1e-3)),
        }  # fmt: skip
        probe = {**spec["probe"], **seen["probe"], "web": web}
        return {
            **_published(spec, film, seen, {**web, **told["facts"], "offered": told["offered"], "texts": told["subtitles"]}),
            "probe": probe, "warnings": [*told["warnings"], *seen["warnings"]], "seconds": time.monotonic() - began,
        }  # fmt: skip


def in_words(probe: Mapping[str, Any]) -> str:
    """What was taken of what was offered, for people; empty before the download."""
    web = probe.get("web") or {}
    if not web.get("taken"):
        return ""
    codecs = " + ".join(
        str(one[name]).partition(".")[0] for one in web["formats"] for name in ("vcodec", "acodec")
        if one.get(name) not in (None, "none")
    )  # fmt: skip
    offered = web["largest"] or web["taken"]
    why = f", remuxed ({web['requires_normalization']})" if web["requires_normalization"] else ""
    return (
        f"taken in {web['taken'][0]}x{web['taken'][1]} of {offered[0]}x{offered[1]} offered"
        f"{f', {codecs}' if codecs else ''}, {intake.in_words(web['bytes_per_second'])}/s{why}"
    )


def _looked_at(
    parts: Sequence[Path], folder: Path, settings: Settings, shown: str
) -> tuple[Path, str | None, dict[str, Any]]:
    """The film, why it was remuxed, and what is seen in it; of what is no film nothing is left to go on with."""
    film = parts[0]
    try:
        film, why = _whole(parts, folder, settings)
        return film, why, intake.look(film, settings)
    except NotAVideo as error:
        clear(folder)
        told = error.message
        for path in {*parts, film}:
            told = told.replace(str(path), shown)
        raise NotAVideo(told, url=shown) from error


def _whole(parts: Sequence[Path], folder: Path, settings: Settings) -> tuple[Path, str | None]:
    """One good file, and why the download was none; what arrived is looked at before it is taken apart."""
    from heaters.media.probe import probe_in_child  # noqa: PLC0415 - PyAV only where it is used
    from heaters.media.remux import fitting_container, remux, why_remux  # noqa: PLC0415

    probe_in_child(parts[0], seconds=settings.probe_seconds, max_pixels=settings.max_pixels)
    why = why_remux(parts)
    if why is None:
        return parts[0], None
    container = fitting_container(parts)
    film = folder / f"whole.{_SUFFIXES[container]}"
    remux(parts, film, container, lambda _: heed())
    return film, why


def _published(
    spec: Mapping[str, Any], film: Path, seen: Mapping[str, Any], note: Mapping[str, Any]
) -> dict[str, Any]:
    store, key = open_store(spec["store"]), layout.original(spec["source_id"], film.suffix)
    with store.part(key) as part, store.part(layout.web_note(spec["source_id"])) as sidecar:
        shutil.copyfile(film, part.path)
        sidecar.path.write_text(json.dumps(note, indent=1, ensure_ascii=False) + "\n", "utf-8")
        files = [publish("original", part, seen["sha256"]), publish("manifest", sidecar)]
    return {"original_filepath": key, "bytes": seen["bytes"], "sha256": seen["sha256"], "artifacts": files}


def _refuse_overflow(count: int, folder: Path, url: str) -> None:
    free = shutil.disk_usage(folder).free
    if 2 * count > free:
        raise NotEnoughSpace(
            f"{url} has {intake.in_words(count)}, and a copy of it does not fit in the {intake.in_words(free)} that are free: "
            "free some space, then `heaters run`", free=free,
        )  # fmt: skip
