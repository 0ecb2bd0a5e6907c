"""Which films an address means: one, or those of a playlist, asked about before they are taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from heaters.config import Settings
from heaters.errors import NotAvailable, UsageError
from heaters.stages.web import rules_of

Confirm = bool | Callable[[str], bool]
"""The answer to the question whether a playlist is to be taken, or who answers it."""


class Film(NamedTuple):
    """A film that is to be taken.

    Attributes:
        url: as it is asked for.
        shown: the same without what signs it: what messages and the catalog have.
        seen: of `download.look_up`, where somebody has looked already.
    """

    url: str
    shown: str
    seen: Mapping[str, Any] | None = None


def is_address(source: object) -> bool:
    """Tell whether a SOURCE argument is an address, and no file."""
    return "://" in str(source)


def films_at(address: str, settings: Settings, confirm: Confirm) -> list[Film]:
    """The films that an address means; what is there is looked up.

    Raises:
        UsageError: it is no address of the web, or a playlist that nobody has confirmed.
        MediaError: nothing can be taken from there.
    """
    from heaters.media import download  # noqa: PLC0415 - only where something is downloaded

    url = download.web_address(address)
    shown = download.without_secrets(url)
    seen = download.look_up(url, rules_of(settings))
    if "entries" not in seen:
        return [Film(url, shown, seen)]
    entries = seen["entries"][: settings.playlist_limit]
    more = len(seen["entries"]) > len(entries)
    told = f"more than {len(entries)} films, of which the first {len(entries)} are taken (playlist_limit)"
    question = f"{shown} is a playlist, {seen['playlist']!r}, of {told if more else f'{len(entries)} films'}"
    if confirm is False or (callable(confirm) and not confirm(question)):
        raise UsageError(
            f"{question}: to take them, confirm it (--yes, or confirm=True)", url=shown, films=len(entries)
        )
    return [_entry(one["url"]) for one in entries]


def looked_up(film: Film, settings: Settings) -> Mapping[str, Any]:
    """What is known of a film, by looking now if nobody has.

    Raises:
        MediaError: it can't be taken, or is a playlist within one.
    """
    from heaters.media import download  # noqa: PLC0415 - only where something is downloaded

    seen = film.seen or download.look_up(download.web_address(film.url), rules_of(settings))
    if "entries" in seen:
        raise NotAvailable(
            f"{film.shown} is a playlist in a playlist: ingest it by its own address", url=film.shown
        )
    return seen


def _entry(url: str) -> Film:
    from heaters.media.download import without_secrets  # noqa: PLC0415 - only where something is downloaded

    return Film(url, without_secrets(url))
