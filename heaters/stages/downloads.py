"""Where a download lies until it is whole: a folder for each source, locked by whoever fetches, kept to go on from."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from heaters.errors import StageFailed, StoreUnavailable
from heaters.stages.stage import Row

_FOLDER: Final = "downloads"
_FETCHED: Final = frozenset({"new", "downloading", "download_failed"})


def folder_of(home: str | Path, source_id: int) -> Path:
    """The folder of a source.

    Args:
        home: where the workspace keeps what belongs to it on this machine.
        source_id: its id.
    """
    return Path(home) / _FOLDER / f"video_{source_id}"


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Make the folder and hold it; yields the lock, which a child may be given to hold it too.

    Raises:
        StageFailed: another process fetches this source.
        StoreUnavailable: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StoreUnavailable(f"can't download into {folder}: {error.strerror}", path=str(folder)) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageFailed(
                f"{folder.name} is being downloaded by another process", path=str(folder)
            ) from None
        yield lock
    finally:
        os.close(lock)


def is_held(folder: Path) -> bool:
    """Tell whether somebody fetches into it right now."""
    try:
        lock = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def clear(folder: Path) -> None:
    """Remove what a download has left, once a row names what it became."""
    shutil.rmtree(folder, ignore_errors=True)


def remove_stale(home: Path, sources: Iterable[Row]) -> list[str]:
    """Remove the folders that nobody fetches into and no source will go on from; returns the files that were in them."""
    wanted = {
        folder_of(home, row["id"])
        for row in sources if (row["parked_from"] or row["ingest_state"]) in _FETCHED
    }  # fmt: skip
    removed: list[str] = []
    for folder in sorted((home / _FOLDER).glob("video_*")):
        if folder not in wanted and folder.is_dir() and not is_held(folder):
            removed += [str(path) for path in sorted(folder.iterdir())]
            clear(folder)
    return removed
