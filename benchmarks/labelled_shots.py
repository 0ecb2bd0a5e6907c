"""Labelled footage: reading it, and scoring cuts against its labels by the rules of its README."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from heaters.media.scores import FrameScores, ScoreTaker

TOLERANCE = 2  # frames


@dataclass(frozen=True)
class Labels:
    """Labels of one file.

    Attributes:
        cuts: first frames of new shots.
        gradual: first and last frame of each dissolve, wipe or fade: one boundary each.
        ignore: first and last frame of spans where detections neither help nor hurt.
    """

    file: Path
    frame_count: int
    cuts: Sequence[int]
    gradual: Sequence[Sequence[int]]
    ignore: Sequence[Sequence[int]]

    @classmethod
    def read(cls, path: Path) -> Labels:
        """From the JSON beside the file."""
        text: dict[str, Any] = json.loads(path.read_text("utf-8"))
        ignore = text.get("ignore", [])
        return cls(path.parent / text["file"], text["frame_count"], text["cuts"], text["gradual"], ignore)


@dataclass
class Tally:
    """Counts over one file, or added up over many.

    Attributes:
        found: hard cuts found within the tolerance.
        missed: hard cuts not found.
        false: detections that are no boundary.
        gradual_found: gradual transitions with a detection in their span.
        gradual_missed: those without.
        where: the frames of what was missed and what is false.
    """

    found: int = 0
    missed: int = 0
    false: int = 0
    gradual_found: int = 0
    gradual_missed: int = 0
    where: dict[str, list[int]] = field(default_factory=dict)

    @property
    def hard_f1(self) -> float:
        """F1 of hard cuts; every false alarm counts."""
        return f1(self.found, self.false, self.missed)

    @property
    def all_f1(self) -> float:
        """F1 of hard cuts and gradual transitions together."""
        return f1(self.found + self.gradual_found, self.false, self.missed + self.gradual_missed)

    @classmethod
    def total(cls, tallies: Iterable[Tally]) -> Tally:
        """Added up."""
        added = cls()
        for one in tallies:
            for name in ("found", "missed", "false", "gradual_found", "gradual_missed"):
                setattr(added, name, getattr(added, name) + getattr(one, name))
        return added


def f1(true: int, false: int, missed: int) -> float:
    """2 tp / (2 tp + fp + fn); 1 where there was nothing to find and nothing was found."""
    return 2 * true / (2 * true + false + missed) if true + false + missed else 1.0


def tally(cuts: Iterable[int], labels: Labels, tolerance: int = TOLERANCE) -> Tally:
    """Match each labelled cut with the nearest unused detection, then gradual spans, then drop what is ignored."""
    unused = sorted(cuts)
    missed = []
    for cut in labels.cuts:
        near = [one for one in unused if abs(one - cut) <= tolerance]
        if near:
            unused.remove(min(near, key=lambda one: abs(one - cut)))
        else:
            missed.append(cut)
    spans_missed = []
    for first, last in labels.gradual:
        if not any(first <= one <= last for one in unused):
            spans_missed.append(first)
        unused = [one for one in unused if not first <= one <= last]
    false = [one for one in unused if not any(first <= one <= last for first, last in labels.ignore)]
    return Tally(
        found=len(labels.cuts) - len(missed),
        missed=len(missed),
        false=len(false),
        gradual_found=len(labels.gradual) - len(spans_missed),
        gradual_missed=len(spans_missed),
        where={"missed": missed, "false": false, "gradual missed": spans_missed},
    )


def score_file(path: Path) -> FrameScores:
    """Decode a whole file and take its scores."""
    taker = ScoreTaker()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            taker.take(frame)
    return taker.finish()
