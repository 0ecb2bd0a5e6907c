"""Batches that are killed, stopped, too slow, or out of disk: a whole notebook, no orphans, and the next run ends the work."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from driving import Heaters, make_film, open_workspace
from killing import Victim, assert_no_row_without_file, assert_whole, growing

from heaters import Workspace

MASTER = "gold_masters/video_1_master.mkv"


@pytest.fixture(scope="session")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough that whatever is done in mid-write does not come too late."""
    return make_film(tmp_path_factory.mktemp("films") / "long.mp4", (50, 50, 50), size=(640, 384), seed=7)


@pytest.fixture
def ingested(tmp_path: Path, long_film: Path) -> Workspace:
    ws = open_workspace(tmp_path / "ws", create=True)
    ws.ingest(long_film)
    return ws


def kernel_of(victim: Victim) -> psutil.Process:
    victim.workers()
    (kernel,) = [one for one in victim.family.values() if "ipykernel_launcher" in one.cmdline()]
    return kernel


def in_mid_write(ws: Workspace) -> Callable[[Victim], bool]:
    return growing(ws.root, MASTER, 200_000)


def begun(ws: Workspace, *words: object) -> Victim:
    """A batch that is in the middle of its first source."""
    victim = Victim(Heaters(ws.root), "batch", *words)
    victim.until(in_mid_write(ws))
    kernel_of(victim)
    return victim


def executed(ws: Workspace, run_id: int = 1) -> nbformat.NotebookNode:
    """The kept notebook, which must be whole."""
    notebook = nbformat.read(ws.root / "catalog" / "reports" / f"run_{run_id}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def assert_the_next_run_ends_it(ws: Workspace, victim: Victim) -> None:
    assert victim.orphans() == []
    assert_no_row_without_file(ws)
    Heaters(ws.root)("run")
    assert_whole(ws)


@pytest.mark.long
def test_a_batch_that_is_killed_leaves_no_process_and_a_whole_notebook(ingested: Workspace) -> None:
    victim = begun(ingested)
    victim.kill()
    assert victim.orphans() == []
    assert any("projected" in str(cell.get("outputs")) for cell in executed(ingested).cells), (
        "what it did so far"
    )
    assert ingested.runs()[0]["state"] == "died"
    assert_the_next_run_ends_it(ingested, victim)


@pytest.mark.long
def test_a_killed_kernel_is_a_failure_that_is_told(ingested: Workspace) -> None:
    victim = begun(ingested)
    kernel_of(victim).kill()
    said = victim.said()
    assert victim.process.returncode == 1
    assert "died (out of memory?); finished work is kept, a later run goes on" in said.splitlines()[-1]
    executed(ingested)
    assert ingested.runs()[0]["state"] == "failed"
    assert Path(ingested.runs()[0]["report"]).is_file()
    assert_the_next_run_ends_it(ingested, victim)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_stopped_closes_its_run(ingested: Workspace, number: signal.Signals) -> None:
    victim = begun(ingested)
    victim.process.send_signal(number)
    assert "error: stopped; finished work is kept" in victim.said().splitlines()[-1]
    assert victim.process.returncode == 130
    assert "Interrupted" in str(executed(ingested).cells)
    assert ingested.runs()[0]["state"] == "interrupted"
    assert_the_next_run_ends_it(ingested, victim)


@pytest.mark.long
def test_a_batch_that_takes_too_long_is_stopped(ingested: Workspace, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        "import heaters\nheaters.open_workspace().run()\nimport time\ntime.sleep(600)")])  # fmt: skip
    nbformat.write(notebook, tmp_path / "slow.ipynb")
    victim = begun(ingested, tmp_path / "slow.ipynb", "--timeout", "12")
    said = victim.said()
    assert victim.process.returncode == 1
    assert "was stopped after 12 s" in said.splitlines()[-1]
    executed(ingested)
    assert_the_next_run_ends_it(ingested, victim)


@pytest.mark.long
def test_a_kernel_that_does_not_listen_is_ended_all_the_same(ws: Workspace, tmp_path: Path) -> None:
    cell = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nopen('deaf', 'w').close()\ntime.sleep(600)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nbformat.write(notebook, tmp_path / "deaf.ipynb")
    process = Heaters(ws.root).start("batch", tmp_path / "deaf.ipynb", cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "deaf").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []


# -- a full disk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can't be mounted here: that needs root and tmpfs")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.long
def test_a_disk_that_fills_up_ends_a_batch_with_a_sentence_and_the_next_one_goes_on(
    small_disk: Path, long_film: Path
) -> None:
    ws = open_workspace(small_disk / "ws", create=True)
    (ws.root / "heaters.toml").write_text("free_space_share = 1.0\n", "utf-8")
    ws = open_workspace(ws.root)
    ws.ingest(long_film)
    victim = begun(ws, "--keep-free", "1B")
    ballast, free = small_disk / "ballast", os.statvfs(small_disk)
    with suppress(OSError):  # the master takes some of it meanwhile; then the disk is as full
        ballast.write_bytes(b"\0" * (free.f_bavail * free.f_frsize - 100_000))
    said = victim.said()
    assert victim.process.returncode in {1, 3}, said
    assert "o space left" in said
    assert victim.orphans() == []
    executed(ws)
    ballast.unlink()
    assert_the_next_run_ends_it(ws, victim)


@pytest.mark.long
def test_a_file_that_may_not_grow_ends_a_batch_with_a_sentence(ingested: Workspace) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, resource.RLIM_INFINITY))

    process = Heaters(ingested.root).start("batch", preexec_fn=small_files)
    out, err = process.communicate(timeout=120)
    assert process.returncode in {1, 3}, out + err
    assert "Traceback" not in out + err
    assert "File too large" in out + err
    executed(ingested)
    Heaters(ingested.root)("run")
    assert_whole(ingested)
