"""Clips as rows: read them as values of the core, write a change with its versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Board, Change
from heaters.domain.model import Clip
from heaters.errors import StaleVersion

COLUMNS: Final = (
    "id", "clip_no", "source_video_id", "start_frame", "end_frame", "state", "is_virtual", "clip_filepath", "group_id",
    "version", "label", "tags", "note", "origin", "detector", "reviewer", "decided_at",
)  # fmt: skip
_TAGS: Final = COLUMNS.index("tags")
_WRITTEN: Final = tuple(name for name in COLUMNS if name not in {"id", "clip_no", "source_video_id"})


def to_clip(row: Sequence[Any]) -> Clip:
    """A clip from the values of `COLUMNS`, in that order."""
    return Clip(*row[:_TAGS], tuple(row[_TAGS]), *row[_TAGS + 1 :])


def read_clips(tx: Transaction, where: str, parameters: Sequence[Any]) -> list[Clip]:
    """Clips that meet a condition, by source and start frame."""
    sql = f"SELECT {', '.join(COLUMNS)} FROM clips WHERE {where} ORDER BY source_video_id, start_frame, id"
    return [to_clip(row) for row in tx.tuples(sql, parameters)]


def read_board(tx: Transaction, source_ids: Sequence[int]) -> Board:
    """All that a decision on these sources is made on."""
    marks = ", ".join("?" for _ in source_ids) or "NULL"
    clips = read_clips(tx, f"source_video_id IN ({marks}) AND state <> 'superseded'", source_ids)
    lengths = tx.tuples(f"SELECT id, n_frames FROM source_videos WHERE id IN ({marks})", source_ids)
    return Board(
        clips=tuple(clips), n_frames=dict(lengths), next_id=tx.peek_id("clips"),
        next_no={source_id: tx.peek_id(clip_numbers(source_id)) for source_id in source_ids}, now=tx.now,
    )  # fmt: skip


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
    sets = ", ".join(f"{name} = ?" for name in _WRITTEN)
    for clip in change.after:
        old = before.get(clip.id)
        if old is None:
            continue
        row = _row(clip)
        met = tx.change(
            f"UPDATE clips SET {sets} WHERE id = ? AND version = ?",
            [*(row[name] for name in _WRITTEN), clip.id, old.version],
        )
        if met != 1:
            raise StaleVersion(f"clip {clip.ref} has changed meanwhile; look again, then decide", clip_id=clip.id)


def _insert_clips(tx: Transaction, clips: Iterable[Clip]) -> None:
    fresh = list(clips)
    if not fresh:
        return
    tx.take_ids("clips", len(fresh))
    for source_id in {clip.source_video_id for clip in fresh}:
        tx.take_ids(clip_numbers(source_id), sum(clip.source_video_id == source_id for clip in fresh))
    tx.insert("clips", [_row(clip) for clip in fresh])


def _row(clip: Clip) -> Mapping[str, Any]:
    row = {name: getattr(clip, name) for name in COLUMNS}
    row["tags"] = list(clip.tags)
    return row
