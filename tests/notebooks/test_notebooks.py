from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_from_top_to_bottom(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    ]
    assert shown


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_is_kept_without_outputs_and_short(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= 12
    assert [cell.id for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_the_exported_clips_of_the_first_notebook_are_the_shots_that_the_show_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reviewer corrects by script in the notebook leaves exactly the true shots."""
    notebook = nbformat.read(FOLDER / "01_first_show.ipynb", as_version=4)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    names: dict[str, object] = {}
    exec(compile(source, "01_first_show", "exec"), names)
    workspace, truth = names["ws"], names["truth"]
    exported = [(row["start_frame"], row["end_frame"]) for row in workspace.clips(state="exported").rows()]
    starts = [0, *truth.boundaries, truth.n_frames]
    assert exported == list(pairwise(starts[1:-1]))
