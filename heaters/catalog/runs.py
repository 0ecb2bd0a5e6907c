"""Runs: who worked on the workspace, when, and how it ended."""

from __future__ import annotations

from typing import Any

from heaters.catalog import requests
from heaters.catalog.transaction import Transaction


def start(request: requests.StartRun, tx: Transaction) -> dict[str, Any]:
    """Open a run. The caller holds the run lock, so a row that is still `running` belongs to a run that died."""
    tx.change("UPDATE runs SET state = 'died', finished_at = ? WHERE state = 'running'", [tx.now])
    run_id = tx.take_ids("runs")
    tx.insert("runs", [{
        "id": run_id, "verb": request.verb, "state": "running", "pid": request.pid, "host": request.host, "started_at": tx.now,
    }])  # fmt: skip
    return {"run_id": run_id}


def finish(request: requests.FinishRun, tx: Transaction) -> dict[str, Any]:
    """Close a run."""
    tx.change(
        "UPDATE runs SET state = ?, finished_at = ?, done = ?, failed = ?, waiting = ?, bytes = ?, report = ? WHERE id = ?",
        [
            request.state,
            tx.now,
            request.done,
            request.failed,
            request.waiting,
            request.bytes,
            request.report,
            request.run_id,
        ],
    )
    return {"run_id": request.run_id}
