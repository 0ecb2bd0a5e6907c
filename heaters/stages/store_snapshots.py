"""Snapshots of the catalog in a store: after each run, and when an owner has nothing to do; from there a lost catalog comes back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from heaters.errors import StoreUnavailable, UsageError
from heaters.storage import Store

PREFIX: Final = "catalog/snapshots"
_FACTS: Final = "snapshot.json"
"""Written last, so that a snapshot that has it is complete."""
_NAME: Final = re.compile(r"\d{8}T\d{6}\.\d{6}Z")
_KEPT: Final = 10


def put(store: Store, folder: Path) -> None:
    """Copy a snapshot into a store and remove old ones there.

    Raises:
        StoreUnavailable: it could not be put there; it lies in its folder.
    """
    files = sorted(folder.iterdir(), key=lambda file: file.name == _FACTS)
    try:
        for file in files:
            with store.part(f"{PREFIX}/{folder.name}/{file.name}") as part:
                shutil.copyfile(file, part.path)
                part.publish()
        _remove_old(store)
    except (StoreUnavailable, OSError) as error:
        raise StoreUnavailable(
            f"the work is done and noted, but its snapshot {folder} could not be put into the store: {error}; the next run puts one there",
            path=str(folder),
        ) from error


def names(store: Store) -> list[str]:
    """The complete snapshots in a store, oldest first."""
    return _complete(head.key for head in store.list(PREFIX))


def find(
    snapshot: str | Path | None,
    place: str | None,
    own: Path,
    store: Store,
    open_place: Callable[[str], Store],
) -> Path:
    """The folder of the snapshot that is meant, fetched if it lies in a store.

    Args:
        snapshot: a folder, or the name of one in `own` or in the store; None for the newest.
        place: a store to take it from, or an address of one snapshot in it; None for `own`, and then the workspace's store.
        own: the workspace's own snapshots.
        store: the workspace's.
        open_place: opens the store at a place.

    Raises:
        UsageError: there is none.
    """
    if place is not None:
        root, _, named = place.rstrip("/").partition(f"/{PREFIX}")
        return _fetched(open_place(root), str(snapshot or named.strip("/")) or None, own)
    if snapshot is not None and (Path(snapshot).is_dir() or not _NAME.fullmatch(str(snapshot))):
        return Path(snapshot)
    here = sorted(one for one in own.glob("*/") if _NAME.fullmatch(one.name))
    if snapshot is None and here:
        return here[-1]
    if snapshot is not None and own / snapshot in here:
        return own / snapshot
    if store.place is None:
        raise UsageError(f"there is no snapshot {snapshot or ''} in {own}".replace("  ", " "))
    return _fetched(store, None if snapshot is None else str(snapshot), own)


def _fetched(store: Store, name: str | None, own: Path) -> Path:
    there = names(store)
    wanted = name or (there[-1] if there else None)
    if wanted not in there:
        told = f"the newest is {there[-1]}" if there else "there is none"
        raise UsageError(
            f"there is no snapshot {name or ''} in {store.uri(PREFIX)}: {told}".replace("  ", " ")
        )
    done, part = own / str(wanted), own / f".{wanted}.fetched"
    if done.is_dir():
        return done
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        for head in store.list(f"{PREFIX}/{wanted}"):
            shutil.copyfile(store.local_path(head.key), part / head.key.rpartition("/")[2])
        part.rename(done)
    except OSError as error:
        raise StoreUnavailable(
            f"the snapshot can't be written to {done}: {error.strerror}", path=str(done)
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return done


def _complete(keys: Iterable[str]) -> list[str]:
    found = (key.split("/")[-2:] for key in keys)
    return sorted(name for name, file in found if file == _FACTS and _NAME.fullmatch(name))


def _remove_old(store: Store) -> None:
    """Remove what is older than the ten that are kept, also what was put there in part; each first loses what makes it complete."""
    keys = [head.key for head in store.list(PREFIX)]
    complete = _complete(keys)
    if len(complete) < _KEPT:
        return
    old = [key for key in keys if key.split("/")[-2] < complete[-_KEPT]]
    for key in sorted(old, key=lambda key: not key.endswith(f"/{_FACTS}")):
        store.delete(key)
