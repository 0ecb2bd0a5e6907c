"""What a cut list would change in a source, and whose decisions stand in the way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heaters.domain.cut_list import Entry, Plan, cuts_of, plan
from heaters.domain.model import CLIP_FIELDS, Clip
from heaters.errors import UsageError
from heaters.stages.cut_files import cut_file
from heaters.stages.cut_readers import read_cuts
from heaters.stages.stage import Row
from heaters.storage import Store

if TYPE_CHECKING:
    from heaters.catalog.transports import Catalog


def compare(
    catalog: Catalog, store: Store, source: Row, cuts: str | Path | Iterable[int], start: str | None
) -> tuple[Plan, dict[str, Any]]:
    """Compare a list with the cuts that stand.

    Args:
        source: row of the source.
        cuts: a file, or first frames of shots.
        start: timecode of the source's first frame, for files that have timecode.

    Returns:
        The plan, and the same as JSON-able values.

    Raises:
        UsageError: the file is no such list, or is of another source.
    """
    if isinstance(cuts, str | Path):
        entries, assumed = read_cuts(cut_file(catalog, store, source, cuts, start))
    else:
        entries, assumed = [Entry(int(frame), None, f"frame {frame}") for frame in cuts], []
    if source["n_frames"] is None:
        raise UsageError(
            f"source {source['id']} is {source['ingest_state']}: `heaters run` first, then its cuts"
        )
    wanted, corrected = cuts_of(entries, source["n_frames"])
    found = plan(_live(catalog, source["id"]), wanted)
    return found, {
        "source_id": source["id"], "cuts": sorted(wanted), "kept": found.kept,
        "moved": [{"from": old, "to": new, "by": new - old} for old, new in found.moved], "added": found.added,
        "removed": found.removed, "conflicts": [one._asdict() for one in found.conflicts], "notes": [*assumed, *corrected],
        "applied": False,
    }  # fmt: skip


def _live(catalog: Catalog, source_id: int) -> list[Clip]:
    rows = catalog.rows(
        f"SELECT {', '.join(CLIP_FIELDS)} FROM clips WHERE source_video_id = ? AND state <> 'superseded' ORDER BY start_frame",
        [source_id],
    )
    if not rows:
        raise UsageError(f"source {source_id} has no clips yet: `heaters run` first, then its cuts")
    return [Clip.from_row([row[name] for name in CLIP_FIELDS]) for row in rows]
