"""Every verb works as ever while an owner serves the catalog."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import Heaters
from serving import Owner, answers, until

from heaters import Workspace
from heaters.catalog.remote import Links, Note
from heaters.cli.catalog import serve_in_background


def note(folder: Path) -> Note:
    found = Links(folder, 10).note()
    assert found is not None
    return found


@pytest.fixture
def served(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a catalog that is served in the background, as the dashboard has it."""
    monkeypatch.setenv("HEATERS_OWNER_IDLE_SECONDS", "60")
    folder = ws.root / "catalog"
    serve_in_background(ws.root)
    yield folder
    if answers(folder):
        Links(folder, 10).drain()
        until(lambda: not answers(folder))


def test_a_show_goes_all_the_way(
    served: Path, ws: Workspace, cli: Heaters, films: Path, tmp_path: Path
) -> None:
    pid = note(served).pid
    assert cli.json("ingest", films / "second.mp4")[0]["duplicate"] is False
    assert [one["stage"] for one in cli.json("run")["done"]] == ["prepare", "detect", "verify"]
    assert cli.json("decide", "approve", "2.1", "2.3")["next"]["id"]
    assert cli.json("undo")["action"] == "undo"
    assert cli.json("redo")["action"] == "redo"
    assert cli.json("retune", "2", "--threshold", "3")["cuts"]
    assert len(cli.json("export", "--to", tmp_path / "out")["done"]) == 2
    assert cli.json("verify") == {"ok": True, "problems": []}
    assert cli.json("janitor")["orphans"] == []
    assert cli.json("catalog", "check") == {"ok": True, "problems": []}
    assert cli.json("status")[0]["run"] is None
    assert {row["state"] for row in cli.json("clips", "--source", "2", "--state", "exported")} == {"exported"}
    assert ws.sql("SELECT count(*) FROM frames WHERE source_video_id = 2").fetchall() == [(60,)]
    assert note(served).pid == pid, "it served all of this"


def test_one_that_serves_already_is_not_started_again(served: Path, ws: Workspace, cli: Heaters) -> None:
    pid = note(served).pid
    serve_in_background(ws.root)
    assert f"is served already, by process {pid}" in cli.alone("catalog", "serve").out
    assert note(served).pid == pid


def test_a_restore_ends_it(served: Path, ws: Workspace, cli: Heaters) -> None:
    kept = cli.json("catalog", "snapshot")["snapshot"]
    ws.decide("approve", "1.1")
    assert cli.json("catalog", "restore")["restored"] == kept
    assert not answers(served)
    assert ws.clip("1.1")["state"] == "pending"
    assert cli.json("catalog", "check")["ok"]


def test_ctrl_c_ends_one_in_the_foreground(ws: Workspace, cli: Heaters) -> None:
    running = cli.start("catalog", "serve")
    try:
        until(lambda: answers(ws.root / "catalog"))
        ws.decide("approve", "1.1")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert (running.returncode, err) == (0, "")
    assert f"is served by process {running.pid}, until it is idle for 300 s" in out
    assert "is served no more: SIGINT came" in out
    assert ws.clip("1.1")["state"] == "approved"


@pytest.mark.long
def test_an_owner_that_is_killed_in_the_middle_of_a_run_stops_nobody(
    ws: Workspace, cli: Heaters, films: Path
) -> None:
    with Owner(ws.root / "catalog") as owner:
        cli.json("ingest", films / "third.mp4")
        run = cli.start("run", "--json")
        until(lambda: ws.source(2)["ingest_state"] == "preparing")
        owner.process.kill()
        out, _ = run.communicate(timeout=240)
    assert run.returncode == 0, out
    assert {row["ingest_state"] for row in ws.sources().rows()} == {"ready"}
    assert ws.check() == []
