"""Plots and contact sheets of a workspace, for notebooks: `ws.plot.scores(1)`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from statistics import mean, median
from typing import TYPE_CHECKING, Any, Final

from heaters.domain.nearest import knowing_its_names
from heaters.errors import UsageError
from heaters.stages import detect, pictures
from heaters.ui.drawing import CURVE, CUT, GOOD, HUMAN, Drawing, Plot, Shown, thinned
from heaters.workspace import clip_condition

if TYPE_CHECKING:
    from heaters.media.detectors import Detection
    from heaters.workspace import Workspace

_THRESHOLDS_SHOWN: Final = 5
"""Height of a score plot, in thresholds: what is higher is a cut beyond doubt."""
_BARS: Final = 24
_LONGEST_SHOWN: Final = 0.95
"""Share of the shots whose lengths fit on the axis; the last bar holds the longer ones."""
_STATE_COLOURS: Final = {
    "approved": GOOD, "exported": GOOD, "exporting": GOOD, "skipped": CUT, "archived": CUT, "export_failed": CUT,
}  # fmt: skip

Row = dict[str, Any]


@knowing_its_names
class Plots:
    """What `ws.plot` offers. Every plot works offline, in JupyterLab as in exported HTML, light and dark.

    Args:
        workspace: an open workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def scores(self, source: int, detector: str | None = None, threshold: float | None = None) -> Drawing:
        """The curve that a detector lays its threshold on, with the cuts that stand: red as detected, violet by a human.

        Args:
            source: its id; it must be prepared.
            detector: default: the one that found the source's cuts.
            threshold: default: the one that it was called with.

        Raises:
            UsageError: there are no scores yet.
        """
        row = self._workspace.source(source)
        found = self._detected(row, detector, threshold)
        asked = found.params["threshold"]
        plot = Plot(
            (0, row["n_frames"]), (0, _THRESHOLDS_SHOWN * asked), ("frame", f"score of {found.detector}")
        )
        plot.curve(thinned(found.score.tolist()), CURVE, f"score of {found.detector}")
        plot.level(asked, CURVE, f"threshold {asked:g}")
        clips = [clip for clip in self._clips(source) if clip["start_frame"]]
        for clip in clips:
            colour, who = (HUMAN, "human") if clip["origin"] == "human" else (CUT, clip["origin"])
            name = f"{_ref(clip)}: cut at frame {clip['start_frame']}, {who}"
            plot.upright(clip["start_frame"], colour, name)
        return plot.drawn(
            f"Source {source}, {row['title']}: {row['n_frames']} frames, {_counted(len(clips), 'cut')} (red as detected, violet by a human)"
        )

    def shot_lengths(self, source: int | None = None) -> Drawing:
        """How long the clips are, of one source or of all."""
        lengths = sorted(_seconds(clip) for clip in self._clips(source))
        if not lengths:
            return Plot((0, 1), (0, 1), ("seconds", "clips")).drawn("no clips yet")
        usual = lengths[min(int(_LONGEST_SHOWN * len(lengths)), len(lengths) - 1)]
        width = usual / _BARS or 1.0
        counts = [0] * (_BARS + 1)
        for one in lengths:
            counts[min(int(one / width), _BARS)] += 1
        plot = Plot((0, width * (_BARS + 1)), (0, max(counts)), ("seconds", "clips"), counts=True)
        for number, count in enumerate(counts):
            upper = f"to {(number + 1) * width:.2f}" if number < _BARS else "and longer"
            plot.bar(
                number * width, (number + 1) * width, count, f"{number * width:.2f} {upper} s: {count} clips"
            )
        plot.upright(median(lengths), CUT, f"median {median(lengths):.2f} s")
        whose = "all sources" if source is None else f"source {source}"
        return plot.drawn(
            f"Lengths of {len(lengths)} clips of {whose}: mean {mean(lengths):.2f} s, median {median(lengths):.2f} s (red)"
        )

    def contact_sheet(self, source: int | None = None, state: str | None = None, *, most: int = 60) -> Shown:
        """The middle picture of each clip, with its ref, its length and its state.

        Args:
            source: its id; default: all sources.
            state: only clips that have it.
            most: clips that are shown; each takes about 5 kB of the notebook.
        """
        clips = self._clips(source, state)
        images = pictures.clip_images(
            self._workspace.store_of, self._workspace.sources().rows(), clips[:most], width=200
        )
        figures = (
            (image, f"{_ref(clip)} · {_seconds(clip):.1f} s", clip["state"], _STATE_COLOURS.get(clip["state"], "currentColor"))
            for clip, image in zip(clips, images, strict=False)
        )  # fmt: skip
        more = f", the first {most} are shown" if len(clips) > most else ""
        return Shown(_counted(len(clips), "clip") + more, gallery(figures))

    def cut_pairs(
        self, source: int, cuts: Sequence[int], title: str, colour: str = CUT, *, most: int = 12
    ) -> Shown:
        """For each cut the last picture before it and the first one after it."""
        shown = list(cuts)[:most]
        places = [(source, frame) for cut in shown for frame in (cut - 1, cut)]
        images = pictures.images(
            self._workspace.store_of, [self._workspace.source(source)], places, width=140
        )
        figures = (
            (images[2 * number] + images[2 * number + 1], f"cut at {cut}", "", colour)
            for number, cut in enumerate(shown)
        )
        more = f", the first {most} are shown" if len(cuts) > most else ""
        return Shown(f"{title}: {len(cuts)}{more}", gallery(figures))

    def _detected(self, row: Row, detector: str | None, threshold: float | None) -> Detection:
        ws = self._workspace
        if row["scores_filepath"] is None:
            raise UsageError(
                f"source {row['id']} is {row['ingest_state']}: `ws.run()` first, then there is a score to plot"
            )
        own = detector in (None, row["detector"])
        known = json.loads(row["detector_params"] or "{}") if own else {}
        return detect.detect_cuts(detect.detection_spec(row, ws.store_of(row).address) | {
            "detector": detector or row["detector"] or ws.settings.detector, "threshold": threshold or known.get("threshold"),
            "min_shot_frames": ws.settings.min_shot_frames,
        })  # fmt: skip

    def _clips(self, source: int | None, state: str | None = None) -> list[Row]:
        if source is not None:
            self._workspace.source(source)
        where, parameters = clip_condition(source, state)
        return self._workspace.sql(
            f"SELECT * FROM clips_with_cut_points WHERE {where} ORDER BY source_video_id, start_frame",
            *parameters,
        ).rows()


def gallery(figures: Iterable[tuple[str, str, str, str]]) -> str:
    """Pictures side by side as HTML.

    Args:
        figures: for each its `<img>`s, a line of text, a word after it and the colour of that word.
    """
    boxes = (
        f'<div style="border-left: 3px solid {colour}; padding-left: 4px">'
        f'<div style="display: flex; gap: 2px">{images}</div>{escape(text)} <span style="color: {colour}">{escape(word)}</span></div>'
        for images, text, word, colour in figures
    )
    return f'<div style="display: flex; flex-wrap: wrap; gap: 10px; font-size: 12px">{"".join(boxes)}</div>'


def _ref(clip: Row) -> str:
    return f"{clip['source_video_id']}.{clip['clip_no']}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _seconds(clip: Row) -> float:
    points = clip["cut_points"]
    return float(points["end_time"] - points["start_time"])
