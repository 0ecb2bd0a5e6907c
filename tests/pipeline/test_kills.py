"""Ctrl-C and `kill -9` at every stage boundary and in mid-write; a later run ends what was begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from driving import Heaters, make_film, open_workspace
from killing import (
    Victim,
    artefacts,
    assert_no_row_without_file,
    assert_whole,
    growing,
    noted,
    progress,
    published,
    working,
)  # fmt: skip

from heaters import Workspace

Moment = Callable[[Path], Callable[[Victim], bool]]

MASTER = "gold_masters/video_1_master.mkv"
MOMENTS: dict[str, Moment] = {
    "the run has begun": noted,
    "a worker is there": lambda _: working,
    "the master is begun": lambda root: growing(root, MASTER, 0),
    "the master grows": lambda root: growing(root, MASTER, 200_000),
    "the proxy grows": lambda root: growing(root, "review_proxies/video_1_proxy.mp4"),
    "the master is published": lambda root: published(root, MASTER),
    "the scores are published": lambda root: published(root, "metadata/video_1_scores.parquet"),
    "prepare is applied": lambda root: progress(root, 1),
    "a thumbnail is published": lambda root: growing(root, "keyframes/*", 0),
    "detect is applied": lambda root: progress(root, 2),
    "verify is applied": lambda root: progress(root, 3),
}
USUAL = ("the master grows", "the master is published")


@pytest.fixture(scope="session")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large enough that a kill in mid-write can't come too late."""
    return make_film(tmp_path_factory.mktemp("films") / "long.mp4", (50, 50, 50), size=(384, 224), seed=7)


@pytest.fixture
def ingested(tmp_path: Path, long_film: Path) -> Workspace:
    ws = open_workspace(tmp_path / "ws", create=True)
    ws.ingest(long_film)
    return ws


def moments(*, usual: bool) -> list[object]:
    chosen = {name: moment for name, moment in MOMENTS.items() if (name in USUAL) == usual}
    return [pytest.param(moment, id=name) for name, moment in chosen.items()]


def kill_coordinator(ws: Workspace, moment: Moment) -> None:
    cli = Heaters(ws.root)
    victim = Victim(cli, "run")
    victim.until(moment(ws.root))
    victim.kill()
    assert_no_row_without_file(ws)
    cli("run")
    assert victim.orphans() == []
    assert_whole(ws)
    # died, where nothing was left for the second run
    assert ws.status()["last_run"]["state"] in {"done", "died"}


def kill_worker(ws: Workspace, moment: Moment) -> None:
    cli = Heaters(ws.root)
    victim = Victim(cli, "run")
    victim.until(lambda one: moment(ws.root)(one) and working(one))
    victim.kill_worker()
    said = victim.said()
    assert victim.process.returncode in {0, 1}
    if victim.process.returncode == 1:
        assert "the worker process was killed" in said
        assert "0 failed" not in said.splitlines()[-1]
    assert_no_row_without_file(ws)
    cli("run")
    assert victim.orphans() == []
    assert_whole(ws)


@pytest.mark.parametrize("moment", moments(usual=True))
def test_a_killed_run_is_ended_by_the_next_one(ingested: Workspace, moment: Moment) -> None:
    kill_coordinator(ingested, moment)


@pytest.mark.long
@pytest.mark.parametrize("moment", moments(usual=False))
def test_a_run_killed_at_any_other_moment_is_ended_by_the_next_one(
    ingested: Workspace, moment: Moment
) -> None:
    kill_coordinator(ingested, moment)


@pytest.mark.long
def test_a_worker_killed_before_it_has_taken_its_task_fails_that_task(ingested: Workspace) -> None:
    kill_worker(ingested, MOMENTS["a worker is there"])


@pytest.mark.long
@pytest.mark.parametrize("moment", [pytest.param(MOMENTS[name], id=name) for name in [*MOMENTS][2:]])
def test_a_worker_killed_at_any_moment_is_made_good_by_the_next_run(
    ingested: Workspace, moment: Moment
) -> None:
    kill_worker(ingested, moment)


