"""heaters: curate clips from video without encoding anything during review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heaters.execution.background import in_background as in_background
    from heaters.ui.board import ReviewBoard as ReviewBoard
    from heaters.ui.player import ReviewPlayer as ReviewPlayer
    from heaters.ui.sample_show import sample as sample
    from heaters.workspace import Workspace as Workspace
    from heaters.workspace import open_workspace as open_workspace

__version__ = "0.1.0"
__all__ = [
    "HeatersError",
    "ReviewBoard",
    "ReviewPlayer",
    "Workspace",
    "in_background",
    "open_workspace",
    "sample",
]

import importlib

from heaters.errors import HeatersError

_HOMES = {
    "ReviewBoard": "heaters.ui.board",
    "ReviewPlayer": "heaters.ui.player",
    "Workspace": "heaters.workspace",
    "in_background": "heaters.execution.background",
    "open_workspace": "heaters.workspace",
    "sample": "heaters.ui.sample_show",
}


def __getattr__(name: str) -> Any:
    """Load the workspace, and the widgets, only when they are asked for: `import heaters` stays cheap."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'heaters' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
