"""Moving the artefacts of sources between stores: copy, compare, change the row, and only then remove what was there.

Whatever is killed is taken up by the next move: copies that are whole are found and kept, and where the row has changed
already, a note in the catalog says where files are still to be removed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

from heaters.catalog.requests import HOME, LEFT, FinishMove, MoveSource
from heaters.config import SETTINGS_FILE, Settings
from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.domain.stopping import heed
from heaters.errors import (
    Archived,
    HeatersError,
    Interrupted,
    NotEnoughSpace,
    StageFailed,
    StoreUnavailable,
    UnknownReference,
    UsageError,
    VerificationFailed,
)
from heaters.stages.archive import SMALLEST, Restores
from heaters.stages.intake import in_words
from heaters.storage import Head, Store

Row = dict[str, Any]
NAME: Final = "move"
_ELSEWHERE: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s?#]+)?|memory://\w+")
_CHUNK: Final = 8 << 20
_AT_A_TIME: Final = 6
_ROUNDS: Final = 5
"""How often files that came while others were copied are copied too, before that is somebody else's fault."""
_WAITS: Final = frozenset({"new", "downloading"})
_FILES: Final = """
SELECT uri, bytes, sha256, state = 'live' AS live FROM clip_artifacts
WHERE source_video_id = ? AND NOT starts_with(uri, '/') ORDER BY bytes, uri"""


class Catalog(Protocol):
    """What moving needs of any transport."""

    def execute(self, command: object) -> dict[str, Any]:
        """Carry out one command."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Read rows."""


class Outcome(Protocol):
    """Where what was done, has failed or waits is put down."""

    done: list[dict[str, Any]]
    failed: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    bytes: int


class Watcher(Protocol):
    """Who shows how far it is."""

    def begin(self, key: str, label: str, total: int) -> None:
        """A source begins."""

    def advance(self, key: str, done: int) -> None:
        """So many bytes of it, in all."""

    def end(self, key: str, error: HeatersError | None) -> None:
        """It has ended."""


def place_of(to: str | Path, home: Path) -> str | None:
    """What `source_videos.store` says of a place that a user names: `s3://bucket/prefix`, or a folder.

    Args:
        to: the place.
        home: the folder of the workspace, for which None stands.

    Raises:
        UsageError: it is neither, or the folder of another workspace.
    """
    text = str(to)
    if "://" in text:
        if not _ELSEWHERE.fullmatch(text.rstrip("/")):
            raise UsageError(f"{text} is no place for artefacts: give a folder, or s3://BUCKET/PREFIX")
        return text.rstrip("/")
    folder = Path(text).expanduser().resolve()
    if folder == home.resolve():
        return None
    if (folder / SETTINGS_FILE).exists():
        raise UsageError(f"{folder} is another workspace: choose a folder of its own", path=str(folder))
    return str(folder)


def make(place: str | None) -> None:
    """Make the folder of a place, where it is one.

    Raises:
        StoreUnavailable: it can't be made.
    """
    if place is None or _ELSEWHERE.fullmatch(place):
        return
    try:
        Path(place).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"{place} can't be made: {error.strerror}", path=place) from error


def chosen(rows: Sequence[Row], ids: Sequence[int], place: str | None) -> tuple[list[Row], list[Row]]:
    """The sources that are to be moved, and those of them that wait, with the reason.

    Args:
        rows: of all sources.
        ids: those that were named; none for all.
        place: where to; what is there already is not moved.

    Raises:
        UnknownReference: one that was named is not there.
    """
    unknown = set(ids) - {row["id"] for row in rows}
    if unknown:
        raise UnknownReference(f"there is no source {min(unknown)}; `heaters sources` lists them")
    meant = [row for row in rows if (not ids or row["id"] in ids) and row["store"] != place]
    waiting = [
        {"id": row["id"], "stage": NAME, "reason": "its original is not taken in yet: `heaters run`, then move it"}
        for row in meant if row["ingest_state"] in _WAITS
    ]  # fmt: skip
    return [row for row in meant if row["ingest_state"] not in _WAITS], waiting