def test_a_killed_worker_fails_its_own_source_alone(ingested: Workspace, film: Path) -> None:
    ingested.ingest(film)
    victim = Victim(Heaters(ingested.root), "run", "--json")
    victim.until(growing(ingested.root, MASTER, 200_000))
    victim.kill_worker()
    assert '"failed": [{"id": 1, "stage": "prepare"' in victim.said()
    assert [row["ingest_state"] for row in ingested.sources().rows()] == ["prepare_failed", "ready"]
    ingested.run()
    assert_whole(ingested)


def test_ctrl_c_stops_a_run_at_once_and_leaves_only_unfinished_files(ingested: Workspace) -> None:
    before = artefacts(ingested.root)
    victim = Victim(Heaters(ingested.root), "run")
    victim.until(growing(ingested.root, MASTER, 200_000))
    seconds = victim.interrupt(group=True)
    assert victim.said().endswith("error: stopped; finished work is kept, `heaters run` goes on from here\n")
    assert victim.process.returncode == 130
    assert seconds < 5, "it takes a fifth of a second on a quiet machine"
    assert victim.orphans() == []
    assert all(key.endswith(".part") for key in artefacts(ingested.root) - before)
    assert_no_row_without_file(ingested)
    assert [row["state"] for row in ingested.sql("SELECT state FROM runs").rows()] == ["interrupted"]
    ingested.run()
    assert_whole(ingested)


@pytest.mark.parametrize("moment", [noted, lambda _: working], ids=["it has begun", "a worker starts"])
def test_ctrl_c_at_the_start_leaves_no_traceback(ingested: Workspace, moment: Moment) -> None:
    victim = Victim(Heaters(ingested.root), "run")
    victim.until(moment(ingested.root))
    victim.interrupt(group=True)
    assert victim.said().splitlines()[-1].startswith("error: stopped; finished work is kept")
    assert victim.process.returncode == 130
    assert victim.orphans(5) == []


def test_ctrl_c_to_the_coordinator_alone_with_json_is_still_one_document(ingested: Workspace) -> None:
    victim = Victim(Heaters(ingested.root), "run", "--json")
    victim.until(growing(ingested.root, MASTER, 200_000))
    victim.interrupt()
    assert victim.said() == (
        '{"error": {"type": "Interrupted", "message": "stopped; finished work is kept, `heaters run` goes on from here"}}\n'
    )


# -- export -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def approved(ws: Workspace) -> Workspace:
    ws.decide("approve", ["1.1", "1.2", "1.3"])
    return ws


EXPORT_MOMENTS: dict[str, Moment] = {
    "the first clip grows": lambda root: growing(root, "final_clips/video_1_clip_001.mp4"),
    "the first clip is published": lambda root: published(root, "final_clips/video_1_clip_001.mp4"),
    "the second clip is begun": lambda root: growing(root, "final_clips/video_1_clip_002.mp4", 0),
    "the third manifest is published": lambda root: published(root, "final_clips/video_1_clip_003.json"),
}


def assert_exported(ws: Workspace) -> None:
    Heaters(ws.root)("export")
    assert [row["state"] for row in ws.clips().rows()] == ["exported"] * 3
    events = ws.sql("SELECT clip_ids FROM clip_events WHERE action = 'export' ORDER BY seq").rows()
    assert sorted(event["clip_ids"] for event in events) == [[1], [2], [3]]
    assert_whole(ws)
    assert ws.export().done == []


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(
            moment, id=name, marks=[pytest.mark.long] if "second" in name or "published" in name else []
        )
        for name, moment in EXPORT_MOMENTS.items()
    ],
)
def test_a_killed_export_is_ended_by_the_next_one(approved: Workspace, moment: Moment) -> None:
    victim = Victim(Heaters(approved.root), "export")
    victim.until(moment(approved.root))
    victim.kill()
    assert_no_row_without_file(approved)
    assert_exported(approved)
    assert victim.orphans() == []


@pytest.mark.long
def test_a_worker_killed_in_an_export_fails_one_clip_and_the_others_go_on(
    approved: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "HEATERS_EXPORT_WORKERS", "1"
    )  # of two, the one that is killed may have nothing to do yet
    victim = Victim(Heaters(approved.root), "export")
    victim.until(lambda one: EXPORT_MOMENTS["the first clip grows"](approved.root)(one) and working(one))
    victim.kill_worker()
    assert "the worker process was killed" in victim.said()
    assert victim.process.returncode == 1
    assert sorted(row["state"] for row in approved.clips().rows()) == [
        "export_failed",
        "exported",
        "exported",
    ]
    assert_exported(approved)


