"""Any sequence of decisions of two reviewers, and what undo makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from boards import MemoryCatalog, board_of, clips_of
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from heaters.domain.commands import Change, Decision, check
from heaters.domain.model import Clip
from heaters.errors import DecisionRefused, UsageError

REVIEWERS = st.sampled_from(["ana", "ben"])
REFUSALS = (DecisionRefused, UsageError)
N_FRAMES = 40


class History(RuleBasedStateMachine):
    """Two reviewers decide, undo and redo on two sources; refused commands are part of it."""

    catalog: MemoryCatalog
    first: list[Clip]

    @initialize(cuts=st.sets(st.integers(1, N_FRAMES - 1), min_size=2, max_size=8))
    def detect(self, cuts: set[int]) -> None:
        shots = clips_of(0, *sorted(cuts), N_FRAMES)
        others = clips_of(0, 7, 9, source_id=2, first_id=len(shots) + 1)
        self.catalog = MemoryCatalog(board_of(*shots, *others))
        self.first = self.catalog.contents()

    @rule(
        who=REVIEWERS,
        action=st.sampled_from(["approve", "skip", "archive", "reset"]),
        picks=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    )
    def judge(self, who: str, action: str, picks: list[int]) -> None:
        self._decide(who, action, picks)

    @rule(
        who=REVIEWERS,
        action=st.sampled_from(["merge", "group"]),
        picks=st.lists(st.integers(0, 20), min_size=1, max_size=4, unique=True),
    )
    def join(self, who: str, action: str, picks: list[int]) -> None:
        self._decide(who, action, picks)

    @rule(
        who=REVIEWERS, action=st.sampled_from(["split", "move-cut"]), pick=st.integers(0, 20), data=st.data()
    )
    def cut(self, who: str, action: str, pick: int, data: st.DataObject) -> None:
        clip = self._picked([pick])[0]
        frame = data.draw(st.integers(clip.start_frame - 2, clip.end_frame + 2))
        self._decide(who, action, [pick], frame=frame)

    @rule(who=REVIEWERS, pick=st.integers(0, 20))
    def leave_group(self, who: str, pick: int) -> None:
        grouped = [clip.id for clip in self.catalog.live if clip.group_id is not None]
        if grouped:
            self._run("ungroup", who, lambda: self._send(who, "ungroup", (grouped[pick % len(grouped)],)))

    @rule(who=REVIEWERS, pick=st.integers(0, 20), note=st.sampled_from(["x", "y", None]))
    def annotate(self, who: str, pick: int, note: str | None) -> None:
        self._decide(who, "annotate", [pick], values={"note": note})

    @rule(who=REVIEWERS, cuts=st.sets(st.integers(-1, N_FRAMES + 1), max_size=8))
    def retune(self, who: str, cuts: set[int]) -> None:
        values = {"source_id": 1, "cuts": sorted(cuts), "detector": "content"}
        self._run("retune", who, lambda: self._send(who, "retune", (), values=values))

    @rule(who=REVIEWERS, pick=st.integers(0, 20), holder=st.integers(0, 20))
    def decide_while_another_holds_a_clip(self, who: str, pick: int, holder: int) -> None:
        held = self._picked([holder])[0].id
        wanted = Decision("op", "merge", (self._picked([pick])[0].id,), who)
        change = self._run("merge", who, lambda: self.catalog.decide(wanted, {held: "eve"}))
        assert change is None or held not in {clip.id for clip in change.before}

    @rule(who=REVIEWERS)
    def undo(self, who: str) -> None:
        self._run("undo", who, lambda: self.catalog.undo(who))

    @rule(who=REVIEWERS)
    def redo(self, who: str) -> None:
        self._run("redo", who, lambda: self.catalog.redo(who))

    @precondition(lambda self: self.catalog.undoable)
    @rule(who=REVIEWERS)
    def undo_and_redo_at_once_change_nothing(self, who: str) -> None:
        was = self.catalog.contents()
        if self._run("undo", who, lambda: self.catalog.undo(who)):
            assert self._run("redo", who, lambda: self.catalog.redo(who))
            assert self.catalog.contents() == was

    @invariant()
    def clips_tile_their_sources(self) -> None:
        if hasattr(self, "catalog"):
            check(self.catalog.live, {1: N_FRAMES, 2: 9})
            assert {clip.source_video_id for clip in self.catalog.live} == {1, 2}

    @invariant()
    def numbers_are_never_used_twice(self) -> None:
        if hasattr(self, "catalog"):
            numbers = [(clip.source_video_id, clip.clip_no) for clip in self.catalog.rows.values()]
            assert len(set(numbers)) == len(numbers)

    def teardown(self) -> None:
        """Taken back in the order in which they came, all commands can be taken back, and nothing is left of them."""
        if not hasattr(self, "catalog"):
            return
        while who := self.catalog.latest():
            self.catalog.undo(who)
            self.clips_tile_their_sources()
        assert self.catalog.contents() == self.first

    def _picked(self, picks: list[int]) -> list[Clip]:
        live = self.catalog.live
        return [live[pick % len(live)] for pick in picks]

    def _decide(self, who: str, action: str, picks: list[int], **more: Any) -> None:
        ids = tuple(dict.fromkeys(clip.id for clip in self._picked(picks)))
        self._run(action, who, lambda: self._send(who, action, ids, **more))

    def _send(self, who: str, action: str, ids: tuple[int, ...], **more: Any) -> Change:
        return self.catalog.decide(Decision("op", action, ids, who, **more))

    def _run(self, name: str, who: str, command: Callable[[], Change]) -> Change | None:
        """Carry a command out; one that is refused must leave everything as it was, versions too."""
        rows, stacks = dict(self.catalog.rows), self._stacks()
        try:
            change = command()
        except REFUSALS as refusal:
            event(f"{name} refused: {type(refusal).__name__}")
            assert self.catalog.rows == rows
            assert self._stacks() == stacks
            return None
        event(f"{name} done")
        assert {clip.id for clip in change.after} >= {clip.id for clip in change.before}
        return change

    def _stacks(self) -> dict[str, int]:
        return {
            who: len(events)
            for who, events in (*self.catalog.undoable.items(), *self.catalog.redoable.items())
            if events
        }


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
