"""Questions in SQL on the frames and scores of sources whose files lie elsewhere: their tables are brought near first."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heaters.catalog.files import ELSEWHERE
from heaters.stages.stage import Row, StoreOf

if TYPE_CHECKING:
    from heaters.catalog.transports import Catalog

_COLUMNS: Final = {
    "frames": "frame_index_filepath",
    "keyframe_offsets": "frame_index_filepath",
    "scores": "scores_filepath",
}
"""View → the column that names its files."""
_STORED: Final = (
    "SELECT store, {column} AS key FROM source_videos WHERE store IS NOT NULL AND {column} IS NOT NULL"
)


def bring_tables(catalog: Catalog, store_of: StoreOf, sql: str) -> None:
    """Put the tables that a question names beside the catalog, where its views find them.

    Args:
        store_of: gives the store of a row with `store`.
        sql: the question; one that names no such view costs nothing.
    """
    words = set(re.findall(r"\w+", sql.lower()))
    for column in sorted({_COLUMNS[word] for word in words & _COLUMNS.keys()}):
        for row in catalog.rows(_STORED.format(column=column)):
            _bring(store_of(row).local_path(row["key"]), catalog.folder / ELSEWHERE / _name(row))


def _name(row: Row) -> str:
    return str(row["key"]).rpartition("/")[2]


def _bring(copy: Path, target: Path) -> None:
    """Give a file a second name, or copy it to another disk, unless that was done before."""
    if target.exists() and (
        target.samefile(copy)
        or (copy.stat().st_size, copy.stat().st_mtime_ns)
        == (target.stat().st_size, target.stat().st_mtime_ns)
    ):
        return
    target.parent.mkdir(exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        os.link(copy, fresh)
    except OSError:
        shutil.copy2(copy, fresh)
    fresh.replace(target)
