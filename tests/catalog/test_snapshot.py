from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from shows import add_show, add_source, decide, export, lease, new_catalog, states, undo, write

from heaters.catalog.check import check
from heaters.catalog.direct import DirectCatalog
from heaters.catalog.engine import log_of
from heaters.catalog.requests import FinishRun, StartRun
from heaters.catalog.snapshot import KEPT, TABLES, restore, snapshot
from heaters.errors import CatalogDamaged, CatalogError, CatalogNewer


@pytest.fixture
def busy(catalog: DirectCatalog) -> DirectCatalog:
    """A catalog with rows in every table."""
    add_show(catalog, 0, 10, 20, 30, 40)
    add_show(catalog, 0, 2, 3, pts=[512, 700, 1500], end_pts=2000)
    run = catalog.execute(StartRun("run", 1, "here"))["run_id"]
    catalog.execute(FinishRun(run, "done"))
    decide(catalog, "annotate", 1, values={"label": "Tor! „ß“", "tags": ["a", "b'c"], "note": "two\nlines"})
    decide(catalog, "approve", 2)
    export(catalog, 2)
    decide(catalog, "split", 4, frame=35)
    decide(catalog, "group", 1, 3)
    undo(catalog)
    lease(catalog, 5, "ben")
    return catalog


def everything(catalog: DirectCatalog) -> dict[str, list[dict[str, Any]]]:
    return {table: catalog.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


def test_a_restored_catalog_is_identical_and_goes_on(busy: DirectCatalog, tmp_path: Path) -> None:
    before = everything(busy)
    assert all(before.values()), "every table has rows"
    folder = snapshot(busy, busy.folder / "snapshots")
    decide(busy, "archive", 3)
    busy.file.unlink()
    log_of(busy.file).unlink(missing_ok=True)

    restore(busy.folder, folder)

    again = DirectCatalog(busy.folder)
    assert everything(again) == before
    assert check(again) == []
    assert (
        decide(again, "split", 3, frame=25)["clips"][1]["id"] == max(row["id"] for row in before["clips"]) + 1
    )
    assert undo(again)["undid"] == "split"
    assert states(busy) == states(again)


def test_a_snapshot_tells_what_it_holds_in_plain_parquet(busy: DirectCatalog) -> None:
    folder = snapshot(busy, busy.folder / "snapshots")

    facts = json.loads((folder / "snapshot.json").read_text("utf-8"))
    assert facts["schema_version"] == 2
    assert facts["rows"] == {table: len(rows) for table, rows in everything(busy).items()}
    kinds = duckdb.sql(
        f"SELECT DISTINCT compression FROM parquet_metadata('{folder}/clips.parquet')"
    ).fetchall()
    assert kinds == [("ZSTD",)]
    assert (
        duckdb.sql(f"SELECT count(*) FROM '{folder}/clip_events.parquet'").fetchall()[0][0]
        == facts["rows"]["clip_events"]
    )


def test_the_newest_ten_snapshots_are_kept_and_dead_ones_are_swept(catalog: DirectCatalog) -> None:
    folder = catalog.folder / "snapshots"
    dead = folder / ".20200101T000000.000000Z.part"
    dead.mkdir(parents=True)
    made = [snapshot(catalog, folder) for _ in range(KEPT + 2)]

    assert sorted(folder.iterdir()) == made[2:]
    assert len(made) == len(set(made))


def test_a_snapshot_that_can_not_be_written_leaves_nothing(catalog: DirectCatalog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CatalogError, match=r"snapshot .*file.* could not be written"):
        snapshot(catalog, tmp_path / "file" / "snapshots")
    assert catalog.rows("SELECT 1 AS a") == [{"a": 1}]


def test_the_catalog_that_was_there_is_kept_aside_with_its_log(busy: DirectCatalog, tmp_path: Path) -> None:
    folder = snapshot(busy, busy.folder / "snapshots")
    decide(busy, "archive", 3)
    assert log_of(busy.file).exists()
    restore(busy.folder, folder)

    assert states(busy)[3] == "pending"
    (aside,) = (file for file in busy.folder.glob("catalog.duckdb.before-restore-*") if file.suffix != ".wal")
    old = new_catalog(tmp_path / "old")
    aside.replace(old.file)
    log_of(aside).replace(log_of(old.file))
    assert states(old)[3] == "archived"


def test_no_id_of_what_a_restore_loses_is_given_again_and_what_is_lost_is_counted(
    catalog: DirectCatalog, show: int
) -> None:
    folder = snapshot(catalog, catalog.folder / "snapshots")
    decide(catalog, "split", 1, frame=4)
    add_show(catalog, 0, 10, title="newer")
    highest = max(row["id"] for row in catalog.rows("SELECT id FROM clips"))
    assert restore(catalog.folder, folder) == {"sources": 1, "events": 2}
    right = decide(catalog, "split", 1, frame=4)["clips"][1]
    assert (right["id"], right["clip_no"]) == (highest + 1, 6)
    assert add_source(catalog) == 3
    assert check(catalog) == []


def test_where_the_old_catalog_can_not_be_read_the_names_of_files_tell_the_ids(
    catalog: DirectCatalog, show: int
) -> None:
    folder = snapshot(catalog, catalog.folder / "snapshots")
    catalog.file.write_bytes(b"no database at all")
    assert restore(catalog.folder, folder, [(7, 0), (1, 12), (1, 3)]) is None
    assert add_source(catalog) == 8
    assert decide(catalog, "split", 1, frame=4)["clips"][1]["clip_no"] == 13
    assert check(catalog) == []


def test_a_catalog_that_can_not_be_opened_any_more_is_restored_over(busy: DirectCatalog) -> None:
    before = everything(busy)
    folder = snapshot(busy, busy.folder / "snapshots")
    busy.file.write_bytes(b"no database at all")
    restore(busy.folder, folder)
    assert everything(busy) == before


@pytest.mark.parametrize(
    ("damage", "error", "words"),
    [
        ("no facts", CatalogDamaged, "no complete snapshot"), ("no table", CatalogDamaged, "lacks clips"),
        ("newer", CatalogNewer, "schema 3"),
        ("garbage", CatalogDamaged, "clips.parquet"), ("rows lost", CatalogDamaged, "clips has 1 rows, not 7"),
        ("gap", CatalogDamaged, "can't be restored: source 1: gap"), ("broken rule", CatalogDamaged, "CHECK constraint"),
    ],
)  # fmt: skip
def test_a_bad_snapshot_is_refused_and_nothing_is_replaced(
    busy: DirectCatalog, damage: str, error: type[CatalogError], words: str
) -> None:
    folder = snapshot(busy, busy.folder / "snapshots")
    clips, facts = folder / "clips.parquet", folder / "snapshot.json"
    rewrite = {
        "rows lost": "SELECT * FROM t LIMIT 1", "gap": "SELECT * REPLACE (CASE id WHEN 1 THEN 9 ELSE end_frame END AS end_frame) FROM t",
        "broken rule": "SELECT * REPLACE ('lost' AS state) FROM t",
    }  # fmt: skip
    if damage == "no facts":
        facts.unlink()
    elif damage == "no table":
        clips.unlink()
    elif damage == "newer":
        facts.write_text(facts.read_text("utf-8").replace('"schema_version": 2', '"schema_version": 3'))
    elif damage == "garbage":
        clips.write_bytes(b"PAR1")
    else:
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t AS FROM '{clips}'")
            connection.execute(f"COPY ({rewrite[damage]}) TO '{clips}' (FORMAT parquet)")
    before = everything(busy)

    with pytest.raises(error, match=words):
        restore(busy.folder, folder)
    assert everything(busy) == before
    assert not list(busy.folder.glob("*before-restore*"))
    assert not (busy.folder / ".restore.part").exists()


def test_a_snapshot_of_a_damaged_catalog_can_still_be_taken(busy: DirectCatalog) -> None:
    write(busy, "UPDATE clips SET end_frame = 8 WHERE id = 1")
    folder = snapshot(busy, busy.folder / "snapshots")
    with pytest.raises(CatalogDamaged, match="gap"):
        restore(busy.folder, folder)
    shutil.rmtree(folder)
