"""Ingest: bring the bytes of a source into the store, unchanged.

Done when `original_filepath` is set. Uploads and films from the web take the same way; only who fetches differs.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from heaters.catalog.requests import Artifact, FinishStage
from heaters.config import Settings
from heaters.domain import layout
from heaters.domain.stopping import heed
from heaters.errors import MediaError
from heaters.stages import downloads
from heaters.stages.reporting import reporter
from heaters.stages.stage import Row, Unit, digest, finish
from heaters.storage import Head, open_store

NAME: Final = "ingest"
_CHUNK: Final = 1 << 22


class Catalog(Protocol):
    """What applying a result needs of any transport."""

    def execute(self, command: object) -> dict[str, Any]:
        """Carry out one command."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Read rows."""


def pending(row: Row, _: Settings) -> bool:
    """Tell whether the bytes are still to be fetched."""
    return row["original_filepath"] is None and row["ingest_state"] in {
        "new",
        "downloading",
        "download_failed",
    }


def plan(row: Row, settings: Settings, store: str) -> Unit:
    """Copy, reference or download what the row names."""
    if row["origin"] == "web":
        from heaters.stages import web  # noqa: PLC0415 - only where something is downloaded

        return web.plan(row, settings, store)
    spec = {
        "store": store, "source_id": row["id"], "from": row["origin_url"], "sha256": row["sha256"],
        "how": settings.originals, "bytes": row["original_bytes"],
    }  # fmt: skip
    return Unit(
        NAME,
        row["id"],
        row["title"],
        spec,
        row["sha256"],
        digest(settings.originals),
        row["original_bytes"] or 0,
    )


def run_one(spec: dict[str, Any], report: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Copy the file while hashing it; a file that has changed since it was probed is refused. Or download it.

    Raises:
        MediaError: the file is gone or its bytes are not the ones that were probed; or it can't be downloaded.
    """
    if "url" in spec:
        from heaters.stages import web  # noqa: PLC0415 - only where something is downloaded

        return web.fetch(spec, report or reporter(spec))
    began, source = time.monotonic(), Path(spec["from"])
    try:
        head = Head(str(source), spec["bytes"], 0) if spec["how"] == "reference" else _copy(spec, source)
    except FileNotFoundError as error:
        raise MediaError(
            f"{source} is gone: put it back, then `heaters retry {spec['source_id']}`", path=str(source)
        ) from error
    return {
        "original_filepath": head.key,
        "storage_class": head.storage_class,
        "bytes": spec["bytes"],
        "sha256": spec["sha256"],
        "seconds": time.monotonic() - began,
    }


def outcome(unit: Unit, result: Mapping[str, Any]) -> FinishStage:
    """Name the original; of one that was downloaded, tell what it is."""
    columns = {"original_filepath": result["original_filepath"]}
    if "url" in unit.spec:
        columns |= {"sha256": result["sha256"], "original_bytes": result["bytes"], "probe": json.dumps(result["probe"])}  # fmt: skip
        files = [Artifact(params_hash=unit.params_hash, **one) for one in result["artifacts"]]
        return finish(unit, result, columns, artifacts=files)
    artifact = Artifact(
        "original",
        result["original_filepath"],
        result["bytes"],
        result["sha256"],
        unit.params_hash,
        storage_class=result["storage_class"],
    )
    return finish(unit, result, columns, artifacts=[artifact])


def apply(catalog: Catalog, unit: Unit, result: Mapping[str, Any], command: FinishStage) -> dict[str, Any]:
    """Carry out the command that notes a result, of any stage, and clean up behind a download.

    What was downloaded and another source has already is removed before that, so that a kill leaves nothing behind.

    Returns:
        The answer of the catalog; `duplicate_of` is that other source.
    """
    if "url" not in unit.spec:
        return catalog.execute(command)
    twins = "SELECT 1 FROM source_videos WHERE sha256 = ? AND id <> ?"
    if catalog.rows(twins, [result["sha256"], unit.subject_id]):
        store = open_store(unit.spec["store"])
        for one in result["artifacts"]:
            store.delete(one["uri"])
    answer = catalog.execute(command)
    downloads.clear(downloads.folder_of(unit.spec["home"], unit.subject_id))
    return answer


def obstacle(unit: Unit) -> str | None:
    """Why the unit can't begin now: another process downloads the same source."""
    if "url" in unit.spec and downloads.is_held(downloads.folder_of(unit.spec["home"], unit.subject_id)):
        return "another process is downloading it"
    return None


def hash_file(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            seen.update(chunk)
            heed()
    return seen.hexdigest()


def _copy(spec: Mapping[str, Any], source: Path) -> Head:
    key = layout.original(spec["source_id"], source.suffix)
    report, seen, done = reporter(spec), hashlib.sha256(), 0
    with open_store(spec["store"]).part(key) as part:
        with source.open("rb") as reader, part.path.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                seen.update(chunk)
                writer.write(chunk)
                done += len(chunk)
                report(done)
        if seen.hexdigest() != spec["sha256"]:
            raise MediaError(
                f"{source} has changed since it was looked at: ingest it again", path=str(source)
            )
        return part.publish(spec["sha256"])
