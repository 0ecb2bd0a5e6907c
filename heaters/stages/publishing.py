"""Publishing: a finished part becomes an object of its store, and then the row that names it."""

from __future__ import annotations

from typing import Any

from heaters.stages.ingest import hash_file
from heaters.storage import Part


def publish(kind: str, part: Part, sha256: str | None = None, **more: Any) -> dict[str, Any]:
    """Publish a part.

    Args:
        kind: of artefact.
        sha256: of its bytes, where somebody has read them already.
        more: columns beside those that follow from the file.

    Returns:
        The arguments of `heaters.catalog.requests.Artifact`, JSON-able, but for `params_hash`.
    """
    told = sha256 or hash_file(part.path)
    head = part.publish(told)
    return {
        "kind": kind, "uri": head.key, "bytes": head.bytes, "sha256": told, "storage_class": head.storage_class, **more,
    }  # fmt: skip
