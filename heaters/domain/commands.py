"""Decisions as data, and the pure functions that carry them out.

A decision never touches a disk: `decide` gets the live clips of the sources concerned and returns the rows before
and after. `check` then holds the invariants. The catalog writes the difference in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from heaters.domain.actions import ACTIONS, OF_A_SOURCE
from heaters.domain.cuts import find_tiling_fault
from heaters.domain.decision import Board, Change, Decision
from heaters.domain.groups import settle
from heaters.domain.model import Clip
from heaters.domain.nearest import did_you_mean
from heaters.domain.refusals import refuse_exporting, refuse_held, refuse_stale
from heaters.domain.retile import retile
from heaters.domain.states import CLIP_TRANSITIONS, may_become
from heaters.domain.undo import describe_difference, revert
from heaters.errors import StaleVersion, UnknownReference, UsageError

__all__ = [
    "ACTIONS",
    "OF_A_SOURCE",
    "Board",
    "Change",
    "Decision",
    "check",
    "decide",
    "describe_difference",
    "refuse_held",
    "retile",
    "revert",
]


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
        names = ", ".join(name for name in ACTIONS if name not in {*OF_A_SOURCE, "label"})
        meant = did_you_mean(decision.action, ACTIONS)
        raise UsageError(f"unknown action {decision.action!r}; there are {names}{meant}")
    if decision.action in OF_A_SOURCE and decision.clip_ids:
        raise UsageError(
            f"{decision.action} is for a source, not for clips: use {OF_A_SOURCE[decision.action]}"
        )
    if decision.frame is not None and decision.action not in {"split", "move-cut"}:
        raise UsageError(f"{decision.action} takes no frame; split and move-cut do")
    chosen = _choose(decision, board)
    refuse_stale(decision, chosen)
    change = _finish(decision, board, action(decision, board, chosen))
    refuse_stale(decision, change.before)
    refuse_held(change.before, held or {})
    return change


def check(clips: Iterable[Clip], n_frames: Mapping[int, int]) -> None:
    """Hold the invariants of the live clips of some sources.

    Raises:
        AssertionError: a gap, an overlap, or a group that spans sources, has one member or is not named after its
            lowest one. Our fault, never the caller's: the transaction must not commit.
    """
    by_source: dict[int, list[Clip]] = {}
    groups: dict[int, list[Clip]] = {}
    for clip in clips:
        by_source.setdefault(clip.source_video_id, []).append(clip)
        if clip.group_id is not None:
            groups.setdefault(clip.group_id, []).append(clip)
    for source_id, own in by_source.items():
        fault = find_tiling_fault(sorted(own, key=lambda clip: clip.start_frame), n_frames[source_id])
        if fault is not None:
            raise AssertionError(f"source {source_id}: {fault}")
    for group_id, members in groups.items():
        if len(members) < 2:  # noqa: PLR2004 - a pair is the least
            raise AssertionError(f"group {group_id} has one member")
        if min(clip.id for clip in members) != group_id:
            raise AssertionError(f"group {group_id} is not named after its lowest clip")
        if len({clip.source_video_id for clip in members}) > 1:
            raise AssertionError(f"group {group_id} spans sources")


def _choose(decision: Decision, board: Board) -> list[Clip]:
    """The clips that the decision names, once each, in board order."""
    if not decision.clip_ids and decision.action not in OF_A_SOURCE:
        raise UsageError(f"{decision.action} needs at least one clip")
    wanted = set(decision.clip_ids)
    chosen = [clip for clip in board.clips if clip.id in wanted]
    for clip_id in sorted(wanted - {clip.id for clip in chosen}):
        if clip_id in (decision.versions or {}):
            raise StaleVersion(
                f"clip {clip_id} has been merged or replaced since; look again, then decide", clip_id=clip_id
            )
        raise UnknownReference(
            f"there is no live clip {clip_id}; it may have been merged or replaced", clip_id=clip_id
        )
    return chosen


def _finish(decision: Decision, board: Board, drafts: Sequence[Clip]) -> Change:
    """Settle the groups, hold the state table, and stamp the drafts with who, when and a new version.

    Members that a change of their group touches get a new version only: nobody decided on them. New cuts
    stamp nobody: such clips stay untouched by humans, so that later ones may replace them.
    """
    drafted = {row.id for row in drafts}
    old = {clip.id: clip for clip in board.clips if clip.id in drafted}
    rows, others, others_after = settle(board.clips, old, drafts)
    refuse_exporting(others)
    stamp: dict[str, Any] = (
        {} if decision.action in OF_A_SOURCE else {"reviewer": decision.reviewer, "decided_at": board.now}
    )
    after = []
    for row in rows:
        was = old.get(row.id)
        if was is not None and not may_become(CLIP_TRANSITIONS, was.state, row.state):
            raise AssertionError(
                f"{decision.action} may not turn a clip that is {was.state} into {row.state}"
            )
        after.append(replace(row, version=was.version + 1 if was else 1, **stamp))
    after += [replace(row, version=row.version + 1) for row in others_after]
    return Change(_by_id([*old.values(), *others]), _by_id(after))


def _by_id(clips: Iterable[Clip]) -> tuple[Clip, ...]:
    return tuple(sorted(clips, key=lambda clip: clip.id))
