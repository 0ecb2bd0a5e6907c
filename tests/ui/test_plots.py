from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from heaters.errors import SettingsError, UsageError
from heaters.ui.drawing import MOST_POINTS, Axis, thinned

if TYPE_CHECKING:
    from heaters import Workspace
    from heaters.ui.drawing import Drawing


def marks(drawing: Drawing, kind: str) -> list[str]:
    """What is said when one points at the marks of a kind."""
    tree = ET.fromstring(re.search(r"<svg.*</svg>", drawing._repr_html_(), re.DOTALL)[0])  # type: ignore[index]
    return [one.find("title").text or "" for one in tree.iter(kind) if one.find("title") is not None]  # type: ignore[union-attr]


def test_the_scores_are_shown_with_the_cuts_that_stand_and_who_laid_them(ws: Workspace) -> None:
    ws.decide("split", "1.1", frame=8)
    drawing = ws.plot.scores(1)
    assert repr(drawing) == "Source 1, first: 60 frames, 3 cuts (red as detected, violet by a human)"
    assert marks(drawing, "g") == [
        "1.4: cut at frame 8, human", "1.2: cut at frame 20, auto", "1.3: cut at frame 40, auto",
    ]  # fmt: skip
    assert marks(drawing, "polyline") == ["score of heaters"]
    assert "threshold 3<" in drawing._repr_html_()
    assert "threshold 27<" in ws.plot.scores(1, "content")._repr_html_()
    with pytest.raises(SettingsError, match="did you mean content"):
        ws.plot.scores(1, "contnet")


def test_a_source_without_scores_is_refused_in_a_sentence(empty: Workspace, film: Path) -> None:
    empty.ingest(film)
    with pytest.raises(UsageError, match="source 1 is downloaded"):
        empty.plot.scores(1)
    with pytest.raises(UsageError, match="source 1 is downloaded"):
        empty.tune(1)
    assert repr(empty.plot.shot_lengths()) == "no clips yet"


def test_every_clip_is_in_one_bar_of_the_lengths(ws: Workspace) -> None:
    ws.decide("split", "1.1", frame=2)
    drawing = ws.plot.shot_lengths(1)
    assert "4 clips of source 1: mean 0.60 s, median 0.76 s" in repr(drawing)
    assert sum(int(bar.split(": ")[1].split()[0]) for bar in marks(drawing, "rect")) == 4


def test_a_contact_sheet_has_a_picture_for_each_clip_and_says_what_it_leaves_out(ws: Workspace) -> None:
    ws.decide("approve", "1.2")
    html = ws.plot.contact_sheet()._repr_html_()
    assert html.count("<img") == html.count("data:image/webp;base64,") == 3
    assert re.findall(r"1\.\d · 0\.8 s", html) == ["1.1 · 0.8 s", "1.2 · 0.8 s", "1.3 · 0.8 s"]
    assert repr(ws.plot.contact_sheet(1, most=2)) == "3 clips, the first 2 are shown"
    assert repr(ws.plot.contact_sheet(1, "approved")) == "1 clip"


def test_titles_from_outside_are_escaped_everywhere(ws: Workspace) -> None:
    ws.catalog  # noqa: B018 - opened
    html = "".join((ws.plot.scores(1)._repr_html_(), ws._repr_html_(), ws.clips()._repr_html_()))
    assert "<script" not in html
    ws.decide("annotate", "1.1", label="<script>alert(1)</script>")
    for shown in (
        ws.clips()._repr_html_(),
        ws.clip("1.1")._repr_html_(),
        ws.plot.contact_sheet()._repr_html_(),
    ):
        assert "<script" not in shown
    assert "&lt;script&gt;" in ws.clip("1.1")._repr_html_()


def test_a_drawing_is_saved_as_a_file_of_its_own(ws: Workspace, tmp_path: Path) -> None:
    tree = ET.parse(ws.plot.scores(1).save(tmp_path / "scores.svg"))
    assert tree.getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_long_curve_keeps_its_peaks_in_two_thousand_points() -> None:
    values = [1.0] * 100_000
    values[77_777] = 50.0
    values[31_111] = 0.0
    points = thinned(values)
    assert len(points) <= MOST_POINTS
    assert (77_777.0, 50.0) in points
    assert (31_111.0, 0.0) in points
    assert thinned([2.0, 3.0]) == [(0.0, 2.0), (1.0, 3.0)]
    assert points == sorted(points)


def test_ticks_are_round_and_what_is_off_the_axis_stands_at_its_end() -> None:
    axis = Axis(0, 375, 0, 100)
    assert axis.ticks(10) == [0, 50, 100, 150, 200, 250, 300, 350]
    assert Axis(0.9, 1.1, 0, 1).ticks(4) == pytest.approx([0.9, 1.0, 1.1])
    assert (axis.at(-5), axis.at(1000)) == (0, 100)
    assert Axis(3, 3, 0, 1).ticks(4) == [3]


def test_tuning_says_what_a_threshold_would_change_and_how_it_agrees(ws: Workspace) -> None:
    tuning = ws.tune(1)
    assert tuning.standing_threshold == 3.0
    assert str(tuning.at(3)).endswith(
        "precision unknown (0 of 0 found cuts), recall unknown (0 of 0 decided cuts)"
    )
    ws.decide("merge", "1.3")
    assert str(tuning.at(3)) == (
        "threshold 3: 2 cuts, 1 added, 0 removed; precision 0.50 (1 of 2 found cuts), recall 1.00 (1 of 1 decided cuts)"
    )
    assert tuning.at(100).removed == [20]
    cuts = [len(one.cuts) for one in tuning.curve()]
    assert len(cuts) == 40
    assert cuts == sorted(cuts, reverse=True)
    assert marks(tuning.plot(), "polyline") == ["cuts", "precision", "recall"]
    assert marks(tuning.plot(5), "g") == ["threshold 5"]


def test_the_pictures_of_a_change_are_those_at_its_cuts(ws: Workspace) -> None:
    html = ws.tune(1).changes(100)._repr_html_()
    assert re.findall(r'alt="frame (\d+)"', html) == ["19", "20", "39", "40"]
    assert "added: 0" in html
    assert "removed: 2" in html


def test_applying_is_one_event_that_one_undo_takes_back(ws: Workspace) -> None:
    done = ws.tune(1).apply(100)
    assert done["removed"] == [20, 40]
    assert len(ws.clips(1)) == 1
    ws.undo()
    assert ws.clips(1)["start_frame"] == [0, 20, 40]


def test_a_slider_shows_each_threshold(ws: Workspace) -> None:
    box = ws.tune(1).slider()
    knob, shown = box.children
    assert knob.value == 3.0
    knob.value = 11.0
    assert shown is not None


def test_a_detector_that_decodes_can_not_be_tuned(ws: Workspace) -> None:
    with pytest.raises(UsageError, match="tune one of heaters, content, adaptive"):
        ws.tune(1, "hash")
