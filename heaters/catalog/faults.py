"""What DuckDB says when something is wrong with the catalog's file, in our words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heaters.errors import CatalogDamaged, CatalogError, CatalogLocked, CatalogNewer

if TYPE_CHECKING:
    import duckdb

RESTORE = "restore the last snapshot with `heaters catalog restore`"


def first_line(error: BaseException) -> str:
    """The first line of a message, the part that people can read."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def opening_fault(error: duckdb.Error, file: Path) -> CatalogError:
    """Why the file can't be opened."""
    text = first_line(error)
    said = text.replace(str(file), "").lower()
    if "set lock" in said or "conflicting lock" in said:
        return CatalogLocked(
            f"another program has {file} open, without our lock file: close it ({text})", path=str(file)
        )
    if "already attached" in said:
        return CatalogLocked(
            f"{file} was open in this process when it was forked: start it anew ({text})", path=str(file)
        )
    if "newer version" in said or "storage version" in said or "version number" in said:
        return CatalogNewer(
            f"{file} was written by a newer DuckDB: upgrade heaters and duckdb to read it ({text})",
            path=str(file),
        )
    if "permission" in said or "read-only file system" in said or "cannot open file" in said:
        return CatalogError(f"{file} can't be opened: check its owner and mode ({text})", path=str(file))
    return _disk_full(text, file) or CatalogDamaged(
        f"{file} is no readable catalog: {RESTORE} ({text})", path=str(file)
    )


def working_fault(error: duckdb.Error, file: Path) -> CatalogError:
    """Why a command could not be carried out."""
    text = first_line(error)
    return _disk_full(text, file) or CatalogDamaged(
        f"the catalog {file} refused a command: look with `heaters catalog check`, or {RESTORE} ({text})",
        path=str(file),
    )


def _disk_full(text: str, file: Path) -> CatalogError | None:
    if (
        "no space left" not in text.lower()
        and "could not write" not in text.lower()
        and "quota" not in text.lower()
    ):
        return None
    return CatalogError(
        f"the catalog {file} could not be written: nothing was changed, free some space and try again ({text})",
        path=str(file),
    )
