"""What DuckDB writes must come back from its log: random changes, folded in or not, against a plain Python table.

DuckDB 1.5.5 and 2.0.0 fail this with their default compression of texts; see `heaters.catalog.engine`.
"""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from heaters.catalog.direct import build
from heaters.catalog.engine import ALIAS, ROW_GROUP_SIZE, open_memory

COLUMNS = (
    "id",
    "state",
    "clip_filepath",
    "group_id",
    "version",
    "label",
    "tags",
    "note",
    "reviewer",
    "decided_at",
    "end_frame",
)
CLIPS = 1500
Row = dict[str, Any]


def some(chance: random.Random, column: str) -> Any:
    return {
        "state": lambda: chance.choice(["pending", "approved", "skipped", "superseded"]),
        "clip_filepath": lambda: chance.choice([None, f"final_clips/{chance.random()}"]),
        "group_id": lambda: chance.choice([None, chance.randrange(1, CLIPS)]),
        "version": lambda: chance.randrange(1, 50),
        "label": lambda: chance.choice([None, "a", "b" * chance.randrange(1, 20)]),
        "tags": lambda: [str(chance.randrange(9)) for _ in range(chance.randrange(3))],
        "note": lambda: chance.choice([None, "n" * chance.randrange(1, 300)]),
        "reviewer": lambda: chance.choice([None, "ana", "ben"]),
        "decided_at": lambda: chance.choice([None, datetime(2026, 1, 1, 0, 0, chance.randrange(60))]),  # noqa: DTZ001 - as stored
        "end_frame": lambda: chance.randrange(10**6, 2 * 10**6),
    }[column]()


def change(connection: Any, table: dict[int, Row], chance: random.Random) -> None:
    """One transaction of inserts and updates, here and there."""
    connection.execute("BEGIN")
    touched: set[int] = set()
    for _ in range(chance.randrange(1, 4)):
        if chance.random() < 0.25:
            row = {
                "id": max(table) + 1,
                **{name: some(chance, name) for name in ("state", "label", "tags", "reviewer")},
            }
            written = {**row, "clip_no": row["id"], "source_video_id": 1, "start_frame": 0, "end_frame": 5}
            marks = ", ".join("?" for _ in written)
            connection.execute(
                f"INSERT INTO clips ({', '.join(written)}) VALUES ({marks})", list(written.values())
            )
            table[row["id"]] = {**dict.fromkeys(COLUMNS), "version": 1, "end_frame": 5, **row}
            touched.add(row["id"])
        ids = set(chance.sample(sorted(table), chance.choice([1, 1, 3, 30]))) - touched
        if not ids:
            continue
        values = {name: some(chance, name) for name in chance.sample(COLUMNS[1:], chance.randrange(1, 5))}
        sets = ", ".join(f"{name} = ?" for name in values)
        connection.execute(
            f"UPDATE clips SET {sets} WHERE id IN ({', '.join(map(str, ids))})", list(values.values())
        )
        for clip_id in ids:
            table[clip_id].update(values)
        touched |= ids
    connection.execute("COMMIT")


def read(connection: Any) -> dict[int, Row]:
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM clips").fetchall()
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


@pytest.mark.parametrize(
    "seed", [0, 1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
def test_committed_changes_come_back_from_the_log_whatever_was_folded_in(tmp_path: Path, seed: int) -> None:
    file, chance = tmp_path / "catalog.duckdb", random.Random(seed)
    build(file, [
        ("INSERT INTO clips BY NAME SELECT i AS id, i AS clip_no, i // 30 AS source_video_id, i AS start_frame, i + 1 AS end_frame, "
         f"'pending' AS state FROM range(1, {CLIPS + 1}) r(i)"),
    ])  # fmt: skip
    attach = f"ATTACH '{file}' AS {ALIAS} (ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    with open_memory(tmp_path / "spill") as connection:
        connection.execute(attach)
        connection.execute(f"SET search_path = 'memory.main,{ALIAS}.main'")
        table = read(connection)
        for _ in range(60):
            change(connection, table, chance)
            if chance.random() < 0.2:
                connection.execute(f"CHECKPOINT {ALIAS}")
            if chance.random() < 0.5:
                connection.execute(f"DETACH {ALIAS}")
                connection.execute(attach)
                assert read(connection) == table
        connection.execute(f"DETACH {ALIAS}")
        connection.execute(attach)
        assert read(connection) == table
