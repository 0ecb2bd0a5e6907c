"""Trying detectors and thresholds on the stored scores of a source: `ws.tune(1)`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from heaters.domain.agreement import Agreement, agreement
from heaters.domain.nearest import knowing_its_names
from heaters.errors import UsageError
from heaters.media.detectors import DETECTORS, Detector, detect
from heaters.stages import detect as stage
from heaters.ui.drawing import CURVE, CUT, GOOD, HUMAN, Drawing, Plot, Shown

if TYPE_CHECKING:
    import ipywidgets

    from heaters.workspace import Row, Workspace

_POINTS: Final = 40
_FROM, _TO = 1 / 3, 4.0
"""A curve goes from a third of the detector's own threshold to four times it."""


class Outcome(NamedTuple):
    """What a threshold would give.

    Attributes:
        cuts: first frames of shots.
        added: those of them that do not stand now.
        removed: cuts that stand now and are not among them.
        agreement: with the decisions that were made so far.
    """

    threshold: float
    cuts: list[int]
    added: list[int]
    removed: list[int]
    agreement: Agreement

    def __str__(self) -> str:
        changes = f"{len(self.added)} added, {len(self.removed)} removed"
        return f"threshold {self.threshold:g}: {len(self.cuts)} cuts, {changes}; {self.agreement}"


