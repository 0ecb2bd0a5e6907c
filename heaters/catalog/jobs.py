"""Jobs: what was tried on which input with which parameters, how often and how it ended."""

from __future__ import annotations

from typing import Final

from heaters.catalog.transaction import Transaction

_KEY: Final = "stage = ? AND subject = ? AND input_hash = ? AND params_hash = ?"


def start(tx: Transaction, key: tuple[str, str, str, str], run_id: int | None) -> int:
    """Count an attempt; returns how many there were since the last good end, this one included."""
    old = tx.first(f"SELECT id, if(state = 'done', 0, attempts) AS attempts FROM jobs WHERE {_KEY}", key)
    if old:
        tx.change(
            "UPDATE jobs SET state = 'running', attempts = ?, run_id = ?, error = NULL, started_at = ?, "
            "finished_at = NULL WHERE id = ?",
            [old["attempts"] + 1, run_id, tx.now, old["id"]],
        )
        return int(old["attempts"]) + 1
    _insert(tx, key, run_id)
    return 1


def forget_failed_exports(tx: Transaction, source_id: int) -> int:
    """Let clips of a source whose export has failed be tried as if for the first time; returns how many there are."""
    return tx.change(
        "DELETE FROM jobs WHERE stage = 'export' AND state = 'failed' AND subject IN (SELECT 'clip:' || id FROM clips WHERE "
        "source_video_id = ?)", [source_id],
    )  # fmt: skip


def is_done(tx: Transaction, key: tuple[str, str, str, str]) -> bool:
    """Tell whether this very work was finished and applied."""
    return bool(tx.tuples(f"SELECT 1 FROM jobs WHERE {_KEY} AND state = 'done'", key))


def finish(tx: Transaction, key: tuple[str, str, str, str], *, seconds: float, bytes_: int) -> None:
    """Note the good end."""
    done = (
        f"UPDATE jobs SET state = 'done', error = NULL, finished_at = ?, seconds = ?, bytes = ? WHERE {_KEY}"
    )
    values = [tx.now, seconds, bytes_, *key]
    if not tx.change(done, values):
        _insert(tx, key, None)
        tx.change(done, values)


def fail(tx: Transaction, key: tuple[str, str, str, str], error: str) -> None:
    """Note the bad end."""
    tx.change(
        f"UPDATE jobs SET state = 'failed', finished_at = ?, error = ? WHERE {_KEY}", [tx.now, error, *key]
    )


def _insert(tx: Transaction, key: tuple[str, str, str, str], run_id: int | None) -> None:
    stage, subject, input_hash, params_hash = key
    tx.insert("jobs", [{
        "id": tx.take_ids("jobs"), "run_id": run_id, "stage": stage, "subject": subject, "input_hash": input_hash,
        "params_hash": params_hash, "state": "running", "attempts": 1, "started_at": tx.now,
    }])  # fmt: skip
