"""Taking a film from what a page offers: the selections in turn, each part into a file of its own, every try on record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD

from heaters.errors import MediaError, NotAvailable
from heaters.media import web_formats
from heaters.media.web_errors import as_ours

if TYPE_CHECKING:
    from yt_dlp import YoutubeDL

    from heaters.media.download import Rules
    from heaters.media.web_child import Said

_TEXT: Final = 300
_LONG_TEXT: Final = 5000
_CHAPTERS: Final = 500
_SUBTITLES: Final = 40
_SUBTITLE_BYTES: Final = 2 << 20
_PLACE: Final = "heaters_bytes"


class Taking(NamedTuple):
    """What was taken.

    Attributes:
        parts: files, the pictures (or all) first.
        attempts: the selections that were tried: `why`, `selection`, `formats` that it chose, and the `error`, if any.
        offered: all formats, as `web_formats.told`.
        largest: width and height of the largest pictures that are offered.
        chosen: formats that the parts are.
    """

    parts: list[str]
    attempts: list[dict[str, Any]]
    offered: list[dict[str, Any]]
    largest: tuple[int, int] | None
    chosen: list[dict[str, Any]]


class _Resumed:
    """Fragments that are joined again exactly where they were cut off.

    yt-dlp (2026.10) appends a fragment, then notes that, and forgets its notes before the file has its name: killed in
    between, it appends what is there already. So the note says how long the file was, and what is behind that is cut off.
    """

    def _read_ytdl_file(self, ctx: dict[str, Any]) -> None:
        super()._read_ytdl_file(ctx)  # type: ignore[misc]
        sound = not ctx.get("ytdl_corrupt") and ctx["fragment_index"]
        _cut(ctx, ctx.get("extra_state", {}).get(_PLACE, 0) if sound else 0)

    def _write_ytdl_file(self, ctx: dict[str, Any]) -> None:
        stream = ctx.get("dest_stream")
        if stream is None:  # it begins anew
            _cut(ctx, 0)
        ctx.setdefault("extra_state", {})[_PLACE] = stream.tell() if stream else 0
        super()._write_ytdl_file(ctx)  # type: ignore[misc]


def _cut(ctx: Mapping[str, Any], length: int) -> None:
    part = Path(ctx["tmpfilename"])
    if part.exists() and part.stat().st_size > length:
        with part.open("r+b") as file:
            file.truncate(length)


class _Hls(_Resumed, HlsFD):  # type: ignore[misc]
    pass


class _Dash(_Resumed, DashSegmentsFD):  # type: ignore[misc]
    pass


_DOWNLOADERS: Final = {
    "http": HttpFD, "https": HttpFD, "m3u8": _Hls, "m3u8_native": _Hls, "http_dash_segments": _Dash,
}  # fmt: skip
"""The only ones: yt-dlp's others start programs, or speak other protocols than http(s)."""


