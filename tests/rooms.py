"""Workspaces with many clips and no footage, for tests of the review queue: their rows come from the pipeline's own commands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from driving import open_workspace
from serving import Served
from shows import add_show, write

from heaters.catalog.direct import DirectCatalog
from heaters.review import ReviewSession
from heaters.workspace import Workspace


class Rooms:
    """Opens one workspace, every time as another process would.

    Args:
        folder: of the workspace.
        served: its catalog, where that has an owner.
    """

    def __init__(self, folder: Path, served: Served | None = None) -> None:
        self._folder = folder
        self._served = served

    def __call__(self, **settings: Any) -> Workspace:
        return open_workspace(self._folder, **{"lease_clips": 6, "reviewer": "cli", **settings})

    def write(self, *statements: str) -> None:
        """Write past the commands."""
        write(self._served or DirectCatalog(self._folder / "catalog"), *statements)


@contextmanager
def rooms_by(transport: str, folder: Path) -> Iterator[Rooms]:
    """A workspace whose catalog is used directly, or through an owner."""
    if transport == "direct":
        yield Rooms(folder)
        return
    with Served(folder / "catalog") as served:
        yield Rooms(folder, served)


def make_room(folder: Path, *clips: int) -> Path:
    """A workspace with one source for each number, cut into so many clips of ten frames."""
    ws = open_workspace(folder, create=True)
    for number, count in enumerate(clips, 1):
        add_show(ws.catalog, *range(0, 10 * count + 1, 10), title=f"show {number}")
    return folder


def sit_down(ws: Workspace, reviewer: str = "ana", **more: Any) -> ReviewSession:
    """A session that has begun."""
    session = ReviewSession(ws, reviewer=reviewer, **more)
    session.begin()
    return session


def op_id() -> str:
    return str(uuid.uuid4())


def decide(session: ReviewSession, action: str, *clip_ids: int, **more: Any) -> dict[str, Any]:
    return session.decide(action, clip_ids, **{"op_id": op_id(), **more})


def states(ws: Workspace, source: int = 1) -> dict[int, str]:
    return {row["id"]: row["state"] for row in ws.clips(source).rows()}


def leases(ws: Workspace) -> dict[int, str]:
    """Clip id → reviewer, of leases that have not run out."""
    rows = ws.catalog.rows(
        "SELECT clip_id, reviewer FROM leases WHERE expires_at > (now() AT TIME ZONE 'UTC') ORDER BY 1"
    )
    return {row["clip_id"]: row["reviewer"] for row in rows}
