"""What a workspace shows of itself in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from heaters.stages import pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heaters.workspace import Workspace

_QUESTION: Final = """
    SELECT v.id AS source, v.title, v.ingest_state AS state, v.n_frames AS frames, v.duration AS seconds, count(c.id) AS clips,
      count(c.id) FILTER (c.state = 'pending') AS pending, count(c.id) FILTER (c.state = 'approved') AS approved,
      count(c.id) FILTER (c.state = 'exported') AS exported
    FROM source_videos v LEFT JOIN clips c ON c.source_video_id = v.id AND c.state <> 'superseded'
    GROUP BY ALL ORDER BY v.id DESC"""


def overview(workspace: Workspace) -> str:
    """Its sources as HTML, the newest first, each with its middle picture."""
    table = workspace.sql(_QUESTION)

    def images(rows: Sequence[dict[str, Any]]) -> list[str]:
        places = [(row["source"], (row["frames"] or 0) // 2) for row in rows]
        return pictures.images(workspace.store_of, workspace.sources().rows(), places)

    html = (
        table.illustrated(images)._repr_html_()
        if len(table)
        else "<p>no source yet: <code>ws.ingest(FILE)</code></p>"
    )
    return f"<p>heaters workspace <b>{escape(workspace.root.name)}</b></p>{html}"
