"""Which store a workspace uses, by its settings and by what the row of a source says."""

from __future__ import annotations

from pathlib import Path

from heaters.config import Settings


def address_of(place: str | None, settings: Settings, home: Path) -> str:
    """What `open_store` takes to open the store at a place.

    Args:
        place: as of `source_videos.store`: None, an absolute folder, or a URI.
        settings: of the workspace.
        home: its folder.
    """
    del settings
    return str(home) if place is None else place
