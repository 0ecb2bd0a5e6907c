"""Cut lists as OpenTimelineIO timelines: one video track, one clip for each shot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from heaters.domain.cut_list import Entry, SourceClock
from heaters.errors import UsageError
from heaters.stages.stage import Row

_SAME_RATE: Final = 0.005
"""Programs write 23.98 or 23.976 for 24000/1001; no two rates in use are nearer to each other than this."""
_KEPT: Final = ("ref", "state", "label", "tags", "note")


def write_timeline(
    path: Path, source: Row, media: str, clips: Sequence[Row], clock: SourceClock, start: int
) -> None:
    """Write a timeline.

    Times are frame numbers at the rate of the source. Pictures that are not evenly spaced have no frame numbers that
    another program would understand: there, times are exact in units of the time base.

    Args:
        source: its row.
        media: address of the file that all shots are of.
        clips: rows of the table of clips, in order.
        start: number of frames that the timecode of the source's first frame stands for.
    """
    import opentimelineio as otio  # noqa: PLC0415 - only where a timeline is written or read

    rate = float(clock.rate if clock.pts is None else 1 / clock.time_base)

    def span(first: int, last: int, shift: int = 0) -> Any:
        at = (first, last) if clock.pts is None else (clock.pts[first], clock.pts[last])
        begin, length = (otio.opentime.RationalTime(value, rate) for value in (at[0] + shift, at[1] - at[0]))
        return otio.opentime.TimeRange(begin, length)

    shift = start if clock.pts is None else 0
    timeline = otio.schema.Timeline(source["title"], global_start_time=span(0, 1, shift).start_time)
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for one in clips:
        reference = otio.schema.ExternalReference(media, span(0, clock.n_frames, shift))
        words = {name: one[name] for name in _KEPT if one[name]}
        track.append(otio.schema.Clip(
            one["ref"], reference, span(one["start_frame"], one["end_frame"], shift), {"heaters": words}))  # fmt: skip
    otio.core.serialize_json_to_file(timeline, str(path), indent=1)


def read_timeline(path: Path, clock: SourceClock, start: int) -> list[Entry]:
    """The shots on the video tracks of a timeline, by the times of their media.

    Media that say what is available begin there; `start` is for those that don't.

    Raises:
        UsageError: it is no timeline, or has no shots.
    """
    import opentimelineio as otio  # noqa: PLC0415

    try:
        root = otio.core.deserialize_json_from_file(str(path))
        found = [_entry(clip, place, clock, start) for place, clip in enumerate(_clips(root), 1)]
    except (otio.exceptions.OTIOError, ValueError, RuntimeError) as error:
        raise UsageError(f"{path} is no OpenTimelineIO timeline: {error}", path=str(path)) from error
    if not found:
        raise UsageError(f"{path} has no clip on a video track", path=str(path))
    return found


def _clips(root: Any) -> Iterator[Any]:
    import opentimelineio as otio  # noqa: PLC0415

    if not hasattr(root, "find_clips"):
        raise ValueError(f"it holds a {type(root).__name__}")
    tracks = root.video_tracks() if isinstance(root, otio.schema.Timeline) else [root]
    for track in tracks:
        yield from track.find_clips()


def _entry(clip: Any, place: int, clock: SourceClock, start: int) -> Entry:
    span, media = clip.trimmed_range(), clip.media_reference
    available = getattr(media, "available_range", None)
    begin = _units(available.start_time, clock) if available else _started(start, clock)
    first, last = (_units(time, clock) - begin for time in (span.start_time, span.end_time_exclusive()))
    address = getattr(media, "target_url", "") or ""
    return Entry(
        _frame(first, clock), _frame(last, clock), f"clip {place} ({clip.name})", address.rpartition("/")[2] or clip.name
    )  # fmt: skip


def _units(time: Any, clock: SourceClock) -> Fraction:
    """A time as frames of an evenly spaced source, or as seconds."""
    value = Fraction(time.value)
    if clock.pts is None:
        same = abs(time.rate - float(clock.rate)) < _SAME_RATE
        return value if same else value / Fraction(time.rate) * clock.rate
    exact = 1 / clock.time_base
    return value / (exact if abs(time.rate - float(exact)) < _SAME_RATE else Fraction(time.rate))


def _started(start: int, clock: SourceClock) -> Fraction:
    return Fraction(start) if clock.pts is None else start / clock.rate


def _frame(units: Fraction, clock: SourceClock) -> int:
    return round(units) if clock.pts is None else clock.frame_at(units)
