"""The notebooks that researchers begin with, with their variables set as somebody would type them in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
DOORS = ("01_first_show", "02_tune_detection", "03_query_the_catalog")


def filled_in(name: str, file: Path | None, folder: Path) -> Any:
    """A notebook on another file and another workspace."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    lines = notebook.cells[1].source.splitlines()
    for variable, value in (("FILE", repr(file and str(file))), ("FOLDER", f"Path({str(folder)!r})")):
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"{variable} = ")]
        lines[place] = f"{variable} = {value}"
    notebook.cells[1].source = "\n".join(lines)
    return notebook
