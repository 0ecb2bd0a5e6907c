"""What lies in the catalog's folder, and which layout of its tables this heaters knows."""

from __future__ import annotations

from typing import Final

SCHEMA_VERSION: Final = 2
DATABASE_FILE: Final = "catalog.duckdb"
OWNER_FILE: Final = "catalog.owner"
"""Says where the owner listens, and what a client must know to be let in; there while one serves."""
OWNER_LOG: Final = "catalog.owner.log"
SNAPSHOT_FOLDER: Final = "snapshots"
ELSEWHERE: Final = "elsewhere"
"""Tables of frames and scores of sources whose files lie in another store, brought here for questions in SQL."""
