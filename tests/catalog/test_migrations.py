"""Catalogs and snapshots of an older heaters."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import duckdb
import pytest
from shows import add_show, decide, states

from heaters.catalog.check import check
from heaters.catalog.direct import DirectCatalog
from heaters.catalog.engine import log_of
from heaters.catalog.snapshot import TABLES, restore, snapshot

STORE = "  store VARCHAR, -- where its files lie"


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [row[:2] for row in connection.execute(f"DESCRIBE {table}").fetchall()]


@pytest.fixture
def old(tmp_path: Path) -> DirectCatalog:
    """A catalog as version 1 wrote it, with a show of four clips, one approved, and its log not folded in."""
    new = DirectCatalog(tmp_path / "new")
    new.folder.mkdir()
    new.create()
    add_show(new, 0, 10, 20, 30, 40)
    decide(new, "approve", 2)
    rows = snapshot(new, new.folder / "snapshots")

    schema = resources.files("heaters.catalog").joinpath("schema.sql").read_text("utf-8")
    lines = [line for line in schema.splitlines() if not line.startswith(STORE)]
    assert len(lines) == len(schema.splitlines()) - 1
    old = DirectCatalog(tmp_path / "old")
    old.folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute(f"ATTACH '{old.file}' AS old (STORAGE_VERSION 'v1.5.0')")
        connection.execute("USE old")
        connection.execute("\n".join(lines))
        for table in ("meta", "counters"):
            connection.execute(f"DELETE FROM {table}")
        for table in TABLES:
            left_out = "* EXCLUDE (store)" if table == "source_videos" else "*"
            connection.execute(f"INSERT INTO {table} BY NAME SELECT {left_out} FROM '{rows / table}.parquet'")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'schema_version'")
        connection.execute("USE memory")
        connection.execute("DETACH old")
    return old


def version(catalog: DirectCatalog) -> str:
    return str(catalog.rows("SELECT value FROM meta WHERE key = 'schema_version'")[0]["value"])


@pytest.mark.parametrize("first", ["it is read", "it is changed"])
def test_an_older_catalog_is_brought_up_to_date_when_it_is_opened(old: DirectCatalog, first: str) -> None:
    if first == "it is changed":
        decide(old, "skip", 1)
    assert version(old) == "2"
    (row,) = old.rows("SELECT * FROM source_videos")
    assert row["store"] is None
    assert states(old)[2] == "approved"
    assert check(old) == []
    again = DirectCatalog(old.folder)
    decide(again, "split", 3, frame=25)
    assert len(again.rows("FROM clips_with_cut_points")) == 5


def test_it_has_the_columns_of_a_new_one_then(old: DirectCatalog, tmp_path: Path) -> None:
    version(old)
    with old.reading() as mine, DirectCatalog(tmp_path / "new").reading() as fresh:
        for table in TABLES:
            assert columns(mine, table) == columns(fresh, table), table


def test_an_older_snapshot_is_restored(old: DirectCatalog, tmp_path: Path) -> None:
    folder = snapshot(DirectCatalog(tmp_path / "new"), tmp_path / "snapshots")
    with duckdb.connect() as connection:
        for table, select in (
            ("source_videos", "* EXCLUDE (store)"),
            ("meta", "* REPLACE (if(key = 'schema_version', '1', value) AS value)"),
        ):
            file = folder / f"{table}.parquet"
            connection.execute(f"CREATE TABLE {table} AS SELECT {select} FROM '{file}'")
            connection.execute(f"COPY {table} TO '{file}' (FORMAT parquet)")
    facts = folder / "snapshot.json"
    told = json.loads(facts.read_text("utf-8"))
    facts.write_text(json.dumps({**told, "schema_version": 1}), "utf-8")
    old.file.unlink()
    log_of(old.file).unlink(missing_ok=True)

    restore(old.folder, folder)

    assert version(old) == "2"
    assert old.rows("SELECT store FROM source_videos") == [{"store": None}]
    assert states(old)[2] == "approved"
    assert check(old) == []
