"""The sample show as a file, for a first look and for notebooks."""

from __future__ import annotations

from pathlib import Path

import heaters
from heaters.domain.nearest import knowing_names
from heaters.execution.progress import fitting
from heaters.media.sample import RATE, make_sample


@knowing_names
def sample(folder: str | Path | None = None, *, seconds: float = 15.0) -> Path:
    """Make the sample show, a film of drawn shots with sound in which every frame carries its number.

    It has what reviewing is about: hard cuts, a jump of the exposure that looks like a cut and is none, a dissolve that detectors
    miss, and a flash.

    Args:
        folder: where to put it; default: `~/.cache/heaters`. It is made if it is not there.
        seconds: length, from 8.

    Returns:
        The file. One that is there already is not made again.

    Raises:
        UsageError: a length that can't be.
    """
    chosen = Path(folder).expanduser() if folder else Path.home() / ".cache" / "heaters" / heaters.__version__
    path = chosen / f"sample_show_{seconds:g}s.mp4"
    if not path.is_file():
        chosen.mkdir(parents=True, exist_ok=True)
        shown = fitting()
        shown.begin("sample", "draw the sample show", round(seconds * RATE))
        make_sample(path, seconds=seconds, progress=lambda done: shown.advance("sample", done))
        shown.end("sample", None)
    return path
