"""What brings an older catalog to the schema of this heaters, one version after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from heaters.catalog.files import SCHEMA_VERSION

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("ALTER TABLE source_videos ADD COLUMN store VARCHAR",),
}
"""What makes version n + 1 of version n. Columns are added at the end, where `schema.sql` has them, and no row changes."""
MARK: Final = f"UPDATE meta SET value = '{SCHEMA_VERSION}' WHERE key = 'schema_version'"
"""Says the newest version."""


def is_known(version: int) -> bool:
    """Tell whether a catalog or a snapshot of this version can be used."""
    return version == SCHEMA_VERSION or version in _STEPS


def statements(version: int) -> list[str]:
    """SQL that brings the tables of an older version to the newest one, in one transaction."""
    steps = [step for known in range(version, SCHEMA_VERSION) for step in _STEPS[known]]
    return ["BEGIN", *steps, MARK, "COMMIT"]
