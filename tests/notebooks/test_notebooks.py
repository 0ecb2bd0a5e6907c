from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def execute(file: Path, folder: Path, question: str) -> Any:
    """Run a notebook from top to bottom in a kernel, and then ask it for the value of an expression."""
    notebook = nbformat.read(file, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json; print(json.dumps({question}))"))
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()
    return json.loads(notebook.cells[-1].outputs[0].text)


def test_the_first_notebook_runs_and_exports_exactly_the_shots_that_its_show_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    found, exported, cuts, wrong_cut, boundaries, n_frames = execute(
        FOLDER / "01_first_show.ipynb",
        tmp_path,
        "[[clip['start_frame'] for clip in clips], [[row['start_frame'], row['end_frame']] for row in ws.clips(state='exported').rows()], "
        "truth.cuts, truth.wrong_cut, truth.boundaries, truth.n_frames]",
    )
    assert found == sorted([0, *cuts, wrong_cut])  # the trap works, and the dissolve is missed
    assert exported == [list(shot) for shot in pairwise([0, *boundaries, n_frames])][1:-1]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_outputs_and_short(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= 12
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []
