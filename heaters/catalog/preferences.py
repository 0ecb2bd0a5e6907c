"""What reviewers prefer, kept in `meta` as `reviewer:` and the name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog.requests import SetPreferences
from heaters.domain import preferences

if TYPE_CHECKING:
    from heaters.catalog.transaction import Transaction

_KEY: Final = "reviewer:"


def read_preferences(
    ask: Callable[[str, Sequence[Any]], list[dict[str, Any]]], reviewer: str
) -> dict[str, Any]:
    """All preferences of a reviewer.

    Args:
        ask: a transaction's `rows`, or a catalog's.
        reviewer: one who has chosen nothing yet has them as they come.
    """
    found = ask("SELECT value FROM meta WHERE key = ?", [_KEY + reviewer])
    return preferences.with_defaults(json.loads(found[0]["value"]) if found else {})


def set_preferences(request: SetPreferences, tx: Transaction) -> dict[str, Any]:
    """Choose some anew; returns all of them.

    Raises:
        UsageError: there is no such preference, or it takes no such value.
    """
    chosen = preferences.changed(read_preferences(tx.rows, request.reviewer), request.values)
    tx.change(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [_KEY + request.reviewer, json.dumps(chosen)],
    )
    return chosen
