"""One open transaction: typed row access, ids from counters, one clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import numpy.typing as npt


class Transaction:
    """What commands are given to work with. All times of one transaction are equal: `now`, UTC without a zone."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._taken: dict[str, int] = {}
        self.now = datetime.now(UTC).replace(tzinfo=None)

    def begin(self) -> None:
        """Start."""
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        """Make it durable."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget it. DuckDB may have done so itself, after an error; then there is nothing left to forget."""
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query as dicts."""
        result = self._connection.execute(sql, parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def tuples(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query as tuples."""
        return self._connection.execute(sql, parameters).fetchall()

    def arrays(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, npt.NDArray[Any]]:
        """All rows of a query as one array for each column, none of which may hold NULL."""
        return self._connection.execute(sql, parameters).fetchnumpy()

    def first(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run INSERT, UPDATE or DELETE; returns how many rows it met."""
        found = self._connection.execute(sql, parameters).fetchall()
        return int(found[0][0]) if found else 0

    def insert(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows that all have the same columns."""
        rows = list(rows)
        if not rows:
            return
        columns = list(rows[0])
        marks = ", ".join("?" for _ in columns)
        one = f"({marks})"
        for begin in range(0, len(rows), 200):
            chunk = rows[begin : begin + 200]
            values = [row[column] for row in chunk for column in columns]
            self.change(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * len(chunk))}", values
            )

    def peek_id(self, counter: str) -> int:
        """The id that `take_ids` would hand out first."""
        if counter in self._taken:
            return self._taken[counter] + 1
        found = self.tuples("SELECT value FROM counters WHERE name = ?", [counter])
        return int(found[0][0]) + 1 if found else 1

    def take_ids(self, counter: str, count: int = 1) -> int:
        """Hand out `count` ids that were never used; returns the first."""
        found = self.tuples(
            "UPDATE counters SET value = value + ? WHERE name = ? RETURNING value", [count, counter]
        )
        if found:
            self._taken[counter] = int(found[0][0])
            return int(found[0][0]) - count + 1
        self.change("INSERT INTO counters VALUES (?, ?)", [counter, count])
        return 1

    def use_ids(self, counts: Mapping[str, int]) -> None:
        """Mark ids as handed out that the caller has peeked at: so many of each counter."""
        self._taken = {name: value for name, value in self._taken.items() if name not in counts}
        steps = " ".join("WHEN ? THEN ?" for _ in counts)
        marks = ", ".join("?" for _ in counts)
        pairs = [value for pair in counts.items() for value in pair]
        sql = f"UPDATE counters SET value = value + CASE name {steps} END::BIGINT WHERE name IN ({marks}) RETURNING name"
        known = {row[0] for row in self.tuples(sql, [*pairs, *counts])}
        self.insert(
            "counters",
            [{"name": name, "value": count} for name, count in counts.items() if name not in known],
        )
