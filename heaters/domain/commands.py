"""Decisions as data, and the pure functions that carry them out.

A decision never touches a disk: `decide` gets the live clips of the sources concerned and returns the rows before
and after. `check` then holds the invariants. The catalog writes the difference in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from heaters.domain import cuts
from heaters.domain.model import Clip
from heaters.domain.states import DECIDED, FROZEN
from heaters.errors import (
    ClipFrozen,
    ClipLeased,
    DecisionRefused,
    FrameOutsideClip,
    StaleVersion,
    UnknownReference,
    UsageError,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of one reviewer.

    Attributes:
        op_id: UUID text made by the client; the same op_id is carried out once.
        action: one of `ACTIONS`.
        clip_ids: what it is about, in the order given; empty only for `retune`.
        frame: absolute source frame, for `split` and `move-cut`.
        versions: clip id → version that the client saw; None means "whatever it is now".
        values: for `annotate`: label, tags, note; for `retune`: source_id, cuts, detector.
    """

    op_id: str
    action: str
    clip_ids: tuple[int, ...]
    reviewer: str
    frame: int | None = None
    versions: Mapping[int, int] | None = None
    session: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """What a decision is made on: all live clips of the sources concerned, and what it may hand out.

    Attributes:
        clips: sorted by source and start frame; none is superseded.
        n_frames: source id → frames.
        next_id: first unused clip id.
        next_no: source id → first unused clip number.
        now: the time of the decision, UTC without a time zone.
    """

    clips: tuple[Clip, ...]
    n_frames: Mapping[int, int]
    next_id: int
    next_no: Mapping[int, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Rows before and after, in clip order. A clip that is only in `after` is new."""

    before: tuple[Clip, ...]
    after: tuple[Clip, ...]


def decide(decision: Decision, board: Board, held: Mapping[int, str] | None = None) -> Change:
    """Work out what a decision changes.

    Args:
        decision: what the reviewer wants.
        board: the clips as they are now.
        held: clip id → name, for clips that *another* reviewer has on lease.

    Raises:
        UsageError: an unknown action, or one that lacks what it needs.
        UnknownReference: a clip id that is not live.
        FrameOutsideClip: a frame that the action can't use.
        StaleVersion: a clip is not at the version that the client saw.
        DecisionRefused: the state of a clip, or a lease, forbids it.
    """
    action = ACTIONS.get(decision.action)
    if action is None:
        raise UsageError(f"unknown action {decision.action!r}; there are {', '.join(ACTIONS)}")
    chosen = _choose(decision, board)
    _refuse_stale(decision, chosen)
    drafts = action(decision, board, chosen)
    change = _finish(decision, board, drafts)
    for clip in change.before:
        if held and clip.id in held:
            raise ClipLeased(f"clip {clip.ref} is held by {held[clip.id]}", clip_id=clip.id, holder=held[clip.id])
    return change


def check(clips: Iterable[Clip], n_frames: Mapping[int, int]) -> None:
    """Hold the invariants of the live clips of some sources.

    Raises:
        AssertionError: a gap, an overlap, or a group that is not named after its lowest member. Our fault, never
            the caller's: the transaction must not commit.
    """
    by_source: dict[int, list[Clip]] = {}
    groups: dict[int, list[Clip]] = {}
    for clip in clips:
        by_source.setdefault(clip.source_video_id, []).append(clip)
        if clip.group_id is not None:
            groups.setdefault(clip.group_id, []).append(clip)
    for source_id, own in by_source.items():
        ordered = sorted((clip.cut_points for clip in own), key=lambda points: points.start_frame)
        fault = cuts.find_tiling_fault(ordered, n_frames[source_id])
        assert fault is None, f"source {source_id}: {fault}"
    for group_id, members in groups.items():
        assert len(members) > 1, f"group {group_id} has one member"
        assert min(clip.id for clip in members) == group_id, f"group {group_id} is not named after its lowest clip"


def revert(before: Sequence[Clip], after: Sequence[Clip], current: Mapping[int, Clip]) -> Change:
    """Take a recorded change back: every row as it was, new rows superseded.

    Redo is the same call with the two swapped; rows that only `before` has come alive again.

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
        expected = new[clip_id] if clip_id in new else replace(old[clip_id], state="superseded", group_id=None)
        if not now.same_content(expected):
            raise DecisionRefused(f"clip {now.ref} has moved on: {describe_difference(expected, now)}", clip_id=clip_id)
        target = old[clip_id] if clip_id in old else replace(now, state="superseded", group_id=None)
        rows.append((now, replace(target, version=now.version + 1)))
    return Change(tuple(now for now, _ in rows), tuple(target for _, target in rows))


def describe_difference(seen: Clip, now: Clip) -> str:
    """Say in words what changed between two rows of one clip, for a refusal."""
    words = []
    if seen.state != now.state:
        words.append(f"it is {now.state} now")
    if seen.cut_points != now.cut_points:
        words.append(f"it covers frames {now.start_frame} to {now.end_frame - 1} now")
    if seen.group_id != now.group_id:
        words.append("its group has changed")
    if (seen.label, seen.tags, seen.note) != (now.label, now.tags, now.note):
        words.append("its label, tags or note have changed")
    who = f" (by {now.reviewer})" if now.reviewer else ""
    return (" and ".join(words) or "it was decided again") + who


def _choose(decision: Decision, board: Board) -> list[Clip]:
    """The clips that the decision names, once each, in board order."""
    live = {clip.id: clip for clip in board.clips}
    for clip_id in decision.clip_ids:
        if clip_id not in live:
            raise UnknownReference(f"there is no live clip {clip_id}; it may have been merged or replaced", clip_id=clip_id)
    if not decision.clip_ids and decision.action != "retune":
        raise UsageError(f"{decision.action} needs at least one clip")
    wanted = set(decision.clip_ids)
    return [clip for clip in board.clips if clip.id in wanted]


def _refuse_stale(decision: Decision, chosen: Sequence[Clip]) -> None:
    for clip in chosen:
        seen = (decision.versions or {}).get(clip.id, clip.version)
        if seen != clip.version:
            raise StaleVersion(
                f"clip {clip.ref} has changed since version {seen}: it is {clip.state}, frames {clip.start_frame} to "
                f"{clip.end_frame - 1}, version {clip.version}; look again, then decide",
                clip_id=clip.id, version=clip.version,
            )  # fmt: skip


def _refuse_frozen(clips: Iterable[Clip], verb: str, *, archived: bool = False) -> None:
    for clip in clips:
        if clip.state in FROZEN:
            way_out = "reset it first" if clip.state == "exported" else "wait until the export has ended"
            raise ClipFrozen(f"clip {clip.ref} is {clip.state}: {way_out} to {verb} it", clip_id=clip.id)
        if archived and clip.state == "archived":
            raise ClipFrozen(f"clip {clip.ref} is archived: reset it first to {verb} it", clip_id=clip.id)


def _finish(decision: Decision, board: Board, drafts: Sequence[Clip]) -> Change:
    """Name groups after their lowest member, stamp who and when, and part what really changed from the rest.

    `retune` stamps nobody: detected clips stay untouched by humans, so that a later retune may replace them.
    """
    stamp = {} if decision.action == "retune" else {"reviewer": decision.reviewer, "decided_at": board.now}
    old = {clip.id: clip for clip in board.clips}
    rows = _name_groups({**old, **{clip.id: clip for clip in drafts}})
    drafted = {clip.id for clip in drafts}
    before, after = [], []
    for clip_id in sorted(rows):
        row, was = rows[clip_id], old.get(clip_id)
        if clip_id not in drafted and row == was:
            continue
        version = was.version + 1 if was else 1
        after.append(replace(row, version=version, **stamp))
        before += [was] if was else []
    return Change(tuple(before), tuple(after))


def _name_groups(rows: Mapping[int, Clip]) -> dict[int, Clip]:
    members: dict[int, list[int]] = {}
    for clip in rows.values():
        if clip.group_id is not None and clip.state != "superseded":
            members.setdefault(clip.group_id, []).append(clip.id)
    names = {group: min(ids) if len(ids) > 1 else None for group, ids in members.items()}
    return {
        clip_id: replace(clip, group_id=names.get(clip.group_id) if clip.state != "superseded" else None)
        if clip.group_id is not None else clip
        for clip_id, clip in rows.items()
    }  # fmt: skip


def _recut(clip: Clip, points: cuts.CutPoints) -> Clip:
    """The clip with new cut points: pending, virtual, made by a human."""
    return replace(
        clip, start_frame=points.start_frame, end_frame=points.end_frame, state="pending", is_virtual=True,
        clip_filepath=None, origin="human",
    )  # fmt: skip


def _with_groups(board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    """The clips and all members of their groups."""
    groups = {clip.group_id for clip in chosen if clip.group_id is not None}
    ids = {clip.id for clip in chosen}
    return [clip for clip in board.clips if clip.id in ids or clip.group_id in groups]


def _previous(board: Board, clip: Clip, verb: str) -> Clip:
    for other in board.clips:
        if other.source_video_id == clip.source_video_id and other.end_frame == clip.start_frame:
            return other
    raise DecisionRefused(f"clip {clip.ref} is the first of its source: there is none before it to {verb} it with", clip_id=clip.id)


def _one_source(chosen: Sequence[Clip], verb: str) -> None:
    if len({clip.source_video_id for clip in chosen}) > 1:
        raise UsageError(f"can't {verb} clips of different sources: {', '.join(clip.ref for clip in chosen)}")


def _needed_frame(decision: Decision, low: int, high: int, what: str) -> int:
    """The frame of the decision, held to `low < frame < high`."""
    if decision.frame is None:
        raise UsageError(f"{decision.action} needs a frame (--frame N, counted from the start of the source)")
    if not low < decision.frame < high:
        raise FrameOutsideClip(
            f"frame {decision.frame} is outside {what}: it must be from {low + 1} to {high - 1}",
            frame=decision.frame, low=low + 1, high=high - 1,
        )  # fmt: skip
    return decision.frame


def _judge(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    state = DECIDED[decision.action]
    everyone = _with_groups(board, chosen) if decision.action != "reset" else list(chosen)
    if decision.action == "reset":
        for clip in everyone:
            if clip.state == "exporting":
                raise ClipFrozen(f"clip {clip.ref} is exporting: wait until the export has ended", clip_id=clip.id)
    else:
        _refuse_frozen(everyone, decision.action)
    return [replace(clip, state=state) for clip in everyone]


def _merge(_: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    _one_source(chosen, "merge")
    first, last = chosen[0], chosen[-1]
    if len(chosen) == 1:
        first = _previous(board, last, "merge")
    run = [
        clip for clip in board.clips
        if clip.source_video_id == first.source_video_id and first.start_frame <= clip.start_frame <= last.start_frame
    ]  # fmt: skip
    _refuse_frozen(run, "merge", archived=True)
    left, *rest = run
    points = left.cut_points
    for clip in rest:
        points = points.merge(clip.cut_points)
    joined = replace(
        _recut(left, points),
        label=next((clip.label for clip in run if clip.label), None),
        tags=tuple(dict.fromkeys(tag for clip in run for tag in clip.tags)),
        note="\n".join(clip.note for clip in run if clip.note) or None,
    )
    return [joined, *(replace(clip, state="superseded", group_id=None) for clip in rest)]


def _split(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    clip = _only(chosen, "split")
    _refuse_frozen([clip], "split", archived=True)
    frame = _needed_frame(decision, clip.start_frame, clip.end_frame, f"clip {clip.ref}")
    left, right = clip.cut_points.split(frame)
    source_id = clip.source_video_id
    fresh = Clip(
        id=board.next_id, clip_no=board.next_no[source_id], source_video_id=source_id, start_frame=right.start_frame,
        end_frame=right.end_frame, group_id=clip.group_id, label=clip.label, tags=clip.tags, origin="human",
        detector=clip.detector,
    )  # fmt: skip
    return [_recut(clip, left), fresh]


def _move_cut(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    clip = _only(chosen, "move-cut")
    before = _previous(board, clip, "move the cut")
    _refuse_frozen([before, clip], "cut", archived=True)
    frame = _needed_frame(decision, before.start_frame, clip.end_frame, f"clips {before.ref} and {clip.ref}")
    left, right = before.cut_points.move_cut(clip.cut_points, frame)
    return [_recut(before, left), _recut(clip, right)]


def _group(_: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    _one_source(chosen, "group")
    alone = len(chosen) == 1
    members = _with_groups(board, [_previous(board, chosen[0], "group"), *chosen] if alone else chosen)
    _refuse_frozen(members, "group", archived=alone)
    lowest = min(clip.id for clip in members)
    grouped = [replace(clip, group_id=lowest) for clip in members]
    return [replace(clip, state="approved") for clip in grouped] if alone else grouped


def _ungroup(_: Decision, __: Board, chosen: Sequence[Clip]) -> list[Clip]:
    for clip in chosen:
        if clip.group_id is None:
            raise DecisionRefused(f"clip {clip.ref} is in no group", clip_id=clip.id)
    _refuse_frozen(chosen, "ungroup")
    return [replace(clip, group_id=None) for clip in chosen]


def _annotate(decision: Decision, _: Board, chosen: Sequence[Clip]) -> list[Clip]:
    _refuse_frozen(chosen, "annotate")
    values = {name: decision.values[name] for name in ("label", "tags", "note") if name in decision.values}
    if not values:
        raise UsageError("annotate needs a label, tags or a note")
    if "tags" in values:
        values["tags"] = tuple(dict.fromkeys(values["tags"] or ()))
    return [replace(clip, **values) for clip in chosen]


def _retune(decision: Decision, board: Board, _: Sequence[Clip]) -> list[Clip]:
    source_id = decision.values["source_id"]
    own = [clip for clip in board.clips if clip.source_video_id == source_id]
    return retile(own, decision.values["cuts"], board, source_id, decision.values.get("detector"))


def retile(own: Sequence[Clip], new_cuts: Iterable[int], board: Board, source_id: int, detector: str | None) -> list[Clip]:
    """Lay new cuts into the stretches of a source that no human has touched.

    A clip that keeps both its cut points stays the row that it is; touched clips and their cuts stay as they are.

    Returns:
        Rows that change: old ones superseded, new ones with fresh ids and numbers, in order of frames.
    """
    kept = [clip for clip in own if not clip.untouched or clip.state != "pending"]
    fixed = {frame for clip in kept for frame in (clip.start_frame, clip.end_frame)}
    inside_kept = [clip.cut_points for clip in kept]
    free_cuts = {cut for cut in new_cuts if not any(cut in points for points in inside_kept)}
    wanted = [points for points in cuts.tiling(fixed | free_cuts, board.n_frames[source_id]) if points not in inside_kept]
    standing = {clip.cut_points for clip in own}
    rows = [replace(clip, state="superseded", group_id=None) for clip in own if clip not in kept and clip.cut_points not in wanted]
    fresh = [points for points in wanted if points not in standing]
    return rows + [
        Clip(
            id=board.next_id + i, clip_no=board.next_no[source_id] + i, source_video_id=source_id,
            start_frame=points.start_frame, end_frame=points.end_frame, detector=detector,
        )
        for i, points in enumerate(fresh)
    ]  # fmt: skip


def _only(chosen: Sequence[Clip], verb: str) -> Clip:
    if len(chosen) != 1:
        raise UsageError(f"{verb} takes one clip, not {len(chosen)}")
    return chosen[0]


_Action = Callable[[Decision, Board, Sequence[Clip]], list[Clip]]
ACTIONS: Final[Mapping[str, _Action]] = {
    "approve": _judge, "skip": _judge, "archive": _judge, "reset": _judge, "merge": _merge, "split": _split,
    "move-cut": _move_cut, "group": _group, "ungroup": _ungroup, "annotate": _annotate, "retune": _retune,
}  # fmt: skip
"""Every action a reviewer can take, by the name used in commands, events and the command line."""
