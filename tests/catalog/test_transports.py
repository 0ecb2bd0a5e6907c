"""Both transports say the same, and a command whose answer was lost is carried out once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from serving import Owner, Relay
from shows import PREPARED, AnyCatalog, new_catalog

from heaters.catalog import requests
from heaters.catalog.check import check
from heaters.catalog.perform import perform
from heaters.catalog.requests import (
    AddKeyframes,
    AddSource,
    Artifact,
    DropArtifacts,
    FailExport,
    FailStage,
    FinishExport,
    FinishMove,
    FinishRun,
    FinishStage,
    ForgetSource,
    MoveSource,
    NoteRestore,
    Park,
    Redo,
    Retry,
    StartExport,
    StartRun,
    StartStage,
    Undo,
)
from heaters.catalog.snapshot import TABLES
from heaters.catalog.transports import Catalog
from heaters.catalog.values import dumps, error_of, loads, told
from heaters.domain.commands import Decision
from heaters.errors import ClipLeased, HeatersError, StaleVersion, UnknownReference

SOURCE = AddSource(
    "ab" * 32, "a show", "upload", "/films/ä.mp4", needs_splicing=True, allow_truncated=False, original_bytes=1000, probe={"fps": 25.0},
)  # fmt: skip
TIMES = {"n_frames": 40, "constant_rate": True, "duration": 1.6, "end_pts": 20992}
PICTURE = Artifact("source_keyframe", "metadata/5.webp", 10, "aa", "p", frame=5)
FILE = Artifact("final_clip", "final_clips/video_1_clip_001.mp4", 10, "aa", "p", clip_id=1)


def stage(name: str) -> tuple[str, int, str, str]:
    return name, 1, "input", "params"


def export(version: int) -> StartExport:
    return StartExport(1, version, "input", "params", 1)


SESSION: list[Any] = [
    SOURCE, SOURCE, StartRun("run", 7, "here"), StartStage(*stage("ingest"), 1),
    FinishStage(*stage("ingest"), {"original_filepath": "originals/video_1.mp4"}),
    StartStage(*stage("prepare"), 1), FailStage(*stage("prepare"), "the disk was full", permanent=False, max_attempts=3), Retry([1]),
    StartStage(*stage("prepare"), 1), FinishStage(*stage("prepare"), {**PREPARED, **TIMES}, warnings=["odd sound"], seconds=1.5),
    StartStage(*stage("detect"), 1), FinishStage(*stage("detect"), {}, [PICTURE], cuts=[10, 20, 30], detector="heaters"),
    AddKeyframes(1, [PICTURE, PICTURE._replace(frame=15)]),
    Decision("op-1", "approve", (1,), "ana", versions={1: 1}), Decision("op-1", "approve", (1,), "ana", versions={1: 1}),
    Decision("op-2", "split", (2,), "ben", frame=15, session="s"),
    Decision("op-3", "annotate", (3,), "ana", values={"label": "Tor! „ß“", "tags": ["a", "b'c"], "note": "two\nlines"}),
    Decision("op-4", "approve", (4,), "ana", versions={4: 9}), Decision("op-5", "approve", (99,), "ana"),
    Decision("op-6", "dance", (1,), "ana"), Undo("op-7", "ben"), Redo("op-8", "ben"), Redo("op-9", "ben"),
    export(2), FailExport(1, "input", "params", "the encoder died"), export(4), export(4),
    FinishExport("op-10", 1, "input", "params", FILE.uri, main=True, artifacts=[FILE], cut_points=(0, 10)),
    Decision("op-11", "approve", (1,), "ana"), DropArtifacts([1]), Park(1, "by hand"), Retry([1]),
    FinishRun(1, "done", 3, 1, bytes=5), StartRun("export", 7, "here"), NoteRestore("gold_masters/video_1_master.mkv", fresh=True),
    MoveSource(1, None, "s3://shows", {}), FinishMove(1), ForgetSource(1),
]  # fmt: skip


def played(catalog: AnyCatalog) -> list[Any]:
    """What each command of the session is answered."""
    return [answer(catalog, command) for command in SESSION]


def answer(catalog: AnyCatalog, command: object) -> Any:
    try:
        return plain(catalog.execute(command))
    except HeatersError as error:
        return type(error), error.message, error.facts


def plain(value: Any) -> Any:
    """A value without what differs at every run: times, and ids that the catalog makes up."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items() if name != "asked_at"}
    if isinstance(value, list | tuple):
        return type(value)(plain(one) for one in value)
    return type(value) if isinstance(value, datetime) else value


def rows(catalog: AnyCatalog) -> dict[str, Any]:
    """Everything in the catalog but for times, made-up ids, and the answers that `meta` keeps."""
    found = {table: catalog.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}
    found["meta"] = [row for row in found["meta"] if not row["key"].startswith(("answer ", "restore."))]
    for row in found["clip_events"]:
        row |= {"op_id": row["op_id"] if row["reviewer"] != "heaters" else "", "before": "", "after": ""}
    return {table: plain(one) for table, one in found.items()}


@pytest.fixture
def expected(tmp_path: Path) -> tuple[list[Any], dict[str, Any]]:
    catalog = new_catalog(tmp_path / "direct")
    return played(catalog), rows(catalog)


@pytest.fixture
def owner(catalog: AnyCatalog) -> Iterator[Owner]:
    with Owner(catalog.folder) as running:
        yield running


def test_the_session_holds_every_command_that_is_no_review_pages(catalog: AnyCatalog) -> None:
    known = {kind for kind in perform.registry if kind is not object}
    pages = {kind for kind in known if "seat" in getattr(kind, "_fields", ())} | {requests.SetPreferences}
    assert {type(one) for one in SESSION} == known - pages


