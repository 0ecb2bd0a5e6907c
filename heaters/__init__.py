"""heaters: curate clips from video without encoding anything during review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heaters.ui.board import ReviewBoard as ReviewBoard
    from heaters.ui.player import ReviewPlayer as ReviewPlayer
    from heaters.workspace import Workspace as Workspace
    from heaters.workspace import open_workspace as open_workspace

__version__ = "0.1.0"
__all__ = ["HeatersError", "ReviewBoard", "ReviewPlayer", "Workspace", "open_workspace"]

from heaters.errors import HeatersError


def __getattr__(name: str) -> Any:
    """Load the workspace, and the widgets, only when they are asked for: `import heaters` stays cheap."""
    if name == "ReviewBoard":
        import heaters.ui.board  # noqa: PLC0415 - lazy on purpose

        return heaters.ui.board.ReviewBoard
    if name == "ReviewPlayer":
        import heaters.ui.player  # noqa: PLC0415 - lazy on purpose

        return heaters.ui.player.ReviewPlayer
    if name in __all__:
        import heaters.workspace  # noqa: PLC0415 - lazy on purpose

        return getattr(heaters.workspace, name)
    raise AttributeError(f"module 'heaters' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
