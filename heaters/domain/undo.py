"""Undo and redo: a recorded change taken back, unless a clip has moved on since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from heaters.domain.decision import Change
from heaters.domain.model import Clip
from heaters.errors import DecisionRefused


def revert(before: Sequence[Clip], after: Sequence[Clip], current: Mapping[int, Clip]) -> Change:
    """Take a recorded change back: every row as it was, new rows superseded.

    Redo is the same call with the two swapped; rows that only `before` has come alive again. The versions do not
    go back, so that nobody who saw a row in between can take it for the one that he saw.

    Args:
        before: rows before the change that is taken back.
        after: rows after it.
        current: clip id → row as it is now, for every clip of the two.

    Raises:
        DecisionRefused: a touched clip has moved on since.
    """
    old, new = {clip.id: clip for clip in before}, {clip.id: clip for clip in after}
    rows = []
    for clip_id in sorted({*old, *new}):
        now = current[clip_id]
        expected = new[clip_id] if clip_id in new else _ended(old[clip_id])
        if not now.same_content(expected):
            raise DecisionRefused(
                f"clip {now.ref} has moved on: {describe_difference(expected, now)}; decide on it anew",
                clip_id=clip_id,
            )
        target = old[clip_id] if clip_id in old else _ended(now)
        rows.append((now, replace(target, version=now.version + 1)))
    return Change(tuple(now for now, _ in rows), tuple(target for _, target in rows))


def describe_difference(seen: Clip, now: Clip) -> str:
    """Say in words what changed between two rows of one clip, for a refusal."""
    words = []
    if seen.state != now.state:
        words.append(
            "it has been merged or replaced" if now.state == "superseded" else f"it is {now.state} now"
        )
    if seen.cut_points != now.cut_points:
        words.append(f"it covers frames {now.start_frame} to {now.end_frame - 1} now")
    if seen.group_id != now.group_id:
        words.append("its group has changed")
    if (seen.label, seen.tags, seen.note) != (now.label, now.tags, now.note):
        words.append("its label, tags or note have changed")
    if seen.clip_filepath != now.clip_filepath and seen.state == now.state:
        words.append("its exported file has changed")
    decided_since = now.reviewer and (seen.reviewer, seen.decided_at) != (now.reviewer, now.decided_at)
    return (" and ".join(words) or "it was decided again") + (
        f" (by {now.reviewer})" if decided_since else ""
    )


def _ended(clip: Clip) -> Clip:
    """The row of a clip whose making was taken back."""
    return replace(clip, state="superseded", group_id=None)
