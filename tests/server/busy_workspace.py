"""A workspace in which much is going on, written past the commands: hundreds of sources, failures, leases, a long log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shows import write

if TYPE_CHECKING:
    from heaters import Workspace

LONG = "The very long working title of a show that somebody has typed into a form, season 3, episode 12, second cut, final (new)"


def fill(ws: Workspace, sources: int = 500, clips: int = 200, events: int = 20_000) -> None:
    """Fill an empty workspace.

    Every 50th source is parked, others have failed in two ways, are pending, or stuck (number 99); the last tenth of them
    is to be reviewed. Three people decide, and two hold clips of the last source.
    """
    values = {"sources": sources, "clips": clips, "events": events, "long_title": f"'{LONG}'"}
    settings = [f"SET VARIABLE {name} = {value}" for name, value in values.items()]
    write(ws.catalog, *settings, Path(__file__).with_suffix(".sql").read_text("utf-8"))
