"""Each notebook runs from top to bottom, in a kernel: here on a small film that is prepared already, the long ones from the beginning."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from doors import DOORS, FOLDER, filled_in
from nbclient import NotebookClient

if TYPE_CHECKING:
    from heaters import Workspace

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(autouse=True)
def _own_jupyter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("HEATERS_EXPORT_WORKERS", "1")  # a second process starts for longer than it would work


def execute(name: str, file: Path | None, folder: Path, question: str = "None") -> tuple[Any, Any]:
    """Run a notebook in a kernel, and then ask it for the value of an expression; returns that and the notebook."""
    notebook = filled_in(name, file, folder)
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json; print(json.dumps({question}))"))
    NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(folder.parent)}}).execute()
    return json.loads(notebook.cells.pop().outputs[0].text), notebook


def shown(notebook: Any, kind: str = "text/html") -> list[str]:
    """What its cells show, as they are saved."""
    return [
        "".join(output.data[kind])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if kind in output.get("data", {})
    ]


def hold_to_offline(notebook: Any, root: Path) -> None:
    """Nothing that is shown is fetched from anywhere, runs a script, or names a folder of this machine."""
    for html in shown(notebook):
        assert re.findall(r"<script|<link|url\(|src=\"(?!data:)", html) == []
        assert str(root) not in html
        assert str(root) not in "".join(shown(notebook, "text/plain"))


def test_the_first_show_goes_from_a_file_to_clips_and_its_tables_to_parquet_and_back(
    ws: Workspace, film: Path
) -> None:
    (found, states), notebook = execute(
        "01_first_show",
        film,
        ws.root,
        "[[[c['start_frame'], c['end_frame']] for c in ws.clips(source, 'exported')], back['state'].to_pylist()]",
    )
    assert found == [[20, 40], [40, 60]]
    assert states == ["pending", "exported", "exported"]
    plots = [html for html in shown(notebook) if "<svg" in html]
    assert [len(re.findall(r"<g><line", html)) for html in plots] == [2, 1]  # cuts that stand; the median
    assert sum(html.count("data:image/webp") for html in shown(notebook)) >= 3 + 3
    assert len(shown(notebook, "application/vnd.jupyter.widget-view+json")) == 1  # the board, and no bars
    assert sum(": done (" in line for line in shown(notebook, "text/plain")) == 2  # how each export has ended
    hold_to_offline(notebook, ws.root)


def test_tuning_compares_thresholds_with_ones_own_decisions_and_applies_one(
    ws: Workspace, film: Path
) -> None:
    ws.decide("merge", "1.3")
    ws.decide("approve", "1.1")
    (said, held), notebook = execute(
        "02_tune_detection", film, ws.root, "[str(tuning.at(3.0)), done['held']]"
    )
    assert said.endswith("precision 0.50 (1 of 2 found cuts), recall 1.00 (1 of 1 decided cuts)")
    assert held == [40]  # the reviewer has merged there
    hold_to_offline(notebook, ws.root)


def test_ten_questions_have_ten_answers(ws: Workspace, film: Path) -> None:
    ws.decide("split", "1.1", frame=7)
    ws.decide("merge", "1.3")
    ws.decide("annotate", "1.2", label="beach")
    _, notebook = execute("03_query_the_catalog", film, ws.root)
    answers = [
        {tuple(re.findall(r"<th[^>]*>(.*?)</th>", html)): re.findall(r"<tr><td.*?</tr>", html)}
        for html in shown(notebook)
    ]
    assert len(answers) == 10
    assert [answer for answer in answers if not all(answer.values())] == []
    corrected = re.sub("<[^>]+>", " ", next(iter(answers[4].values()))[0]).split()
    assert corrected == ["heaters", "1", "1", "3", "0.333333", "0.333333"]
    hold_to_offline(notebook, ws.root)


@pytest.fixture(scope="module")
def long_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doors")


@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_a_notebook_runs_on_the_sample_show_as_it_stands(name: str, long_folder: Path) -> None:
    folder = long_folder / "sample"
    (found, exported), _ = execute(
        name,
        None,
        folder,
        "[sorted(clip['start_frame'] for clip in ws.sql('FROM clips')), "
        "[[c['start_frame'], c['end_frame']] for c in ws.clips(state='exported')]]",
    )
    from heaters.media.sample import sample_truth  # noqa: PLC0415 - the default run needs none of it

    truth = sample_truth(15)
    assert {0, *truth.cuts, truth.wrong_cut} <= set(found)  # the trap works
    shots = [list(shot) for shot in pairwise([0, *truth.boundaries, truth.n_frames])]
    assert exported == shots[1:8]


@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_a_notebook_runs_on_real_footage(name: str, long_folder: Path, shared_media: Path) -> None:
    film = shared_media / "labelled" / "tos_42s.mp4"
    _, notebook = execute(name, film, long_folder / "real")
    hold_to_offline(notebook, long_folder)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_outputs_short_and_says_how_long_it_takes(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= 12
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
    assert re.search(r"minute|second", notebook.cells[0].source)
