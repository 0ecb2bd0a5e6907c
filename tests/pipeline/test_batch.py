"""`heaters batch`: a notebook as a scheduled run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
import pytest
from driving import Heaters, open_workspace

from heaters import Workspace
from heaters.batch import forget
from heaters.execution.runlock import run_lock

LAST_LINE = re.compile(
    r"(\d+) done, (\d+) failed, (\d+) waiting, \d+\.\d s, \d+ bytes, report (/.*/run_\d+\.html)"
)


def write_notebook(file: Path, *cells: str, parameters: str | None = None) -> Path:
    """A notebook of these cells of code, the first of them tagged `parameters` where it is named so."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "elsewhere",
        "display_name": "of another machine",
        "language": "python",
    }
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    if parameters is not None:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    nbformat.write(notebook, file)
    return file


def reports(ws: Workspace) -> list[str]:
    return sorted(file.name for file in (ws.root / "catalog" / "reports").iterdir())


def test_a_batch_exports_keeps_its_notebook_and_ends_with_one_line(ws: Workspace) -> None:
    ws.decide("approve", "1.1")
    ws.decide("skip", ["1.2", "1.3"])
    answer = Heaters(ws.root).alone(
        "batch", "-p", "stages=prepare,detect", "--keep-free", "1MB", HEATERS_KEEP_REPORTS="1"
    )
    said = answer.out.splitlines()
    assert "clip 1.1: export: done" in answer.out
    match = LAST_LINE.fullmatch(said[-1])
    assert match, answer.text
    assert match.groups()[:3] == ("1", "0", "0")
    run = ws.runs()[0]
    assert {name: run[name] for name in ("verb", "state", "done", "failed", "waiting", "report")} == {
        "verb": "batch", "state": "done", "done": 1, "failed": 0, "waiting": 0, "report": match[4],
    }  # fmt: skip
    assert [row["id"] for row in ws.runs()] == [2, 1], (
        "the export in it is a part of it, and no run of its own"
    )

    executed = nbformat.read(Path(match[4]).with_suffix(".ipynb"), as_version=4)
    nbformat.validate(executed)
    injected = [
        cell.source for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    assert 'stages = ["prepare", "detect"]' in injected[0]
    page = Path(match[4]).read_text("utf-8")
    assert "Seconds and bytes by stage" in page
    assert "raise_for_failures" not in page, "no code"
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page) == []
    assert re.findall(r"""(?:import|from|url)\s*\(?["'](?:https?:)?//""", page) == []

    for left in ("run_1.html", "run_1.ipynb", f"run_1.ipynb.{'0' * 32}.part"):
        (ws.root / "catalog" / "reports" / left).touch()
    forget(ws.root / "catalog" / "reports", 1)
    assert reports(ws) == ["run_1.json", "run_2.html", "run_2.ipynb", "run_2.json"]


@pytest.mark.long
def test_what_a_cell_raises_is_the_status_and_only_that_kernel_works_under_the_lock(
    ws: Workspace, tmp_path: Path
) -> None:
    cells = (
        "import subprocess, sys, heaters\nprint('so far', name)",
        "print(subprocess.run([sys.executable, '-m', 'heaters', 'janitor'], capture_output=True, text=True).returncode)",
        "print(sorted(heaters.open_workspace().janitor()))",
        "from heaters.errors import NotEnoughSpace\nraise NotEnoughSpace('too small')",
        "print('never')",
    )
    file = write_notebook(tmp_path / "odd {x} name.ipynb", *cells, parameters="name = 'nobody'")
    answer = Heaters(ws.root).alone(
        "batch", file, "-p", 'name=it\'s "me"', status=3, HEATERS_KEEP_REPORTS="1"
    )
    said = answer.out.splitlines()
    assert said[:3] == ['so far it\'s "me"', "75", "['dangling', 'forgotten', 'kept', 'orphans', 'parts']"]
    match = LAST_LINE.fullmatch(said[-1])
    assert match, answer.text
    assert answer.err == "error: too small\n"
    assert "never" not in answer.out
    assert (ws.runs()[0]["state"], ws.runs()[0]["report"]) == ("failed", match[4])
    page = Path(match[4]).read_text("utf-8")
    assert "so far it" in page
    assert "too small" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-p", "limt=3"], "pipeline.ipynb: there is no parameter 'limt'; did you mean limit?"),
        (["-p", "export=all"], "it takes one of complete, approved, none"),
        (["-p", "limit"], "has no value"),
        (["-p", "limit=3", "--limit", "4"], "given twice"),
        (["01_first_show", "--until", "06:00"], "there is no parameter 'until'"),
        (["nowhere"], "there is no notebook nowhere; name a file, or one of 01_first_show"),
        (["--notify-cmd", "'"], "can't be parted into words"),
        (["--notify-cmd", ""], "is empty"),
    ],
)
def test_what_would_be_wrong_is_refused_before_anything_begins(
    ws: Workspace, words: list[str], said: str
) -> None:
    assert said in Heaters(ws.root).refused("batch", *words, status=2, kind="UsageError")
    assert [row["verb"] for row in ws.runs()] == ["run"]