@dataclass(frozen=True, slots=True)
class Mover:
    """Moves sources to one store. The caller holds the run lock, so that nothing else is made for them meanwhile.

    Attributes:
        store_at: opens the store at a place of `source_videos.store`; always the same one for the same place.
        place: where to.
        keep: leave the files at the old place.
    """

    catalog: Catalog
    store_at: Callable[[str | None], Store]
    place: str | None
    keep: bool = False

    @property
    def new(self) -> Store:
        """The store where sources go."""
        return self.store_at(self.place)

    def planned(self, rows: Sequence[Row]) -> list[Row]:
        """What moving would do, source by source, with its `files` and `bytes`."""
        found = [(row, self.catalog.rows(_FILES, [row["id"]])) for row in rows]
        return [
            {"id": row["id"], "stage": NAME, "files": len(files), "bytes": (count := sum(one["bytes"] for one in files)),
             "reason": f"{len(files)} files, {in_words(count)}, from {_where(row['store'])} to {_where(self.place)}"}
            for row, files in found
        ]  # fmt: skip

    def refuse_overflow(self, rows: Sequence[Row], settings: Settings) -> None:
        """Refuse to begin what would fill the disk; what an earlier move has copied counts no more.

        Raises:
            NotEnoughSpace: the bytes are over the allowed share of the free space.
            StoreUnavailable: the bucket does not answer, or there is no such folder and none can be made.
        """
        make(self.place)
        if self.new.free_bytes() is None:
            next(iter(self.new.list(ARTIFACT_FOLDERS[0])), None)
            return
        self.new.remove_dead_parts()
        free = self.new.free_bytes() or 0
        files = (file for row in rows for file in self.catalog.rows(_FILES, [row["id"]]))
        needed = sum(file["bytes"] for file in files if self.new.head(file["uri"]) is None)
        if needed > settings.free_space_share * free:
            raise NotEnoughSpace(
                f"moving to {_where(self.place)} takes {in_words(needed)}, over {settings.free_space_share:.0%} of the {in_words(free)} "
                "that are free there: name fewer sources, free some space, or raise free_space_share",
                needed=needed, free=free,
            )  # fmt: skip

    def move(self, rows: Sequence[Row], outcome: Outcome, watcher: Watcher) -> None:
        """Move one source after the other; what fails or waits does not stop the others.

        Raises:
            Interrupted: by the user; what was moved is moved.
        """
        restores = Restores(self.catalog.execute, NAME)
        try:
            self.clear()
            for row in rows:
                self._move(row, outcome, watcher, restores)
            self.new.remove_dead_parts()  # not before: an upload that was killed is gone on with
        except KeyboardInterrupt as stop:
            raise Interrupted(
                "stopped; what was moved is moved, and `heaters move` goes on from here"
            ) from stop

    def left_behind(self) -> list[Row]:
        """Notes of moves that were killed before they had removed the old files."""
        return self.catalog.rows("SELECT key, value FROM meta WHERE starts_with(key, ?) ORDER BY key", [LEFT])

    def clear(self) -> None:
        """Remove what moves that were killed have left at the old places of sources."""
        notes = self.catalog.rows(
            "SELECT key, value FROM meta WHERE starts_with(key, ?) ORDER BY key", [LEFT]
        )
        for note in notes:
            source_id, place = (
                int(note["key"].removeprefix(LEFT)),
                None if note["value"] == HOME else note["value"],
            )
            self._remove(source_id, place)

    def _move(self, row: Row, outcome: Outcome, watcher: Watcher, restores: Restores) -> None:
        key, files = f"{NAME}:{row['id']}", self.catalog.rows(_FILES, [row["id"]])
        watcher.begin(key, f"{row['id']} {row['title']}: {NAME}", sum(one["bytes"] for one in files))
        failed: HeatersError | None = None
        reason, count = None, _Count(lambda done: watcher.advance(key, done))
        try:
            old = self.store_at(row["store"])
            reason = self._waits(old, files, restores)
            if reason is None:
                self._copy(row, old, count)
                if not self.keep:
                    self._remove(row["id"], row["store"])
        except Archived as error:
            reason = error.message
        except OSError as error:
            failed = StageFailed(
                f"source {row['id']} can't be moved: {error.strerror or error}; mend that, then move it again"
            )
        except HeatersError as error:
            failed = error
        told = {"id": row["id"], "stage": NAME}
        if failed:
            outcome.failed.append({**told, "error": failed.message})
        elif reason:
            outcome.waiting.append({**told, "reason": reason})
        else:
            outcome.done.append(
                {**told, "to": _where(self.place), "files": count.files, "bytes": count.bytes}
            )
            outcome.bytes += count.bytes
        watcher.end(key, failed)

    def _waits(self, old: Store, files: Sequence[Row], restores: Restores) -> str | None:
        """Why the source has to wait: all of its archived objects are asked for at once."""
        lacking = (one for one in files if one["bytes"] >= SMALLEST and self.new.head(one["uri"]) is None)
        reasons = [restores.reason(old, one["uri"]) for one in lacking]
        return next((reason for reason in reasons if reason), None)

    def _copy(self, row: Row, old: Store, count: _Count) -> None:
        classes: dict[str, str | None] = {}
        for _ in range(_ROUNDS):
            left = [one for one in self.catalog.rows(_FILES, [row["id"]]) if one["uri"] not in classes]
            for file, found in _each(left, lambda one: self._copied(row["id"], old, one, count)):
                classes[file["uri"]] = found
            request = MoveSource(row["id"], row["store"], self.place, classes, leaves=not self.keep)
            if self.catalog.execute(request)["moved"]:
                return
        raise StageFailed(
            f"source {row['id']} gets new files all the time: move it when nobody works on its cuts"
        )

    def _copied(self, source_id: int, old: Store, file: Row, count: _Count) -> str | None:
        """Have one file at the new place; returns its storage class there, None if there is nothing to be moved."""
        uri, there = file["uri"], self.new.head(file["uri"])
        if there is not None:
            if (there.sha256 or _sha256(self.new, there)) != file["sha256"]:
                raise StageFailed(
                    f"{self.new.uri(uri)} holds other bytes than the file of source {source_id} that would go there: choose another "
                    "place, or remove that file if nobody needs it", path=self.new.uri(uri),
                )  # fmt: skip
            count.add(there.bytes, files=1)
            return there.storage_class
        head = old.head(uri)
        if head is None:
            if file["live"]:
                raise VerificationFailed(
                    f"{old.uri(uri)} is missing: `heaters verify {source_id}` says how to get it back"
                )
            return None
        with self.new.part(uri) as part:
            with part.path.open("wb") as output:
                sha256 = _sha256(old, head, lambda data: count.add(output.write(data)))
            if sha256 != file["sha256"]:
                raise VerificationFailed(
                    f"{old.uri(uri)} is not what was recorded: the source stays; `heaters verify {source_id}`")  # fmt: skip
            storage_class = part.publish(sha256).storage_class
        count.add(0, files=1)
        return storage_class

    def _remove(self, source_id: int, place: str | None) -> None:
        """Remove the files of a source from a place where it is no more, then the note that says so."""
        now = self.catalog.rows("SELECT store FROM source_videos WHERE id = ?", [source_id])
        if now and now[0]["store"] != place:
            old = self.store_at(place)
            for file in self.catalog.rows(_FILES, [source_id]):
                old.delete(file["uri"])
        self.catalog.execute(FinishMove(source_id))


