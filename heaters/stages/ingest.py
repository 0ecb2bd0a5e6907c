"""Ingest: bring the bytes of a source into the store, unchanged.

Done when `original_filepath` is set. Uploads and (later) web shows take the same way; only who fetches differs.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from heaters.catalog.requests import Artifact, FinishStage
from heaters.config import Settings
from heaters.domain import layout
from heaters.domain.stopping import heed
from heaters.errors import MediaError
from heaters.stages.reporting import reporter
from heaters.stages.stage import Row, Unit, digest, finish
from heaters.storage import Head, open_store

NAME: Final = "ingest"
_CHUNK: Final = 1 << 22


def pending(row: Row, _: Settings) -> bool:
    """Tell whether the bytes are still to be fetched."""
    return row["original_filepath"] is None and row["ingest_state"] in {
        "new",
        "downloading",
        "download_failed",
    }


def plan(row: Row, settings: Settings, store: str) -> Unit:
    """Copy or reference the file that the row names."""
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


def run_one(spec: dict[str, Any]) -> dict[str, Any]:
    """Copy the file while hashing it; a file that has changed since it was probed is refused.

    Raises:
        MediaError: the file is gone or its bytes are not the ones that were probed.
    """
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
    """Name the original."""
    key = result["original_filepath"]
    artifact = Artifact(
        "original",
        key,
        result["bytes"],
        result["sha256"],
        unit.params_hash,
        storage_class=result["storage_class"],
    )
    return finish(unit, result, {"original_filepath": key}, artifacts=[artifact])


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
