"""What a client gets: the touched rows with their cut points in seconds, and the clip to look at next.

The rows are those of the view `clips_with_cut_points`. They are worked out here from rows that the command has read
anyway, because planning that view twice took longer than all the rest of a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.clip_rows import clips_by_id
from heaters.catalog.transaction import Transaction
from heaters.domain.model import Clip

if TYPE_CHECKING:
    from heaters.catalog.boards import Outline

Row = dict[str, Any]
_FACTS: Final = "id, title, n_frames, fps_num, fps_den, time_base, start_pts, duration, constant_rate"


def source_facts(tx: Transaction, source_ids: Iterable[int]) -> dict[int, Row]:
    """What the times of a source's clips follow from, by source id."""
    ids = ", ".join(str(int(one)) for one in source_ids)
    return (
        {row["id"]: row for row in tx.rows(f"SELECT {_FACTS} FROM source_videos WHERE id IN ({ids})")}
        if ids
        else {}
    )


def clip_rows(tx: Transaction, clips: Iterable[Clip], sources: Mapping[int, Row]) -> list[Row]:
    """Rows as in `clips_with_cut_points`, by source and start frame."""
    ordered = sorted(clips, key=lambda clip: (clip.source_video_id, clip.start_frame, clip.id))
    times = {source_id: _times(tx, sources[source_id], [clip for clip in ordered if clip.source_video_id == source_id])
             for source_id in {clip.source_video_id for clip in ordered}}  # fmt: skip
    return [
        {
            **clip.__dict__, "tags": list(clip.tags), "title": sources[clip.source_video_id]["title"],
            "cut_points": {
                "start_frame": clip.start_frame, "end_frame": clip.end_frame,
                "start_time": times[clip.source_video_id][clip.start_frame],
                "end_time": times[clip.source_video_id][clip.end_frame],
            },
        }
        for clip in ordered
    ]  # fmt: skip


def next_pending(
    tx: Transaction,
    touched: Sequence[Clip],
    outline: Outline,
    sources: Mapping[int, Row],
    known: Iterable[Clip] = (),
) -> Row | None:
    """The first pending clip from the last touched one on; else the first of its source, then of the next source.

    Args:
        touched: rows as the command left them.
        outline: its sources, as the command left them.
        known: rows that were read already.
    """
    live = [clip for clip in touched if clip.state != "superseded"] or list(touched)
    last = max(live, key=lambda clip: (clip.source_video_id, clip.start_frame), default=None)
    clip_id = (_pending_in(outline, last) if last else None) or _pending_elsewhere(tx)
    if clip_id is None:
        return None
    at_hand = {clip.id: clip for clip in (*known, *touched)}
    clip = at_hand.get(clip_id) or clips_by_id(tx, [clip_id])[0]
    facts = sources if clip.source_video_id in sources else source_facts(tx, [clip.source_video_id])
    return clip_rows(tx, [clip], facts)[0]


def _pending_in(outline: Outline, last: Clip) -> int | None:
    own = (outline.source == last.source_video_id) & outline.pending
    ahead = own & (outline.start >= last.start_frame)
    found = outline.id[ahead] if ahead.any() else outline.id[own]
    return int(found[0]) if len(found) else None


def _pending_elsewhere(tx: Transaction) -> int | None:
    """The first pending clip of the source that comes first by priority, then by id."""
    found = tx.tuples(
        "SELECT v.id FROM source_videos v WHERE v.id IN (SELECT source_video_id FROM clips WHERE state = 'pending') "
        "ORDER BY v.priority DESC, v.id LIMIT 1"
    )
    if not found:
        return None
    clip = "SELECT id FROM clips WHERE source_video_id = ? AND state = 'pending' ORDER BY start_frame LIMIT 1"
    return int(tx.tuples(clip, [found[0][0]])[0][0])


def _times(tx: Transaction, source: Row, clips: Sequence[Clip]) -> dict[int, float | None]:
    """Seconds from the first picture, for every frame at which one of the clips begins or ends."""
    frames = sorted({frame for clip in clips for frame in (clip.start_frame, clip.end_frame)})
    if source["constant_rate"] is not True:
        found = tx.tuples("SELECT list_select(pts, ?) FROM frame_pts WHERE source_video_id = ?", [
            [frame + 1 for frame in frames], source["id"]])  # fmt: skip
        if found:
            return {frame: _exact(frame, pts, source) for frame, pts in zip(frames, found[0][0], strict=True)}
    if not source["fps_num"]:
        return dict.fromkeys(frames)
    return {frame: frame * source["fps_den"] / source["fps_num"] for frame in frames}


def _exact(frame: int, pts: int | None, source: Row) -> float | None:
    if pts is None:
        return float(source["duration"]) if frame == source["n_frames"] else None
    numerator, _, denominator = source["time_base"].partition("/")
    return float((pts - source["start_pts"]) * int(numerator) / int(denominator))
