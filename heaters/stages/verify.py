"""Verify: read the whole gold master and the proxy back and compare every frame with what was recorded.

Done when `verified_at` is set.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from heaters.catalog.requests import FinishStage
from heaters.config import Settings
from heaters.errors import VerificationFailed
from heaters.stages.ingest import hash_file
from heaters.stages.reporting import reporter
from heaters.stages.stage import Row, Unit, digest, finish
from heaters.storage import open_store

NAME: Final = "verify"
_WAYS_OUT: Final = {
    "original": ": put the file back that was ingested",
    "manifest": ": it tells where the source is from; put it back from a copy, if there is one",
    "source_keyframe": ": remove what is left of it, then `heaters janitor` and `heaters retune {} --apply` make it again",
}
"""For what is not made anew by preparing the source again."""
_READ_BACK: Final = frozenset({"gold_master", "review_proxy", "frame_index"})
"""Kinds that `find_problems` misses itself where they are gone."""


def pending(row: Row, settings: Settings) -> bool:
    """Tell whether the source is ready and was never read back in full."""
    return (
        settings.verify and row["verified_at"] is None and row["ingest_state"] in {"ready", "verify_failed"}
    )


def plan(row: Row, _: Settings, store: str) -> Unit:
    """Read everything back."""
    spec = {
        "store": store, "source_id": row["id"], "master": row["gold_master_filepath"], "proxy": row["proxy_filepath"],
        "frame_index": row["frame_index_filepath"], "time_base": row["time_base"],
    }  # fmt: skip
    return Unit(NAME, row["id"], row["title"], spec, row["sha256"], digest(NAME), row["n_frames"])


def run_one(spec: dict[str, Any]) -> dict[str, Any]:
    """Compare, and fail with the first frame that differs.

    Raises:
        VerificationFailed: something differs; the message names the file and the frame.
    """
    began = time.monotonic()
    problems = find_problems(spec)
    if problems:
        raise failure(spec["source_id"], problems)
    return {"verified_at": datetime.now(UTC).isoformat(), "seconds": time.monotonic() - began}


def failure(source_id: int, problems: Sequence[Mapping[str, Any]]) -> VerificationFailed:
    """The error that tells the first problem, how many there are, and the way out."""
    first = problems[0]
    where = f" at frame {first['frame']}" if first["frame"] is not None else ""
    more = f" ({len(problems) - 1} more; `heaters verify {source_id}` lists all)" if len(problems) > 1 else ""
    return VerificationFailed(
        f"source {source_id}{where}: {first['what']}{more}; `heaters retry {source_id}`, then `heaters run`, makes it anew "
        "from the original", source_id=source_id, problems=list(problems[:100]),
    )  # fmt: skip


def outcome(unit: Unit, result: Mapping[str, Any]) -> FinishStage:
    """Note when it was verified."""
    return finish(
        unit, result, {"verified_at": datetime.fromisoformat(result["verified_at"]).replace(tzinfo=None)}
    )


def find_all(
    spec: Mapping[str, Any], source: Row, artifacts: Sequence[Row]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All that differs from what was recorded, read back and compared by the hashes of the files.

    Args:
        spec: of `plan`, and `archived`: keys of what can't be read before it is restored.
        source: its row.
        artifacts: rows with `kind`, `uri` and `sha256` of its live files, without those of its clips.

    Returns:
        Rows as of `find_problems`: what preparing the source again mends, and what it does not.
    """
    store, mended = open_store(spec["store"]), find_problems(spec)
    others: list[dict[str, Any]] = []
    for row in artifacts:
        kind, gone = row["kind"], store.head(row["uri"]) is None
        if gone and kind not in _READ_BACK:
            what = "is missing"
        elif not gone and kind != "review_proxy" and hash_file(store.local_path(row["uri"])) != row["sha256"]:
            what = "has changed"
        else:
            continue
        told = f"{store.uri(row['uri'])} {what}" + _WAYS_OUT.get(kind, "").format(source["id"])
        (others if kind in _WAYS_OUT else mended).append(
            {"source_id": source["id"], "frame": None, "what": told}
        )
    return mended, others


def find_problems(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All frames of master and proxy that are not what was recorded: `source_id`, `frame` (or None), `what`."""
    from heaters.catalog import parquet  # noqa: PLC0415 - only in workers
    from heaters.media import readback  # noqa: PLC0415

    store = open_store(spec["store"])
    missing = [key for key in (spec["master"], spec["proxy"], spec["frame_index"]) if store.head(key) is None]
    if missing:
        return [
            {"source_id": spec["source_id"], "frame": None, "what": f"{store.uri(key)} is missing"}
            for key in missing
        ]
    index, footer = parquet.read_columns(store.local_path(spec["frame_index"]))
    found = []
    if spec["master"] not in spec.get("archived", ()):
        found = readback.read_back(
            store.local_path(spec["master"]), index["pts"], index["picture_crc32"], None, progress=reporter(spec))  # fmt: skip
    found += readback.check_proxy(
        store.local_path(spec["proxy"]), index["offset"], index["size"], index["crc32"]
    )
    problems = [{"source_id": spec["source_id"], "frame": one.frame, "what": one.what} for one in found]
    if hash_file(store.local_path(spec["proxy"])) != footer["proxy_sha256"]:
        problems.append(
            {"source_id": spec["source_id"], "frame": None, "what": f"{store.uri(spec['proxy'])} has changed"}
        )
    return problems
