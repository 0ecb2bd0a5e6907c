"""Workspaces with many clips and no footage, for tests of the review queue: their rows come from the pipeline's own commands."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from driving import open_workspace
from shows import add_show

from heaters.review import ReviewSession
from heaters.workspace import Workspace

OpenRoom = Callable[..., Workspace]
"""Opens the test's workspace, with settings; every call as another process would."""


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