def test_a_session_gets_the_same_answers_and_leaves_the_same_rows(
    catalog: AnyCatalog, owner: Owner, expected: tuple[list[Any], dict[str, Any]]
) -> None:
    served = Catalog(catalog.folder)
    assert played(served) == expected[0]
    assert rows(served) == expected[1]
    assert check(served) == []


def test_commands_whose_answers_are_lost_are_carried_out_once(
    catalog: AnyCatalog, owner: Owner, expected: tuple[list[Any], dict[str, Any]]
) -> None:
    relay, client, said = Relay(catalog.folder), Catalog(catalog.folder), []
    for command in SESSION:
        client.rows("SELECT 1")  # now there is a connection, so that what is lost is the answer
        relay.losing = True
        said.append(answer(client, command))
    relay.close()
    assert len(relay.lost) == len(SESSION)
    assert said == expected[0]
    assert rows(client) == expected[1]
    assert check(client) == []


@pytest.mark.long
def test_commands_whose_owner_is_killed_before_it_answers_are_carried_out_once(
    catalog: AnyCatalog, expected: tuple[list[Any], dict[str, Any]]
) -> None:
    client, said = Catalog(catalog.folder), []
    for command in SESSION:
        with Owner(catalog.folder) as owner:
            relay = Relay(catalog.folder)
            client.rows("SELECT 1")
            relay.on_loss = owner.process.kill
            relay.losing = True
            said.append(answer(client, command))
            assert relay.lost
            relay.close()
    assert said == expected[0]
    assert rows(client) == expected[1]
    assert check(client) == []


KINDS = """
SELECT 1::HUGEINT * 170141183460469231731687303715884105727 AS huge, 1.50::DECIMAL(5, 2) AS money, 0.1::DOUBLE AS share,
'nan'::FLOAT AS nothing, true AS yes, NULL AS empty, 'ä„' AS text, '\\xFF\\x00'::BLOB AS bytes, DATE '2026-11-22' AS day,
TIME '10:11:12.5' AS hour,
TIMESTAMP '2026-11-22 10:11:12.123456' AS moment, INTERVAL '3 days 5 seconds' AS span, uuid() IS NOT NULL AS made,
'5f0f1f6c-4f0e-5f0a-9d5b-6b1d1c1f3a77'::UUID AS name, [1, NULL, 3] AS list, [{'a': [1]}, {'a': NULL}] AS nested,
MAP {1: 'a', 2: 'b'} AS map,
array_value(1, 2)::INTEGER[2] AS pair, 'x'::ENUM('x', 'y') AS one_of, {'start_time': 0.4, 'end': NULL} AS struct
"""


def test_rows_and_tables_have_the_same_values_of_the_same_types(
    catalog: AnyCatalog, owner: Owner, tmp_path: Path
) -> None:
    served, direct = Catalog(catalog.folder), new_catalog(tmp_path / "direct")
    (there,), (here,) = served.rows(KINDS), direct.rows(KINDS)
    assert there.pop("nothing") != here.pop("nothing"), "NaN is not even equal to itself"
    assert there == here
    assert {name: type(one) for name, one in there.items()} == {name: type(one) for name, one in here.items()}
    assert served.query(KINDS).arrow().schema == direct.query(KINDS).arrow().schema
    assert served.query(KINDS).fetchall()[0][:3] == direct.query(KINDS).fetchall()[0][:3]
    given = {"at": datetime(2026, 1, 2, 3, 4, 5, 678), "ids": [1, 2], "raw": b"\xff", "none": None}  # noqa: DTZ001 - as stored
    question = "SELECT $at AS at, $ids AS ids, $raw AS raw, $none AS none"
    assert served.rows(question, given) == direct.rows(question, given)
    assert served.query(question, given).fetchall() == direct.query(question, given).fetchall()


@pytest.mark.parametrize(
    "error",
    [
        ClipLeased("clip 1.2 is with ben", clip_id=2, reviewer="ben", until=datetime(2026, 1, 1)),  # noqa: DTZ001 - as stored
        StaleVersion("it has changed", clip_ids=(1, 2), versions={1: 2}), UnknownReference("no clip „ä“\nhere", ref="x"),
        AssertionError("a gap"), TypeError("no command: object"),
    ],
)  # fmt: skip
def test_errors_arrive_whole(error: Exception) -> None:
    arrived = error_of(loads(dumps(told(error))))
    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))


def test_what_heaters_does_not_know_arrives_as_a_sentence() -> None:
    arrived = error_of(loads(dumps(told(OSError(28, "No space left on device")))))
    assert str(arrived) == "the owner of the catalog failed, OSError: [Errno 28] No space left on device"
    holding = error_of(loads(dumps(told(HeatersError("bad", path=Path("x"), value=object)))))
    assert isinstance(holding, HeatersError)
    assert holding.facts["path"] == "x"


VALUES = [
    Decision("op", "merge", (1, 2), "ana", versions={1: 2}, values={"cuts": [1], "x": {"\0": 1}}),
    FinishStage("a", 1, "i", "p", {}, [FILE], pts=(1, 2)), DropArtifacts([]), timedelta(-1, 5, 6), date(2026, 1, 1), time(1, 2, 3, 4),
    Decimal("1.10"), UUID(int=5), b"", {1: {2: (3, [4])}}, "\udcff", -(2**90),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    arrived = loads(dumps(value))
    assert arrived == value
    assert type(arrived) is type(value)