def entries_of(info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Address and title of what a playlist holds; nothing where it is a single film."""
    if info.get("_type") not in {"playlist", "multi_video"}:
        return []
    told = [(_address(one, info.get("webpage_url")), one) for one in info.get("entries") or () if one]
    found = [{"url": url, "title": _short(one.get("title"))} for url, one in told if url]
    if not found:
        raise NotAvailable(f"{_short(info.get('title')) or 'the playlist'} is an empty playlist")
    return found


def _address(entry: Mapping[str, Any], page: str | None) -> str | None:
    """Where a film of a playlist is; those of a page with several films all tell that page as their own."""
    own = entry.get("webpage_url")
    address = own if own and own != page else entry.get("url")
    return str(address) if address else None


def facts(info: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a page: who, what and when, and no address that may hold a key."""
    chapters = [
        {"start_time": one.get("start_time"), "end_time": one.get("end_time"), "title": _short(one.get("title"))}
        for one in (info.get("chapters") or ())[:_CHAPTERS]
    ]  # fmt: skip
    formats = _formats(info)
    return {
        "id": _short(info.get("id")), "extractor": _short(info.get("extractor_key")), "title": _short(info.get("title")),
        "uploader": _short(info.get("uploader") or info.get("channel")), "upload_date": _short(info.get("upload_date")),
        "duration": info.get("duration"), "description": _short(info.get("description"), _LONG_TEXT), "chapters": chapters,
        "subtitles": sorted(info.get("subtitles") or {}), "largest": web_formats.largest(formats), "formats": len(formats),
    }  # fmt: skip


def refuse_unfit(info: Mapping[str, Any], rules: Rules, shown: str) -> None:
    """Refuse what is not over yet, and what is too long.

    Raises:
        NotAvailable: the message says which.
    """
    if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming"}:
        raise NotAvailable(f"{shown} is live: ingest it when it has ended", url=shown)
    if (info.get("duration") or 0) > rules.max_hours * 3600:
        raise NotAvailable(
            f"{shown} lasts {info['duration'] / 3600:.1f} hours, more than the {rules.max_hours:g} that the setting "
            "max_source_hours allows", url=shown,
        )  # fmt: skip


def expected_bytes(ydl: YoutubeDL, info: Mapping[str, Any]) -> int:
    """How much the first selection would download; 0 where the page does not say."""
    return web_formats.projected_bytes(_select(ydl, web_formats.BEST, _formats(info)))


def take(ydl: YoutubeDL, info: dict[str, Any], rules: Rules, folder: Path, shown: str, said: Said) -> Taking:
    """Try the selections in turn until one is on disk; a format that has failed is not among the next ones.

    What fails for the network is not tried in a lesser format: it is raised, and a later run goes on from the same bytes.

    Raises:
        MediaError: none could be had; the message is of the first that failed, or says what less there is.
    """
    formats, failed, errors = _formats(info), set[str](), list[MediaError]()
    most, attempts = web_formats.largest(formats), list[dict[str, Any]]()
    for selection, why in web_formats.choices(best_only=rules.best_only):
        chosen = _select(ydl, selection, [one for one in formats if one["format_id"] not in failed])
        names = [one["format_id"] for one in chosen]
        if not chosen or any(one["formats"] == names for one in attempts):
            continue
        size = web_formats.largest(chosen)
        attempts.append({"why": why, "selection": selection, "formats": names})
        try:
            if rules.best_only and web_formats.is_less(size, most):
                raise _less(shown, size, most)
            _refuse_large(chosen, rules, shown)
            parts = _download(ydl, info, chosen, folder, rules, shown, said, failed)
        except MediaError as error:
            if not error.permanent:
                raise
            attempts[-1]["error"] = error.message
            errors.append(error)
            continue
        if web_formats.is_less(size, most):
            said.warning(
                f"taken in {web_formats.in_words(size)} of {web_formats.in_words(most)} that are offered ({why}); "
                "require_best_quality = true takes the largest in whatever container"
            )
        return Taking(
            parts, attempts, [*map(web_formats.told, formats)], most, [*map(web_formats.told, chosen)]
        )
    raise min(errors, key=lambda one: "offered" in one.facts, default=_nothing(shown))


def _less(shown: str, size: tuple[int, int] | None, most: tuple[int, int] | None) -> NotAvailable:
    return NotAvailable(
        f"{shown} offers {web_formats.in_words(most)}, but only {web_formats.in_words(size)} can be taken; "
        "require_best_quality = false takes less", url=shown, offered=most)  # fmt: skip


def _nothing(shown: str) -> NotAvailable:
    return NotAvailable(
        f"{shown} offers nothing that can be downloaded without other programs: download it otherwise and ingest the file",
        url=shown,
    )  # fmt: skip


def subtitles(ydl: YoutubeDL, info: Mapping[str, Any], said: Said) -> dict[str, dict[str, str]]:
    """The subtitles that people have made, as text by language; one that can't be had is a warning."""
    found: dict[str, dict[str, str]] = {}
    for language, one in list((info.get("requested_subtitles") or {}).items())[:_SUBTITLES]:
        refused = len(said.refused)
        try:
            data = one["data"].encode() if one.get("data") else ydl.urlopen(one["url"]).read(_SUBTITLE_BYTES)
            if data.lstrip()[:7] == b"#EXTM3U":
                raise ValueError("they come in pieces")  # noqa: TRY301 - one way out for all
            found[language] = {"format": str(one.get("ext")), "text": data.decode("utf-8", "replace")}
        except Exception as error:  # noqa: BLE001 - a film without its subtitles is still the film
            why = f"{said.refused[-1]} is no public address" if len(said.refused) > refused else error
            said.warning(f"its subtitles in {language} could not be kept: {why}")
    return found


def _select(ydl: YoutubeDL, selection: str, formats: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    fit = [one for one in formats if web_formats.can_be_fetched(one)]
    silent = all(one.get("acodec") == "none" for one in fit) or all(
        one.get("vcodec") == "none" for one in fit
    )
    whole = any("none" not in {one.get("acodec"), one.get("vcodec")} for one in fit)
    context = {"formats": fit, "incomplete_formats": silent, "has_merged_format": whole}
    found = list(ydl.build_format_selector(selection)(context))
    return list(found[0].get("requested_formats") or found[:1]) if found else []


def _formats(info: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(info.get("formats") or ([info] if info.get("url") else []))


def _refuse_large(chosen: Sequence[Mapping[str, Any]], rules: Rules, shown: str) -> None:
    size = web_formats.projected_bytes(chosen)
    if size > rules.max_bytes:
        raise NotAvailable(
            f"{shown} has about {size / 1e9:.1f} GB, more than the {rules.max_bytes / 1e9:g} GB that the setting "
            "max_download_bytes allows", url=shown,
        )  # fmt: skip


def _download(
    ydl: YoutubeDL, info: Mapping[str, Any], chosen: Sequence[dict[str, Any]], folder: Path, rules: Rules, shown: str,
    said: Said, failed: set[str],
) -> list[str]:  # fmt: skip
    """Fetch the parts, or what is missing of them; their names are made here, of nothing that a page says."""
    parts: list[str] = []
    whole = {name: value for name, value in info.items() if name not in {"formats", "requested_formats"}}
    before = 0

    def hook(state: Mapping[str, Any]) -> None:
        done = before + int(state.get("downloaded_bytes") or state.get("total_bytes") or 0)
        if max(done, before + int(state.get("total_bytes") or 0)) > rules.max_bytes:
            most = f"{rules.max_bytes / 1e9:g} GB"
            raise NotAvailable(
                f"{shown} is larger than the {most} that the setting max_download_bytes allows", url=shown
            )
        said.progress(done)

    for one in chosen:
        failed.add(one["format_id"])
        refused, path = len(said.refused), folder / _name(info, one)
        _go_on_from(path)
        downloader = _DOWNLOADERS[one["protocol"]](ydl, ydl.params)
        downloader.add_progress_hook(hook)
        try:
            done, _ = downloader.download(str(path), {**whole, **one})
        except Exception as error:
            ours = as_ours(shown, error, said.refused[refused:], looking=False)
            for piece in folder.glob(f"{path.name}.*") if ours.permanent else ():
                piece.unlink()
            if ours is error:
                raise
            raise ours from error
        if not done or not path.is_file():
            raise NotAvailable(f"{shown} could not be downloaded in format {one['format_id']}", url=shown)
        failed.remove(one["format_id"])
        parts.append(str(path))
        before += path.stat().st_size
    return parts


def _go_on_from(path: Path) -> None:
    """Make what was left of a download fit to be gone on with.

    yt-dlp (2026.10) asks a server for what is behind the end of a file that was whole when it was killed, and fails by
    the answer 416. So a file lacks its last byte, and a fragment that was not joined yet comes anew.
    """
    for fragment in path.parent.glob(f"{path.name}.part-Frag*"):
        fragment.unlink()
    part = path.with_name(f"{path.name}.part")
    if part.exists() and part.stat().st_size and not path.with_name(f"{path.name}.ytdl").exists():
        with part.open("r+b") as file:
            file.truncate(part.stat().st_size - 1)


def _name(info: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """A name that is equal only for equal bytes, as far as a page tells them apart: what lies there is gone on with."""
    told = [info.get("id"), info.get("timestamp"), info.get("duration"), web_formats.told(one)]
    extension = str(one.get("ext"))
    safe = extension if extension.isalnum() and len(extension) < 8 else "bin"  # noqa: PLR2004 - letters
    return f"{hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]}.{safe}"


def _short(text: Any, most: int = _TEXT) -> str | None:
    """Text without control characters, cut off where it is long."""
    if text is None:
        return None
    line = "".join(one if one.isprintable() or one == "\n" else " " for one in str(text)).strip()
    return (line if most > _TEXT else " ".join(line.split()))[:most]
