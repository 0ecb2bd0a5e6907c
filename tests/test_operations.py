"""The operators' guide, held to the program."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heaters import Workspace, errors

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")


def block(heading: str, language: str) -> str:
    """The first block of a section."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.split(f"# {heading}\n", 1)[1], re.DOTALL)
    assert found
    return found[1]


def test_every_error_has_a_row_with_its_exit_status_and_no_other_has() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| \S", PAGE, re.MULTILINE)
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.HeatersError)
    ]
    assert rows == [(kind.__name__, str(kind.exit_code)) for kind in kinds]


def test_every_exit_status_is_told_to_schedulers() -> None:
    told = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert told == ["0", "1", "2", "3", "75", "130"]


def test_the_drill_brings_a_lost_catalog_back(ws: Workspace, tmp_path: Path) -> None:
    ws.decide("approve", "1.1")
    places = {
        "HEATERS_WORKSPACE": str(ws.root),
        "BACKUP": str(tmp_path / "backup"),
        "DRILL": str(tmp_path / "drill"),
    }
    commands = block("Backup and restore", "sh")
    if shutil.which("rsync") is None:
        commands = commands.replace("rsync -a --delete", "cp -a")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        env={**os.environ, **places, "PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the catalog is sound" in done.stdout
    assert "approved 1, pending 2" in done.stdout


def test_the_python_of_the_guide_is_python() -> None:
    found = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 3
    for one in found:
        ast.parse(one)


def test_what_the_notice_example_reads_is_what_a_run_tells(ws: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "tell.py"
    script.write_text(block("Monitoring", "python"), "utf-8")
    mail = tmp_path / "mail"
    mail.write_text('#!/bin/sh\necho "$@" >> mailed; cat >> mailed\n', "ascii")
    mail.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    heaters = [
        sys.executable,
        "-m",
        "heaters",
        "run",
        "--workspace",
        str(ws.root),
        "--notify-cmd",
        f"{sys.executable} {script}",
    ]
    for words in ([], ["--stage", "nonsense"]):
        subprocess.run([*heaters, *words], cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert (
        (tmp_path / "mailed")
        .read_text("utf-8")
        .startswith("-s heaters: run ended with 2 ops@example.org\nno stage nonsense")
    )


@pytest.mark.parametrize("heading", ["cron", "systemd", "Airflow"])
def test_each_scheduler_is_told_a_command_that_the_program_takes(heading: str) -> None:
    words = re.search(r"heaters batch ([^\n\">]*)", PAGE.split(f"### {heading}\n", 1)[1])
    assert words
    assert re.findall(r"--[a-z-]+", words[1])[-2:] == ["--until", "--keep-free"]