class _Count:
    """Bytes and files of one source so far."""

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told, self._lock, self.bytes, self.files = told, Lock(), 0, 0

    def add(self, count: int, files: int = 0) -> None:
        with self._lock:
            self.bytes += count
            self.files += files
            self._told(self.bytes)


def _each(files: Sequence[Row], copy: Callable[[Row], str | None]) -> Iterator[tuple[Row, str | None]]:
    """Copy each file: small ones several at a time, since they mostly wait; the others fill a line alone."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only where something is moved

    small = [file for file in files if file["bytes"] <= _CHUNK]
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="heaters-move") as executor:
        try:
            for file, found in zip(small, executor.map(copy, small), strict=True):
                heed()
                yield file, found
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    yield from ((file, copy(file)) for file in files if file["bytes"] > _CHUNK)


def _sha256(store: Store, head: Head, take: Callable[[bytes], object] | None = None) -> str:
    """The hash of an object, each piece of which is handed to `take`."""
    digest = hashlib.sha256()
    for data in _pieces(store, head):
        heed()
        digest.update(data)
        if take:
            take(data)
    return digest.hexdigest()


def _pieces(store: Store, head: Head) -> Iterator[bytes]:
    """The bytes of an object, in order: without a copy in the cache, but from there if the store can't give them."""
    if head.archived:
        with store.local_path(head.key).open("rb") as file:
            while data := file.read(_CHUNK):
                yield data
        return
    for start in range(0, head.bytes, _CHUNK):
        yield store.read(head.key, start, min(_CHUNK, head.bytes - start))


def _where(place: str | None) -> str:
    return place or "the folder of the workspace"
