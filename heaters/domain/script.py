"""The log of a source written as a Python script that does the same again. Pure: events in, text out.

Clips are named by their refs, which come out equal because numbers are handed out in the same order. An event keeps
rows before and after and not the words of the command, so the words are worked out from the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from heaters.domain.actions import OF_A_SOURCE
from heaters.domain.model import Clip

_BY_PIPELINE: Final[Mapping[str, str]] = {
    "export-start": "an export began", "export": "it was exported", "export-fail": "its export failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the log, with the rows of one source."""

    seq: int
    op_id: str
    ts: datetime
    reviewer: str
    action: str
    frame: int | None
    undoes: str | None
    before: Sequence[Clip]
    after: Sequence[Clip]


def as_python(source_id: int, title: str, log: Sequence[Recorded]) -> str:
    """The script.

    Args:
        source_id: whose log it is.
        title: of the source, for the reader.
        log: its events, oldest first. What the first detection laid is expected to be there.
    """
    trial = _Writer(source_id)
    for event in log:
        trial.lines(event)
    writer = _Writer(source_id, trial.out_of_turn)
    lines = [line for event in log for line in writer.lines(event)]
    return "\n".join([
        f'"""What was decided on source {source_id}, {_plain(title)}: run it with a workspace in which nothing is decided yet.',
        "",
        "python decisions.py WORKSPACE",
        '"""',
        "",
        "import sys",
        "",
        "import heaters",
        "",
        "ws = heaters.open_workspace(sys.argv[1])",
        *lines,
        "",
    ])  # fmt: skip


@dataclass
class _Writer:
    """Writes events one after the other.

    Attributes:
        out_of_turn: op_ids of commands that an undo or redo has to name, because another one would come first.
        live: clips as they are by now; nothing before the first detection.
        standing: reviewer → op_ids of commands that can be undone, in the order in which undo takes them.
        taken_back: reviewer → op_ids that can be carried out again.
        named: op_id → variable that holds its answer.
    """

    source_id: int
    out_of_turn: set[str] = field(default_factory=set)
    live: dict[int, Clip] = field(default_factory=dict)
    standing: dict[str, list[str]] = field(default_factory=dict)
    taken_back: dict[str, list[str]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def lines(self, event: Recorded) -> list[str]:
        first = not self.live
        self.live |= {clip.id: clip for clip in event.after}
        if event.action in {"undo", "redo"}:
            return [self._turn_back(event)]
        if event.action in _BY_PIPELINE:
            return [f"# {event.after[0].ref}: {_BY_PIPELINE[event.action]}; ws.export() does it"]
        if event.action == "detect":
            return [] if first else [self._cuts(event)]
        return [self._decision(event)]

    def _decision(self, event: Recorded) -> str:
        call = self._cuts(event) if event.action in OF_A_SOURCE else _decision(event)
        self.standing.setdefault(event.reviewer, []).append(event.op_id)
        self.taken_back[event.reviewer] = []
        if event.op_id not in self.out_of_turn:
            return call
        name = self.named[event.op_id] = f"event_{event.seq}"
        return f"{name} = {call}"

    def _turn_back(self, event: Recorded) -> str:
        """Name the command, where its decision was given a name; it needs one unless it comes next anyway."""
        ours = self.standing.setdefault(event.reviewer, [])
        theirs = self.taken_back.setdefault(event.reviewer, [])
        source, target = (ours, theirs) if event.action == "undo" else (theirs, ours)
        op_id = str(event.undoes)
        if source[-1:] != [op_id]:
            self.out_of_turn.add(op_id)
        source[:] = [one for one in source if one != op_id]
        target.append(op_id)
        which = f', of={self.named[op_id]}["op_id"]' if op_id in self.named else ""
        return f"ws.{event.action}(reviewer={event.reviewer!r}, source={self.source_id}{which})"

    def _cuts(self, event: Recorded) -> str:
        """Cuts that were laid anew: the same wherever no human had been, and without effect elsewhere."""
        starts = sorted(clip.start_frame for clip in self.live.values() if clip.state != "superseded")
        old = {clip.id for clip in event.before}
        detector = next((clip.detector for clip in event.after if clip.id not in old), None)
        by = f"apply=True, reviewer={event.reviewer!r}"
        if event.action == "import":
            return f"ws.import_cuts({self.source_id}, {starts[1:]}, name={detector!r}, {by})"
        return f"ws.retune({self.source_id}, cuts={starts[1:]}, detector={detector!r}, {by})"


def _decision(event: Recorded) -> str:
    if event.action == "label":
        return f"ws.label({_labels(event)!r}, apply=True, reviewer={event.reviewer!r})"
    clips, more = _WORDS.get(event.action, _stamped)(event)
    refs = [clip.ref for clip in clips]
    named = repr(refs[0] if len(refs) == 1 else refs)
    words = "".join(f", {name}={value!r}" for name, value in more.items())
    return f"ws.decide({event.action!r}, {named}{words}, reviewer={event.reviewer!r})"


Words = tuple[Sequence[Clip], Mapping[str, Any]]
"""The clips that a command named, and what else it said."""


def _stamped(event: Recorded) -> Words:
    """Those that were decided on; other members of their groups only got a new version."""
    return [clip for clip in event.after if clip.decided_at == event.ts], {}


def _split(event: Recorded) -> Words:
    old = {clip.id for clip in event.before}
    return [clip for clip in _stamped(event)[0] if clip.id in old], {"frame": event.frame}


def _move_cut(event: Recorded) -> Words:
    return [clip for clip in _stamped(event)[0] if clip.start_frame == event.frame], {"frame": event.frame}


def _merge(event: Recorded) -> Words:
    return sorted(_stamped(event)[0], key=lambda clip: clip.start_frame), {}


def _group(event: Recorded) -> Words:
    """Named alone, a clip is grouped with the previous one and both are approved; named together, clips are only grouped."""
    clips = _stamped(event)[0]
    was = {clip.id: clip for clip in event.before}
    if all(clip.state == was[clip.id].state for clip in clips):
        return clips, {}
    for clip in clips:
        for other in clips:
            joined = {was[one.id].group_id or -one.id for one in (clip, other)}
            if other.end_frame == clip.start_frame and joined >= {
                was[one.id].group_id or -one.id for one in clips
            }:
                return [clip], {}
    raise AssertionError(f"event {event.seq} groups clips as no command does")


def _annotate(event: Recorded) -> Words:
    """The words that changed; if none did, one that all clips have in common, for the command was given some."""
    clips = _stamped(event)[0]
    was = {clip.id: clip for clip in event.before}
    names = ("label", "tags", "note")
    changed = [
        name for name in names if any(_value(clip, name) != _value(was[clip.id], name) for clip in clips)
    ]
    common = [name for name in names if len({getattr(clip, name) for clip in clips}) == 1]
    return clips, {name: _value(clips[0], name) for name in changed or common[:1]}


def _labels(event: Recorded) -> list[dict[str, Any]]:
    return [
        {"ref": clip.ref, **{name: _value(clip, name) or "" for name in ("label", "tags", "note")}}
        for clip in _stamped(event)[0]
    ]


def _value(clip: Clip, name: str) -> Any:
    value = getattr(clip, name)
    return list(value) if isinstance(value, tuple) else value


_WORDS: Final[Mapping[str, Callable[[Recorded], Words]]] = {
    "split": _split, "move-cut": _move_cut, "merge": _merge, "group": _group, "annotate": _annotate,
}  # fmt: skip


def _plain(text: str) -> str:
    """Text that may stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")