@pytest.mark.parametrize(
    "text", ["", "{}", "nothing", '{"cells": 1, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']
)
def test_a_file_that_is_no_notebook_is_refused(ws: Workspace, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.ipynb").write_text(text, "utf-8")
    assert "is not a notebook" in Heaters(ws.root).refused(
        "batch", str(tmp_path / "x.ipynb"), status=2, kind="UsageError"
    )


def test_a_notebook_of_another_language_is_refused(ws: Workspace, tmp_path: Path) -> None:
    file = write_notebook(tmp_path / "x.ipynb", "1")
    file.write_text(file.read_text("utf-8").replace('"python"', '"R"'), "utf-8")
    assert "is a notebook of R" in Heaters(ws.root).refused("batch", str(file), status=2, kind="UsageError")


def test_a_batch_beside_another_run_is_told_so_and_starts_no_kernel(ws: Workspace, tmp_path: Path) -> None:
    witness = tmp_path / "a kernel was here"
    file = write_notebook(tmp_path / "x.ipynb", f"open({str(witness)!r}, 'w').close()")
    with run_lock(ws.root / "catalog", "run"):
        said = Heaters(ws.root).refused("batch", str(file), status=75, kind="RunActive")
    assert f"heaters run, pid {os.getpid()}" in said
    assert not witness.exists()
    assert [row["verb"] for row in ws.runs()] == ["run"]


# -- runs, and who is told --------------------------------------------------------------------------------------------


class Monitor:
    """A monitor on this machine that keeps what it was asked for."""

    def __init__(self, status: int = 200) -> None:
        asked = self.asked = list[str]()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}/ping/42"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def noting(file: Path) -> str:
    """A command that keeps what it gets on its stdin."""
    return f"{sys.executable} -c 'import sys; open(sys.argv[1], \"w\").write(sys.stdin.read())' '{file}'"


def told(file: Path) -> Mapping[str, Any]:
    return dict(json.loads(file.read_text("utf-8")))


def test_a_run_tells_a_monitor_and_a_command_how_it_ended(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = Monitor()
    monkeypatch.setenv("HEATERS_HEARTBEAT_URL", monitor.url)
    note = tmp_path / "a note; touch x"
    try:
        Heaters(ws.root)("run", "--notify-cmd", noting(note))
        assert {name: told(note)[name] for name in ("verb", "status", "error", "failed")} == {
            "verb": "run", "status": 0, "error": None, "failed": [],
        }  # fmt: skip
        assert monitor.asked == ["/ping/42/start", "/ping/42"]
        Heaters(ws.root)("run", "--stage", "nonsense", "--notify-cmd", noting(note), status=2)
        assert (told(note)["status"], told(note)["error"]["type"]) == (2, "UsageError")
        assert monitor.asked[2:] == ["/ping/42/start", "/ping/42/fail"]
    finally:
        monitor.close()


@pytest.mark.parametrize("command", ["/no/such/program", f"{sys.executable} -c 'import sys; sys.exit(3)'"])
def test_where_telling_fails_the_run_does_not(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monitor = Monitor(status=500)
    monkeypatch.setenv("HEATERS_HEARTBEAT_URL", monitor.url)
    try:
        answer = Heaters(ws.root)("run", "--notify-cmd", command)
    finally:
        monitor.close()
    assert answer.err.count("warning: the heartbeat at 127.0.0.1 was not taken") == 2
    assert f"warning: --notify-cmd {command.split(maxsplit=1)[0]}" in answer.err
    assert "42" not in answer.err, "the address of a heartbeat is a secret"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "//a/b", "a", "http://", "javascript:1"])
