"""Questions in SQL, by both transports."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import duckdb
import pytest
from shows import AnyCatalog, decide, ranges

from heaters.catalog import asking
from heaters.catalog.transports import Catalog
from heaters.errors import UsageError

SLOW = "SELECT count(*) AS n, (SELECT count(*) FROM clips) AS clips FROM range({}) t(i) WHERE i % 7 = 3"


@pytest.fixture
def catalog(either: AnyCatalog) -> AnyCatalog:
    return either


@pytest.mark.parametrize("patience", [0.1, 60])
def test_ctrl_c_ends_a_long_question_and_leaves_the_catalog_free(
    catalog: AnyCatalog, show: int, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", patience)
    timer = threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        catalog.query(SLOW.format(10**12))
    decide(catalog, "approve", 1)
    assert decide(Catalog(catalog.folder), "approve", 2)["next"]["id"] == 3


def test_a_long_question_is_asked_of_a_copy_while_decisions_go_on(
    catalog: AnyCatalog, show: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.05)
    answers: list[Any] = []
    asker = threading.Thread(target=lambda: answers.append(catalog.query(SLOW.format(3 * 10**7)).fetchall()))
    asker.start()
    impatient = Catalog(catalog.folder, lock_seconds=20)
    for number in (1, 2, 3):
        decide(impatient, "approve", number)
    asker.join()
    assert answers == [[(4285714, 4)]]


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("UPDATE clips SET state = 'approved'", "UPDATE"), ("DELETE FROM clip_events", "DELETE"), ("DROP TABLE clips", "DROP"),
        ("INSERT INTO meta VALUES ('a', 'b')", "INSERT"), ("CREATE TABLE clips2 (a INTEGER)", "CREATE"),
        ("ALTER TABLE clips DROP note", "ALTER"),
        ("COPY clips TO 'clips.csv'", "COPY"), ("ATTACH 'x.db' AS x", "ATTACH"), ("DETACH cat", "DETACH"), ("CHECKPOINT", "CALL"),
        ("SET threads = 1", "SET"), ("USE memory", "SET"), ("WITH x AS (SELECT 1) DELETE FROM clips", "DELETE"), ("LOAD httpfs", "LOAD"),
    ],
)  # fmt: skip
def test_questions_that_would_write_are_refused_in_words(
    catalog: AnyCatalog, show: int, sql: str, verb: str
) -> None:
    with pytest.raises(UsageError, match=f"{verb} is refused: SQL only reads here"):
        catalog.query(sql)
    assert ranges(catalog) == [(0, 10), (10, 20), (20, 30), (30, 40)]


def test_a_question_that_explains_a_change_by_doing_it_changes_nothing(
    catalog: AnyCatalog, show: int
) -> None:
    with pytest.raises(UsageError, match="read-only"):
        catalog.query("EXPLAIN ANALYZE DELETE FROM clips")
    assert ranges(catalog) == [(0, 10), (10, 20), (20, 30), (30, 40)]
    assert len(catalog.query("EXPLAIN ANALYZE SELECT * FROM clips")) > 0


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 1; SELECT 2", "holds 2 statements"), ("", "holds 0 statements"), ("SELEC 1", "syntax error"),
        ("SELECT nothing FROM clips", "nothing"), ("SELECT * FROM ranges", "ranges"),
        ("SELECT * FROM 'https://x.invalid/a.parquet'", "httpfs"),
    ],
)  # fmt: skip
def test_wrong_questions_are_refused_in_one_line(
    catalog: AnyCatalog, show: int, sql: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        catalog.query(sql)
    assert "\n" not in caught.value.message


def test_answers_are_materialised_tables(catalog: AnyCatalog, show: int) -> None:
    answer = table = catalog.query(
        "SELECT id, id AS id, tags, cut_points FROM clips_with_cut_points WHERE id > ? ORDER BY id", [2]
    )

    assert len(answer) == 2
    assert table.fetchall()[0][:3] == (3, 3, [])
    assert table.columns[0] == "id"
    assert table.columns[2:] == ["tags", "cut_points"]
    assert table.rows()[1]["cut_points"]["end_frame"] == 40
    assert duckdb.sql("SELECT count(*) FROM answer").fetchall() == [(2,)]
    summed = catalog.query(
        "SELECT sum(end_frame) AS s, count(*) AS n FROM clips WHERE state = $state", {"state": "pending"}
    )
    assert summed.fetchall() == [(100, 4)]
    assert summed.df()["s"].dtype == "int64"
    assert "100" in repr(summed)
    assert "<table" in summed._repr_html_()
    assert repr(catalog.query("SELECT 1 AS a WHERE false")) == "(no rows)"
    assert catalog.query("SELECT * FROM clips WHERE false").fetchall() == []


def test_questions_may_ask_what_there_is_and_why(catalog: AnyCatalog, show: int) -> None:
    assert ("clips",) in catalog.query("SELECT table_name FROM duckdb_tables()").fetchall()
    assert "clips" in {row[0] for row in catalog.query("SHOW TABLES").fetchall()}
    assert "start_frame" in {row[0] for row in catalog.query("DESCRIBE clips").fetchall()}
    assert len(catalog.query("EXPLAIN SELECT * FROM clips")) > 0
    assert len(catalog.query("SUMMARIZE clips")) > 10


def test_python_variables_are_no_tables(catalog: AnyCatalog) -> None:
    parameters = sql = metadata = given = duckdb.sql("SELECT 1 AS a")
    assert parameters is sql is metadata is given
    with pytest.raises(UsageError, match="does not exist"):
        catalog.query("SELECT * FROM given")
