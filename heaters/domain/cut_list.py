"""Cut lists from outside: which cuts a list names, and how they compare with the cuts that stand.

Nothing here reads a file: a format gives entries, which are ranges of frames of one source.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from heaters.domain.model import Clip
from heaters.errors import UsageError

NEAR = 12
"""Frames that a cut may be away from one that stands and still be that one, moved: half a second of film."""


class Entry(NamedTuple):
    """One piece of footage that a list names.

    Attributes:
        start_frame: its first frame.
        end_frame: the frame after its last one; None where the list only says where shots begin.
        where: its place in the list, for people: `line 7`.
        name: of the footage, as the list has it.
    """

    start_frame: int
    end_frame: int | None
    where: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SourceClock:
    """What the times of a source follow from.

    Attributes:
        rate: pictures a second; the average where they are not evenly spaced.
        pts: exact times of all pictures and the end of the last one in units of `time_base`, the first at 0; None where
            pictures are evenly spaced.
    """

    n_frames: int
    rate: Fraction
    time_base: Fraction
    pts: Sequence[int] | None = None

    def frame_at(self, seconds: Fraction) -> int:
        """The frame that begins nearest to a time from the first picture on; `n_frames` is the end."""
        if self.pts is None:
            return round(seconds * self.rate)
        wanted = seconds / self.time_base
        after = min(bisect_left(self.pts, wanted), len(self.pts) - 1)
        return min(max(after - 1, 0), after, key=lambda frame: abs(self.pts[frame] - wanted))  # type: ignore[index]


def cuts_of(entries: Iterable[Entry], n_frames: int) -> tuple[set[int], list[str]]:
    """First frames of new shots: where a piece begins, and where one ends.

    Args:
        entries: in any order; they may leave gaps, and may name footage twice.
        n_frames: of the source.

    Returns:
        The cuts, and what was corrected, in words.

    Raises:
        UsageError: a piece of no frames, or one that begins outside of the source.
    """
    cuts, notes = set[int](), list[str]()
    for one in entries:
        end = n_frames if one.end_frame is None else one.end_frame
        if not 0 <= one.start_frame < n_frames:
            raise UsageError(
                f"{one.where} begins at frame {one.start_frame}, but the source has frames 0 to {n_frames - 1}: is the list of "
                "another source, or does its first frame have a timecode of its own (--start)?", frame=one.start_frame,
            )  # fmt: skip
        if end <= one.start_frame:
            raise UsageError(
                f"{one.where} ends at frame {end}, where it begins: each piece needs a frame", frame=end
            )
        if end > n_frames:
            notes.append(f"{one.where} ends {end - n_frames} frames after the source: cut off")
        cuts |= {one.start_frame} if one.end_frame is None else {one.start_frame, end}
    return {cut for cut in cuts if 0 < cut < n_frames}, notes


class Conflict(NamedTuple):
    """A cut that stays as it is, because a human has touched a clip beside or around it.

    Attributes:
        frame: what the list has there; for a cut that it lacks, the cut that stands.
        what: `moved` (it stands elsewhere nearby), `added` or `removed`, as it would have been.
        ref: the clip in the way.
        reason: why it is.
    """

    frame: int
    what: str
    ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list changes: first frames of shots, sorted.

    Attributes:
        moved: where a cut stood, and where it goes to.
        conflicts: what the list would have changed and does not.
    """

    kept: list[int]
    moved: list[tuple[int, int]]
    added: list[int]
    removed: list[int]
    conflicts: list[Conflict]

    def cuts(self) -> list[int]:
        """All cuts as they are afterwards."""
        stay = [one.frame for one in self.conflicts if one.what == "removed"]
        return sorted({*self.kept, *(after for _, after in self.moved), *self.added, *stay})


def plan(clips: Sequence[Clip], wanted: set[int], near: int = NEAR) -> Plan:
    """Compare the cuts of a list with those that stand.

    A cut that moves is one change: where one side of it can't change, both stay.

    Args:
        clips: all live clips of the source, by start frame.
        wanted: the cuts of the list.
        near: how far a cut may have moved, in frames.
    """
    standing = {clip.start_frame for clip in clips[1:]}
    pairs = _pairs(standing - wanted, wanted - standing, near)
    fixed = [clip for clip in clips if not clip.replaceable_by_import]
    pinned = {frame: clip for clip in fixed for frame in (clip.start_frame, clip.end_frame)}
    kept, moved, conflicts = standing & wanted, list[tuple[int, int]](), list[Conflict]()
    for old, new in pairs:
        inside = pinned.get(old) or _around(fixed, new)
        if inside:
            kept.add(old)
            conflicts.append(_conflict(new, "moved", inside))
        else:
            moved.append((old, new))
    paired = {frame for pair in pairs for frame in pair}
    added, removed = [], []
    for frame in sorted(wanted - standing - paired):
        inside = _around(fixed, frame)
        if inside:
            conflicts.append(_conflict(frame, "added", inside))
        else:
            added.append(frame)
    for frame in sorted(standing - wanted - paired):
        if frame in pinned:
            conflicts.append(_conflict(frame, "removed", pinned[frame]))
        else:
            removed.append(frame)
    return Plan(sorted(kept), sorted(moved), added, removed, sorted(conflicts))


def _pairs(gone: set[int], new: set[int], near: int) -> list[tuple[int, int]]:
    """Cuts that moved: each with its nearest partner, the nearest pairs first."""
    close = sorted(
        (abs(old - one), old, one) for old in gone for one in range(old - near, old + near + 1) if one in new
    )
    pairs, used = [], set[int]()
    for _, old, one in close:
        if old not in used and one not in used:
            used |= {old, one}
            pairs.append((old, one))
    return sorted(pairs)


def _around(clips: Iterable[Clip], frame: int) -> Clip | None:
    return next((clip for clip in clips if clip.start_frame < frame < clip.end_frame), None)


def _conflict(frame: int, what: str, clip: Clip) -> Conflict:
    touched = f", touched by {clip.reviewer}" if clip.reviewer else ""
    return Conflict(frame, what, clip.ref, f"it is {clip.state}{touched}")
