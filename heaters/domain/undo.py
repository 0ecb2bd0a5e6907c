"""Undo and redo: a recorded change taken back, unless a clip has moved on since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from heaters.domain.decision import Change
from heaters.domain.model import Clip
from heaters.domain.refusals import refuse_exporting
from heaters.errors import DecisionRefused


def revert(before: Sequence[Clip], after: Sequence[Clip], current: Mapping[int, Clip]) -> Change:
    """Take a recorded change back: every row as it was, new rows superseded.

    Redo is the same call with the two swapped; rows that only `before` has come alive again. The versions do not
    go back, so that nobody who saw a row in between can take it for the one that he saw. Of a clip that the change
    touched only through its group, nothing but the group goes back, so that decisions on it which have been taken
    back since are no hindrance.

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
        target = _restored(old.get(clip_id), new.get(clip_id), current[clip_id])
        rows.append((current[clip_id], replace(target, version=current[clip_id].version + 1)))
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


def _restored(was: Clip | None, recorded: Clip | None, now: Clip) -> Clip:
    """The row to go back to, from one clip's rows before and after the change, and now."""
    if was and recorded and recorded.same_content(replace(was, group_id=recorded.group_id)):
        refuse_exporting([now])
        decided_since = now.decided_at is not None and (
            recorded.decided_at is None or now.decided_at > recorded.decided_at
        )
        if now.state == "superseded" or now.group_id != recorded.group_id or decided_since:
            raise _moved_on(now, recorded)
        return replace(now, group_id=was.group_id)
    expected = recorded or _ended(was or now)
    if not now.same_content(expected):
        raise _moved_on(now, expected)
    return was or _ended(now)


def _moved_on(now: Clip, expected: Clip) -> DecisionRefused:
    words = describe_difference(expected, now)
    return DecisionRefused(f"clip {now.ref} has moved on: {words}; decide on it anew", clip_id=now.id)


def _ended(clip: Clip) -> Clip:
    """The row of a clip whose making was taken back."""
    return replace(clip, state="superseded", group_id=None)