@pytest.mark.long
def test_ctrl_c_stops_an_export_at_once(approved: Workspace) -> None:
    victim = Victim(Heaters(approved.root), "export")
    victim.until(EXPORT_MOMENTS["the first clip grows"](approved.root))
    victim.interrupt()
    assert victim.process.returncode == 130
    assert "stopped" in victim.said()
    assert_no_row_without_file(approved)
    assert_exported(approved)


# -- ingest -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def heavy(tmp_path: Path, film: Path) -> Path:
    """A film with 150 MB of nothing behind it: copying it takes a while."""
    path = tmp_path / "heavy.mp4"
    path.write_bytes(film.read_bytes())
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + 150_000_000)
    return path


@pytest.mark.parametrize("how", ["kill", pytest.param("interrupt", marks=pytest.mark.long)])
def test_an_ingest_that_is_stopped_while_it_copies_is_ended_by_the_next_run(
    empty: Workspace, heavy: Path, how: str
) -> None:
    cli = Heaters(empty.root)
    victim = Victim(cli, "ingest", heavy)
    victim.until(growing(empty.root, "originals/video_1.mp4", 1_000_000))
    getattr(victim, how)()
    assert victim.process.returncode == (-9 if how == "kill" else 130)
    assert how == "kill" or victim.said().endswith("error: stopped; finished work is kept\n")
    assert not (empty.root / "originals" / "video_1.mp4").exists()
    assert_no_row_without_file(empty)
    assert [one["stage"] for one in cli.json("run", "--stage", "ingest")["done"]] == ["ingest"]
    (row,) = cli.json("ingest", heavy)
    assert (row["id"], row["duplicate"], row["ingest_state"]) == (1, True, "downloaded")
    empty.janitor()
    assert artefacts(empty.root) == {"originals/video_1.mp4"}


@pytest.mark.long
def test_an_ingest_that_was_killed_is_also_ended_by_the_same_ingest(empty: Workspace, heavy: Path) -> None:
    cli = Heaters(empty.root)
    victim = Victim(cli, "ingest", heavy)
    victim.until(growing(empty.root, "originals/video_1.mp4", 1_000_000))
    victim.kill()
    assert cli.json("ingest", heavy)[0]["original_filepath"] == "originals/video_1.mp4"
    empty.janitor()
    assert artefacts(empty.root) == {"originals/video_1.mp4"}


# -- two at once ------------------------------------------------------------------------------------------------------


def test_a_second_run_ends_with_75_and_says_who_is_at_work(ingested: Workspace, film: Path) -> None:
    cli = Heaters(ingested.root)
    victim = Victim(cli, "run")
    victim.until(growing(ingested.root, MASTER, 200_000))
    for words in (("run",), ("janitor",)):
        said = cli(*words, status=75).err
        assert cli.json(*words, status=75)["error"]["type"] == "RunActive"
        for part in (f"pid {victim.process.pid}", "heaters run", " on ", "since "):
            assert part in said
    (facts,) = cli.json("status")
    assert facts["run"]["pid"] == victim.process.pid
    (row,) = cli.json("ingest", film)
    assert row["id"] == 2
    assert victim.process.wait(120) == 0
    victim.said()
    ingested.run()
    assert_whole(ingested)
    assert cli.json("status")[0]["run"] is None


def test_the_same_file_ingested_twice_at_once_is_one_source(empty: Workspace, heavy: Path) -> None:
    cli = Heaters(empty.root)
    both = [Victim(cli, "ingest", heavy), Victim(cli, "ingest", heavy)]
    assert [one.process.wait(120) for one in both] == [0, 0]
    assert all("source 1: heavy" in one.said() for one in both)
    assert [row["ingest_state"] for row in empty.sources().rows()] == ["downloaded"]
    assert empty.janitor()["parts"] == []
    assert artefacts(empty.root) == {"originals/video_1.mp4"}
    assert empty.check() == []
