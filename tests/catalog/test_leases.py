"""Leases under load and under chance: no clip is ever promised to two sessions."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from claiming import told
from driving import open_workspace
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from rooms import make_room, op_id, rooms_by

from heaters.catalog.desk import _FRESH
from heaters.errors import ClipLeased, DecisionRefused, UsageError
from heaters.review import ReviewSession
from heaters.workspace import Workspace

SCRIPT = Path(__file__).resolve().parents[1] / "claiming.py"


def claim(folder: Path, number: int, log: Path, seconds: float = 60) -> subprocess.Popen[bytes]:
    words = [str(folder), f"reviewer{number % 3}", f"session{number}", str(seconds), str(log)]
    return subprocess.Popen([sys.executable, str(SCRIPT), *words], stderr=subprocess.PIPE)


def end_well(*processes: subprocess.Popen[bytes]) -> None:
    for one in processes:
        _, said = one.communicate(timeout=240)
        assert one.returncode == 0, said.decode()


def hold_exclusive(lines: list[dict[str, Any]], seconds: float) -> None:
    """Whoever is told that he holds a clip is the only one, until he lets go of it or his time is over.

    A lease that has two thirds of its time left is not written again: that much is certain.
    """
    holders: dict[int, tuple[str, datetime]] = {}
    for line in lines:
        at, session = datetime.fromisoformat(line["at"]), line["session"]
        for clip_id in line["held"]:
            holder, until = holders.get(clip_id, (session, at))
            assert holder == session or until <= at, (
                f"clip {clip_id} was given to {session} while {holder} held it"
            )
        kept = {clip_id: held for clip_id, held in holders.items() if held[0] != session}
        holders = kept | {
            clip_id: (session, at + timedelta(seconds=seconds * _FRESH)) for clip_id in line["held"]
        }


def approvals(ws: Workspace) -> list[int]:
    return sorted(row["clip_ids"][0] for row in ws.events().rows() if row["action"] == "approve")


@pytest.mark.long
@pytest.mark.parametrize("transport", ["owner", "direct"])
def test_eight_processes_share_two_hundred_clips_and_every_clip_is_decided_on_once(
    tmp_path: Path, transport: str
) -> None:
    folder = make_room(tmp_path / "room", 200)
    logs = [tmp_path / f"log{number}" for number in range(8)]
    with rooms_by(transport, folder):
        end_well(*[claim(folder, number, log) for number, log in enumerate(logs)])

    lines = told(*logs)
    hold_exclusive(lines, seconds=60)
    ws = open_workspace(folder)
    assert approvals(ws) == list(range(1, 201))
    assert {line["session"] for line in lines if line["held"]} == {f"session{number}" for number in range(8)}
    assert ws.catalog.rows("SELECT * FROM leases") == []
    assert ws.check() == []


def test_what_a_killed_page_held_is_decided_on_by_the_others(tmp_path: Path) -> None:
    folder = make_room(tmp_path / "room", 60)
    logs = [tmp_path / "victim", tmp_path / "other"]
    victim = claim(folder, 0, logs[0], seconds=1.5)
    deadline = time.monotonic() + 60
    while len(told(logs[0])) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.kill()
    victim.communicate()
    held = told(logs[0])[-1]["held"]
    assert held
    end_well(claim(folder, 1, logs[1], seconds=1.5))

    hold_exclusive(told(*logs), seconds=1.5)
    assert approvals(open_workspace(folder)) == list(range(1, 61))


NAMES = {"one": "ana", "two": "ana", "three": "ben"}
SESSIONS = st.sampled_from(sorted(NAMES))


@pytest.fixture(scope="module", autouse=True)
def _pattern(tmp_path_factory: pytest.TempPathFactory) -> None:
    Pages.pattern = make_room(tmp_path_factory.mktemp("pattern") / "room", 10, 3)


class Pages(RuleBasedStateMachine):
    """Three sessions of two reviewers on one queue; what each was told last is what it believes to hold."""

    pattern: Path
    pages: dict[str, ReviewSession]

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="heaters-test-"))
        shutil.copytree(self.pattern, self.folder / "room")
        self.ws = open_workspace(self.folder / "room", lease_clips=4)
        self.closing = open_workspace(self.folder / "room", lease_clips=4, lease_seconds=1e-6)
        self.pages, self.held = {}, {name: set[int]() for name in NAMES}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            assert self.ws.check() == []
            shutil.rmtree(self.folder)

    @rule(name=SESSIONS, clip=st.none() | st.integers(1, 10), source=st.none() | st.sampled_from([1, 2]))
    def begin(self, name: str, clip: int | None, source: int | None) -> None:
        page = self.pages[name] = ReviewSession(self.ws, reviewer=NAMES[name], session=name)
        self._told(name, page.begin(clip, source=source))

    @rule(name=SESSIONS, active=st.booleans())
    def beat(self, *, name: str, active: bool) -> None:
        if name in self.pages:
            answer = self.pages[name].beat(shown=None, active=active)
            taken = {one["clip_id"] for one in answer["lost"] if one["session"]}
            assert not taken & self.held[name]
            self._told(name, answer)

    @rule(
        name=SESSIONS,
        pick=st.integers(0, 9),
        action=st.sampled_from(["approve", "skip", "reset", "merge", "split"]),
    )
    def decide_on_what_is_held(self, name: str, pick: int, action: str) -> None:
        if held := sorted(self.held[name]):
            self._decide(name, action, held[pick % len(held)])

    @rule(
        name=SESSIONS, pick=st.integers(0, 20), action=st.sampled_from(["approve", "reset", "merge", "group"])
    )
    def decide_on_anything(self, name: str, pick: int, action: str) -> None:
        live = self.ws.clips().rows()
        if name in self.pages:
            self._decide(name, action, live[pick % len(live)]["id"])

    @rule(name=SESSIONS, back=st.booleans())
    def undo(self, *, name: str, back: bool) -> None:
        if name in self.pages:
            page = self.pages[name]
            self._try(name, lambda: page.undo(op_id()) if back else page.redo(op_id()))

    @rule(name=SESSIONS, pick=st.integers(0, 20), whole=st.booleans())
    def take_over(self, *, name: str, pick: int, whole: bool) -> None:
        others = {one for other, held in self.held.items() if other != name for one in held}
        if name not in self.pages or not others:
            return
        clip_id = sorted(others)[pick % len(others)]
        holder = next(other for other, held in self.held.items() if clip_id in held)
        if self.pages[holder].source_id != self.pages[name].source_id:
            return
        answer = self.pages[name].take_over(clip_id, whole_run=whole)
        assert clip_id in answer["held"]
        assert answer["taken_from"] == NAMES[holder]
        self.held[holder] -= set(answer["held"])
        assert not (whole and self.held[holder])
        self._told(name, answer)

    @rule(name=SESSIONS)
    def die(self, name: str) -> None:
        """The page beats for the last time; then its leases run out."""
        if name in self.pages:
            page = self.pages.pop(name)
            self._told(name, page.beat(shown=None, active=False))
            last = ReviewSession(self.closing, reviewer=NAMES[name], session=name)
            last.begin()
            self.held[name] = set()

    @precondition(lambda self: self.pages)
    @rule(name=SESSIONS)
    def close(self, name: str) -> None:
        if name in self.pages:
            self.pages.pop(name).give_back()
            self.held[name] = set()

    @invariant()
    def nobody_is_promised_what_another_was_promised(self) -> None:
        if hasattr(self, "held"):
            everything = [one for held in self.held.values() for one in held]
            assert len(set(everything)) == len(everything)

    def _decide(self, name: str, action: str, clip_id: int) -> None:
        held = clip_id in self.held[name]
        holder = next((other for other in NAMES if other != name and clip_id in self.held[other]), None)
        row = self.ws.clip(clip_id)
        frame = (row["start_frame"] + row["end_frame"]) // 2 if action == "split" else None
        refusal = self._try(
            name, lambda: self.pages[name].decide(action, [clip_id], op_id=op_id(), frame=frame)
        )
        if holder and action in {"approve", "reset"}:
            assert isinstance(refusal, ClipLeased)
            assert NAMES[holder] in refusal.message
        if held and action in {"skip", "split"} and row["group_id"] is None:
            assert not isinstance(refusal, ClipLeased)

    def _try(self, name: str, command: Any) -> Exception | None:
        try:
            answer = command()
        except (DecisionRefused, UsageError) as refusal:
            event(f"refused: {type(refusal).__name__}")
            return refusal
        self._told(name, answer)
        return None

    def _told(self, name: str, answer: dict[str, Any]) -> None:
        self.held[name] = set(answer["held"])
        live = {row["id"]: row["state"] for row in self.ws.clips(answer["source_id"]).rows()}
        assert all(live[one] == "pending" for one in answer["held"])
        if answer.get("current") and answer.get("action") in {"approve", "skip"}:
            assert answer["current"] in answer["held"]


TestPages = Pages.TestCase
TestPages.settings = settings(
    max_examples=6, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
