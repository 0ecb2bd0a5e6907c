"""New cuts for a source, laid only where no human has been."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from heaters.domain.cuts import tiling
from heaters.domain.decision import Board
from heaters.domain.model import Clip


def retile(
    own: Sequence[Clip], new_cuts: Iterable[int], board: Board, source_id: int, detector: str | None, *, imported: bool = False
) -> list[Clip]:  # fmt: skip
    """Lay new cuts into the stretches of a source that no human has touched, nor, for detected ones, a list has laid.

    A clip that keeps both its cut points stays the row that it is. Touched clips stay as they are, and new cuts
    inside them are dropped.

    Args:
        own: all live clips of the source; none before the first detection.
        new_cuts: first frames of shots, in any order; those outside of the source are dropped.
        board: gives the length of the source, and ids and numbers for new clips.
        source_id: the source.
        detector: who found the cuts.
        imported: they are those of a list, which may replace those of another one.

    Returns:
        Rows that change: untouched clips superseded, then new ones in order of frames.
    """

    def may_go(clip: Clip) -> bool:
        return clip.replaceable_by_import if imported else clip.replaceable

    kept = sorted((clip for clip in own if not may_go(clip)), key=lambda clip: clip.start_frame)
    starts = [clip.start_frame for clip in kept]

    def is_free(cut: int) -> bool:
        before = bisect_right(starts, cut) - 1
        return before < 0 or cut >= kept[before].end_frame

    borders = {frame for clip in kept for frame in (clip.start_frame, clip.end_frame)}
    ranges = tiling(borders | {cut for cut in new_cuts if is_free(cut)}, board.n_frames[source_id])
    kept_ranges = {clip.cut_points for clip in kept}
    wanted = [points for points in ranges if points not in kept_ranges]
    standing = {clip.cut_points: clip for clip in own if may_go(clip)}
    gone = standing.keys() - set(wanted)
    fresh = [points for points in wanted if points not in standing]
    return [
        *(replace(clip, state="superseded", group_id=None) for points, clip in standing.items() if points in gone),
        *(
            Clip(
                id=board.next_id + i, clip_no=board.next_no[source_id] + i, source_video_id=source_id,
                start_frame=points.start_frame, end_frame=points.end_frame, detector=detector,
                origin="import" if imported else "auto",
            )
            for i, points in enumerate(fresh)
        ),
    ]  # fmt: skip
