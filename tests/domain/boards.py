"""Boards of clips to decide on, and a catalog of them in memory that keeps the rules of the real one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from heaters.domain.commands import ACTIONS, Board, Change, Decision, check, decide, revert
from heaters.domain.model import Clip
from heaters.errors import NothingToUndo

NOON = datetime(2025, 3, 1, 12, 0, 0, 250)  # noqa: DTZ001 - the catalog's times are UTC without a zone


def clips_of(*borders: int, source_id: int = 1, first_id: int = 1) -> tuple[Clip, ...]:
    """Clips that tile `[borders[0], borders[-1])`, numbered from `first_id`."""
    return tuple(
        Clip(first_id + i, i + 1, source_id, start, end, detector="heaters")
        for i, (start, end) in enumerate(pairwise(borders))
    )


def board_of(*clips: Clip) -> Board:
    """A board that holds just these clips."""
    ordered = tuple(sorted(clips, key=lambda clip: (clip.source_video_id, clip.start_frame)))
    sources = {clip.source_video_id for clip in clips}
    own = {source: [clip for clip in clips if clip.source_video_id == source] for source in sources}
    return Board(
        clips=ordered,
        n_frames={source: max(clip.end_frame for clip in rows) for source, rows in own.items()},
        next_id=max(clip.id for clip in clips) + 1,
        next_no={source: max(clip.clip_no for clip in rows) + 1 for source, rows in own.items()},
        now=NOON,
    )


def decision(action: str, *clip_ids: int, reviewer: str = "ana", **more: Any) -> Decision:
    return Decision("op", action, clip_ids, reviewer, **more)


def after(change: Change, board: Board) -> dict[int, Clip]:
    """All rows once the change is made, checked as the catalog checks them."""
    rows = {clip.id: clip for clip in (*board.clips, *change.after)}
    check([clip for clip in rows.values() if clip.state != "superseded"], board.n_frames)
    return rows


def following(change: Change, board: Board) -> Board:
    """The board of the next decision."""
    rows = after(change, board)
    fresh = board_of(*rows.values())
    live = tuple(clip for clip in fresh.clips if clip.state != "superseded")
    return replace(fresh, clips=live, now=board.now + timedelta(seconds=1))


@dataclass
class Event:
    """One command as it is remembered, and when it was carried out last."""

    order: int
    change: Change


@dataclass
class MemoryCatalog:
    """Rows, and for each reviewer what can be undone and redone. A refused command changes nothing."""

    board: Board
    rows: dict[int, Clip] = field(default_factory=dict)
    undoable: dict[str, list[Event]] = field(default_factory=dict)
    redoable: dict[str, list[Event]] = field(default_factory=dict)
    commands: int = 0

    def __post_init__(self) -> None:
        self.rows = {clip.id: clip for clip in self.board.clips}

    @property
    def live(self) -> tuple[Clip, ...]:
        return tuple(clip for clip in self._sorted() if clip.state != "superseded")

    def contents(self) -> list[Clip]:
        return [replace(clip, version=0) for clip in self.live]

    def decide(self, wanted: Decision, held: dict[int, str] | None = None) -> Change:
        change = decide(wanted, replace(self.board, clips=self.live), held)
        self._write(change)
        self.undoable.setdefault(wanted.reviewer, []).append(Event(self._tick(), change))
        self.redoable[wanted.reviewer] = []
        return change

    def undo(self, reviewer: str) -> Change:
        event = self._last(self.undoable, reviewer)
        change = revert(event.change.before, event.change.after, self.rows)
        self._write(change)
        self.undoable[reviewer].pop()
        self.redoable.setdefault(reviewer, []).append(event)
        return change

    def redo(self, reviewer: str) -> Change:
        event = self._last(self.redoable, reviewer)
        change = revert(event.change.after, event.change.before, self.rows)
        self._write(change)
        self.redoable[reviewer].pop()
        self.undoable[reviewer].append(Event(self._tick(), event.change))
        return change

    def export(self, clip_id: int, path: str) -> None:
        """What the export stage does to an approved clip; nobody's command."""
        was = self.rows[clip_id]
        assert was.state == "approved"
        made = {"state": "exported", "is_virtual": False, "clip_filepath": path, "version": was.version + 2}
        self.rows[clip_id] = replace(was, **made)

    def latest(self) -> str | None:
        """Who carried out the latest command that is not undone."""
        tops = {events[-1].order: reviewer for reviewer, events in self.undoable.items() if events}
        return tops[max(tops)] if tops else None

    def _tick(self) -> int:
        self.commands += 1
        return self.commands

    def _write(self, change: Change) -> None:
        before = {clip.id: clip for clip in change.before}
        for row in change.after:
            if row.id in before:
                assert self.rows[row.id] == before[row.id]
                assert row.version == before[row.id].version + 1
            else:
                assert row.id not in self.rows
                assert row.version == 1
        rows = {**self.rows, **{row.id: row for row in change.after}}
        check([row for row in rows.values() if row.state != "superseded"], self.board.n_frames)
        self.rows = rows
        fresh = board_of(*rows.values())
        self.board = replace(fresh, n_frames=self.board.n_frames, now=self.board.now + timedelta(seconds=1))

    def _sorted(self) -> list[Clip]:
        return sorted(self.rows.values(), key=lambda clip: (clip.source_video_id, clip.start_frame, clip.id))

    @staticmethod
    def _last(stacks: dict[str, list[Event]], reviewer: str) -> Event:
        if not stacks.get(reviewer):
            raise NothingToUndo(f"{reviewer} has nothing left")
        return stacks[reviewer][-1]


__all__ = ["ACTIONS", "NOON", "MemoryCatalog", "after", "board_of", "clips_of", "decision", "following"]