@knowing_its_names
class Tuning:
    """Detection tried out on one source. The scores are read once, nothing is decoded, nothing changes before `apply`.

    Args:
        workspace: an open workspace.
        source: a source's id.
        detector: one that works on stored scores; default: the workspace's.
        tolerance: frames that a detected cut may be off a decided one.

    Raises:
        UsageError: the detector decodes the proxy anew for each threshold, or the source is not prepared.
        SettingsError: there is no such detector.
    """

    def __init__(
        self, workspace: Workspace, source: int, detector: str | None = None, *, tolerance: int = 2
    ) -> None:
        row = workspace.source(source)
        self.source, self.detector = source, detector or workspace.settings.detector
        if row["scores_filepath"] is None:
            raise UsageError(
                f"source {source} is {row['ingest_state']}: `ws.run()` first, then it can be tuned"
            )
        if self.detector in DETECTORS and DETECTORS[self.detector].replays:
            stored = [name for name, one in DETECTORS.items() if not one.replays]
            raise UsageError(
                f"{self.detector} decodes the proxy for each threshold; tune one of {', '.join(stored)}"
            )
        self._workspace, self._row, self._tolerance = workspace, row, tolerance
        self._scores = stage.stored_scores(stage.detection_spec(row, workspace.store_of(row).address))
        self._detect = lru_cache(maxsize=4 * _POINTS)(self._detected)

    def __repr__(self) -> str:
        return f"Tuning(source={self.source}, detector={self.detector!r})"

    @property
    def standing_threshold(self) -> float:
        """The one that the source's cuts were found with; else the detector's own."""
        if self._row["detector"] == self.detector:
            return float(
                json.loads(self._row["detector_params"] or "{}").get("threshold", self._own.threshold)
            )
        return self._own.threshold

    def at(self, threshold: float) -> Outcome:
        """What a threshold would give, beside what stands now and what was decided so far."""
        return self._outcome(threshold, self._clips())

    def curve(self, thresholds: Sequence[float] | None = None) -> list[Outcome]:
        """Outcomes of many thresholds; default: 40, from a third of the detector's own to four times it."""
        clips = self._clips()
        return [self._outcome(one, clips) for one in thresholds or self._usual_thresholds()]

    def plot(self, threshold: float | None = None) -> Drawing:
        """Cuts over thresholds, and precision and recall where somebody has decided, on the same height as 0 to 1.

        Args:
            threshold: marked, default: the one that stands.
        """
        marked = self.standing_threshold if threshold is None else threshold
        outcomes = self.curve()
        most = max(1, *(len(one.cuts) for one in outcomes))
        ends = outcomes[0].threshold, outcomes[-1].threshold
        plot = Plot(
            ends, (0, most * 1.05), (f"threshold of {self.detector}", "cuts (dashed: 0 to 1)"), counts=True
        )
        plot.curve([(one.threshold, len(one.cuts)) for one in outcomes], CURVE, "cuts")
        plot.label(*_point(outcomes, 0.62, 1.0), "cuts", CURVE)
        for name, colour, place in (("precision", GOOD, 0.8), ("recall", HUMAN, 0.9)):
            shares = [(one.threshold, getattr(one.agreement, name)) for one in outcomes]
            known = [(x, share * most) for x, share in shares if share is not None]
            if known:
                plot.curve(known, colour, name, dashed=True)
                now = getattr(self.at(marked).agreement, name)
                value = "" if now is None else f" {now:.2f}"
                plot.label(*known[int(place * (len(known) - 1))], name + value, colour)
        plot.upright(marked, CUT, f"threshold {marked:g}")
        return plot.drawn(f"Source {self.source}, {self.at(marked)}")

    def changes(self, threshold: float, *, most: int = 12) -> Shown:
        """Pictures of the cuts that a threshold adds and removes: the last one before and the first one after each."""
        outcome, sheet = self.at(threshold), self._workspace.plot.cut_pairs
        parts = [
            sheet(self.source, cuts, title, colour, most=most)
            for cuts, title, colour in ((outcome.added, "added", GOOD), (outcome.removed, "removed", CUT))
        ]
        return Shown(str(outcome), "".join(one._repr_html_() for one in parts))

    def slider(self) -> ipywidgets.VBox:
        """A slider that shows the plot and the changes of each threshold at once. Read its `children[0].value`."""
        import ipywidgets  # noqa: PLC0415 - widgets only where they are shown
        from IPython.display import display  # noqa: PLC0415

        ends = self._usual_thresholds()
        knob = ipywidgets.FloatSlider(
            self.standing_threshold, min=ends[0], max=ends[-1], step=(ends[-1] - ends[0]) / 200, description="threshold",
            continuous_update=False, readout_format=".3g", layout={"width": "600px"},
        )  # fmt: skip

        def show(threshold: float) -> None:
            display(self.plot(threshold), self.changes(threshold, most=6))  # type: ignore[no-untyped-call]

        return ipywidgets.VBox([knob, ipywidgets.interactive_output(show, {"threshold": knob})])

    def apply(self, threshold: float, reviewer: str | None = None) -> Row:
        """Lay the cuts, but only where no human has touched the clips: one event, one undo. As `Workspace.retune`."""
        return self._workspace.retune(
            self.source, detector=self.detector, threshold=threshold, apply=True, reviewer=reviewer
        )

    @property
    def _own(self) -> Detector:
        return DETECTORS[self.detector]

    def _usual_thresholds(self) -> list[float]:
        low, high = (
            max(self._own.low, self._own.threshold * _FROM),
            min(self._own.high, self._own.threshold * _TO),
        )
        return [low * (high / low) ** (place / (_POINTS - 1)) for place in range(_POINTS)]

    def _detected(self, threshold: float) -> tuple[int, ...]:
        least = self._workspace.settings.min_shot_frames
        return tuple(detect(self._scores, self.detector, threshold, least).cuts)

    def _outcome(self, threshold: float, clips: Sequence[Row]) -> Outcome:
        cuts, standing = self._detect(threshold), {clip["start_frame"] for clip in clips} - {0}
        decided = [(clip["start_frame"], clip["end_frame"]) for clip in clips if clip["reviewer"] is not None]
        agreed = agreement(cuts, decided, self._row["n_frames"], self._tolerance)
        return Outcome(threshold, list(cuts), sorted({*cuts} - standing), sorted(standing - {*cuts}), agreed)

    def _clips(self) -> list[Row]:
        return self._workspace.sql(
            "SELECT start_frame, end_frame, reviewer FROM clips WHERE source_video_id = ? AND state <> 'superseded'",
            self.source,
        ).rows()


def _point(outcomes: Sequence[Outcome], share: float, height: float) -> tuple[float, float]:
    one = outcomes[int(share * (len(outcomes) - 1))]
    return one.threshold, len(one.cuts) * height
