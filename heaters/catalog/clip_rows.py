"""Clips as rows: read them as values of the core, write a change with its versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Change
from heaters.domain.model import CLIP_FIELDS, Clip
from heaters.errors import StaleVersion

COLUMNS: Final = ", ".join(CLIP_FIELDS)
_FIXED: Final = frozenset({"id", "clip_no", "source_video_id", "version"})
_TYPES: Final[Mapping[str, str]] = {
    "start_frame": "BIGINT", "end_frame": "BIGINT", "is_virtual": "BOOLEAN", "group_id": "BIGINT", "tags": "VARCHAR[]",
    "decided_at": "TIMESTAMP",
}  # fmt: skip
"""Types of the columns that are not text."""
_FEW: Final = 4
"""Up to so many UPDATEs are quicker than one that joins a list of values."""


def read_clips(tx: Transaction, where: str, parameters: Sequence[Any] = ()) -> list[Clip]:
    """Clips that meet a condition, by source and start frame."""
    rows = map(Clip.from_row, tx.tuples(f"SELECT {COLUMNS} FROM clips WHERE {where}", parameters))
    return sorted(rows, key=lambda clip: (clip.source_video_id, clip.start_frame, clip.id))


def clips_by_id(tx: Transaction, clip_ids: Iterable[int]) -> list[Clip]:
    """The clips of these ids, by source and start frame."""
    ids = ", ".join(str(int(one)) for one in clip_ids)
    return read_clips(tx, f"id IN ({ids})") if ids else []


def clip_numbers(source_id: int) -> str:
    """The counter of clip numbers of a source."""
    return f"clip_no:{source_id}"


def write_change(tx: Transaction, change: Change) -> None:
    """Write the rows after a change; every old row must still be at the version it was read at.

    Raises:
        StaleVersion: a row is not, which can only happen if somebody wrote past the lock.
    """
    before = {clip.id: clip for clip in change.before}
    _insert_clips(tx, [clip for clip in change.after if clip.id not in before])
    alike: dict[tuple[Any, ...], list[int]] = {}
    for clip in change.after:
        if clip.id in before:
            alike.setdefault(_difference(before[clip.id], clip), []).append(clip.id)
    met = _update_each(tx, alike) if len(alike) <= _FEW else _update_all(tx, change, before)
    if met != len(before):
        refs = ", ".join(clip.ref for clip in change.before)
        raise StaleVersion(f"one of the clips {refs} has changed meanwhile; look again, then decide")


def _difference(old: Clip, new: Clip) -> tuple[Any, ...]:
    """Old version, new version, then names and values of the columns that differ."""
    was, now = old.__dict__, new.__dict__
    return old.version, new.version, *(
        (name, now[name]) for name in CLIP_FIELDS if name not in _FIXED and was[name] != now[name]
    )  # fmt: skip


def _update_each(tx: Transaction, alike: Mapping[tuple[Any, ...], list[int]]) -> int:
    """One UPDATE for each set of clips that change in the same way. Returns how many rows it met."""
    met = 0
    for (old, new, *changes), ids in alike.items():
        sets = "".join(f"{name} = ?, " for name, _ in changes)
        values = [list(value) if isinstance(value, tuple) else value for _, value in changes]
        named = ", ".join(map(str, ids))
        met += tx.change(
            f"UPDATE clips SET {sets}version = ? WHERE id IN ({named}) AND version = ?", [*values, new, old]
        )
    return met


def _update_all(tx: Transaction, change: Change, before: Mapping[int, Clip]) -> int:
    """One UPDATE for many clips that each change in their own way. Returns how many rows it met."""
    rows = [clip for clip in change.after if clip.id in before]
    names = [
        name
        for name in CLIP_FIELDS
        if any(getattr(one, name) != getattr(before[one.id], name) for one in rows)
    ]
    sets = ", ".join(
        f"{name} = n.{name}::{_TYPES.get(name, 'BIGINT' if name == 'version' else 'VARCHAR')}"
        for name in names
    )
    met = 0
    for begin in range(0, len(rows), 200):
        chunk = rows[begin : begin + 200]
        marks = ", ".join(f"(?, ?, {', '.join('?' for _ in names)})" for _ in chunk)
        values = [
            list(value) if isinstance(value, tuple) else value
            for one in chunk for value in (one.id, before[one.id].version, *(getattr(one, name) for name in names))
        ]  # fmt: skip
        met += tx.change(
            f"UPDATE clips SET {sets} FROM (VALUES {marks}) AS n(of_id, was, {', '.join(names)}) "
            "WHERE clips.id = n.of_id::BIGINT AND clips.version = n.was::BIGINT", values,
        )  # fmt: skip
    return met


def _insert_clips(tx: Transaction, clips: Sequence[Clip]) -> None:
    if not clips:
        return
    per_source = Counter(clip_numbers(clip.source_video_id) for clip in clips)
    tx.use_ids({"clips": len(clips), **per_source})
    names = [name for name in CLIP_FIELDS if any(getattr(clip, name) not in (None, ()) for clip in clips)]
    rows = ({name: getattr(clip, name) for name in names} for clip in clips)
    tx.insert("clips", [{**row, "tags": list(row["tags"])} if "tags" in row else row for row in rows])