def test_a_heartbeat_is_an_address_of_the_web(
    url: str, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATERS_HEARTBEAT_URL", url)
    assert "http:// or https://" in Heaters(ws.root).refused("run", status=2, kind="SettingsError")


def test_runs_are_listed_the_newest_first(cli: Heaters, ws: Workspace) -> None:
    ws.decide("approve", "1.1")
    cli("export")
    rows = cli.json("runs")
    assert [(row["id"], row["verb"], row["state"], row["done"]) for row in rows] == [
        (2, "export", "done", 1),
        (1, "run", "done", 3),
    ]
    assert all(row["seconds"] > 0 and Path(row["report"]).name == f"run_{row['id']}.json" for row in rows)
    assert [row["id"] for row in cli.json("runs", "--limit", "1")] == [2]
    assert cli("runs").out.splitlines()[1].split()[:2] == ["2", "export"]
    assert "no runs yet" in Heaters(open_workspace(ws.root.parent / "fresh", create=True).root)("runs").out


def test_a_run_loads_nothing_of_what_only_a_batch_needs(ws: Workspace) -> None:
    code = (
        "import sys\nfrom heaters.cli import main\ntry:\n    main(['run', '--workspace', sys.argv[1]])\nexcept SystemExit:\n    pass\n"
        "print({'papermill', 'nbclient', 'nbformat', 'nbconvert', 'jupyter_client', 'urllib.request'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ws.root)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


# -- where a run stops ------------------------------------------------------------------------------------------------


def test_a_run_that_must_keep_disk_free_leaves_its_sources_waiting(empty: Workspace, films: Path) -> None:
    empty.ingest(films / "first.mp4", films / "single.mp4")
    report = empty.run(keep_free="99.99%")
    assert (report.done, report.failed) == ([], [])
    assert [(one["id"], one["stage"]) for one in report.waiting] == [(1, "prepare"), (2, "prepare")]
    assert "to keep free" in report.waiting[0]["reason"]
    assert [row["ingest_state"] for row in empty.sources().rows()] == ["downloaded"] * 2
    assert Heaters(empty.root)("run", "--keep-free", "99.99%").out.count("waiting: ") == 2


def test_a_run_begins_nothing_once_its_time_is_over(
    empty: Workspace, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import datetime  # noqa: PLC0415

    empty.ingest(film)
    report = empty.run(until=datetime(2020, 1, 1, 6, 0))  # noqa: DTZ001 - the clock on the wall
    assert [(one["id"], one["stage"]) for one in report.waiting] == [(1, "prepare")]
    assert "past 06:00" in report.waiting[0]["reason"]


def test_clips_wait_too(ws: Workspace) -> None:
    ws.decide("approve", ["1.1", "1.2"])
    report = ws.export(keep_free="99.99%")
    assert [one["id"] for one in report.waiting] == [1, 2]
    assert [row["state"] for row in ws.clips().rows()] == ["approved", "approved", "pending"]


def test_a_source_is_complete_when_nothing_in_it_is_pending_or_held(ws: Workspace) -> None:
    ws.decide("approve", ["1.1", "1.2"])
    assert ws.export(complete=True).done == []
    ws.decide("skip", "1.3")
    assert sorted(one["clip_id"] for one in ws.export(complete=True).done) == [1, 2]


@pytest.mark.parametrize("words", [("--until", "25:00"), ("--keep-free", "all")])
def test_a_bound_that_is_none_is_refused(cli: Heaters, words: tuple[str, str]) -> None:
    cli.refused("run", *words, status=2, kind="UsageError")
