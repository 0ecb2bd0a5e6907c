"""Groups: clips that are judged together.

A group has no row of its own: it is the clips that carry its name, and its name is its lowest clip id. So a change
of its members is a change of every one of them, also of those that look the same after it. That is what lets undo
see that a group has moved on by looking at the rows it recorded, and what makes a late writer's version stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from heaters.domain.model import Clip


def members_of(clips: Iterable[Clip], chosen: Iterable[Clip]) -> list[Clip]:
    """The chosen clips and all members of their groups, in the order of `clips`."""
    chosen = list(chosen)
    ids = {clip.id for clip in chosen}
    groups = {clip.group_id for clip in chosen} - {None}
    return [clip for clip in clips if clip.id in ids or clip.group_id in groups]


def settle(
    clips: Sequence[Clip], old: Mapping[int, Clip], drafts: Sequence[Clip]
) -> tuple[list[Clip], list[Clip], list[Clip]]:
    """Name the groups whose members change after their lowest member; dissolve those with one member left.

    Args:
        clips: all live clips as they were.
        old: those of them that `drafts` replaces, by id.
        drafts: new and changed rows; superseded ones are in no group.

    Returns:
        The drafts with their groups settled; the other members of these groups as they were; the same as they are.
    """
    moved = [(old.get(row.id), row) for row in drafts]
    touched = {
        group for was, row in moved if was is None or was.group_id != row.group_id
        for group in (was.group_id if was else None, row.group_id)
    } - {None}  # fmt: skip
    if not touched:
        return list(drafts), [], []
    drafted = {row.id for row in drafts}
    others = [clip for clip in clips if clip.group_id in touched and clip.id not in drafted]
    members: dict[int | None, list[int]] = {}
    for row in (*drafts, *others):
        if row.group_id in touched:
            members.setdefault(row.group_id, []).append(row.id)
    names = {group: min(ids) if len(ids) > 1 else None for group, ids in members.items()}
    return [_named(row, names) for row in drafts], others, [_named(row, names) for row in others]


def _named(row: Clip, names: Mapping[int | None, int | None]) -> Clip:
    name = names.get(row.group_id, row.group_id)
    return row if name == row.group_id else replace(row, group_id=name)
