"""One command, one transaction; and for those who may have to send it twice, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.perform import perform
from heaters.catalog.remote import REQUEST_TIME
from heaters.catalog.transaction import Transaction
from heaters.catalog.values import dumps, loads

if TYPE_CHECKING:
    import duckdb

_KEY: Final = "answer "
"""How the keys of kept answers in `meta` begin; the time follows, so that old ones are found by their order."""
_KEPT: Final = timedelta(days=1)


def carry_out(
    connection: duckdb.DuckDBPyConnection, command: object, request: str | None = None
) -> dict[str, Any]:
    """Carry out one command in one transaction.

    Args:
        connection: none of its transactions is open.
        command: one of those that `heaters.catalog.perform` knows.
        request: of `request_name`. If a command was carried out under it, its answer is returned and nothing is done.
    """
    transaction = Transaction(connection)
    transaction.begin()
    try:
        answer = _perform_once(command, request, transaction) if request else perform(command, transaction)
    except BaseException:
        transaction.rollback()
        raise
    transaction.commit()
    return answer


def _perform_once(command: object, request: str, tx: Transaction) -> dict[str, Any]:
    known = tx.tuples("SELECT value FROM meta WHERE key = ?", [_KEY + request])
    if known:
        return dict(loads(known[0][0]))
    answer = perform(command, tx)
    old = _KEY + (tx.now - _KEPT).strftime(REQUEST_TIME)
    tx.change("DELETE FROM meta WHERE key > ? AND key < ?", [_KEY, old])
    tx.insert("meta", [{"key": _KEY + request, "value": dumps(answer).decode("ascii")}])
    return answer
