from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import heaters
from heaters.errors import Interrupted, UsageError
from heaters.execution.progress import Silent

if TYPE_CHECKING:
    from heaters import Workspace


class Began(Silent):
    """Knows when the first task was handed to a worker."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def begin(self, key: str, label: str, total: int) -> None:
        self.event.set()


def awaited(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: a browser of other tests may have an event loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


def test_a_run_goes_on_while_the_catalog_answers_and_is_awaited_later(empty: Workspace, film: Path) -> None:
    empty.ingest(film)

    async def other_things() -> int:
        job = heaters.in_background(empty.run, watcher=Began())
        looks = 0
        while not job.done:
            assert len(empty.sources()) == 1
            looks += 1
            await asyncio.sleep(0.05)
        report = await job
        assert [one["stage"] for one in report.done] == ["prepare", "detect", "verify"]
        assert repr(job).startswith("<run: done, after ")
        return looks

    assert awaited(other_things()) > 3


def test_a_job_that_is_stopped_leaves_nothing_running_and_the_next_one_goes_on(
    empty: Workspace, film: Path
) -> None:
    empty.ingest(film)
    began = Began()
    job = heaters.in_background(empty.run, watcher=began)
    assert began.event.wait(60)
    job.stop()
    with pytest.raises(Interrupted):
        job.result(60)
    assert repr(job).startswith("<run: stopped, after ")
    assert empty.sql("SELECT state FROM runs").fetchall() == [("interrupted",)]
    assert not empty.run(watcher=Began()).failed
    assert empty.source(1)["ingest_state"] == "ready"


def test_cancelling_who_awaits_a_job_stops_it(empty: Workspace, film: Path) -> None:
    empty.ingest(film)
    began = Began()

    async def given_up() -> heaters.in_background:
        job = heaters.in_background(empty.run, watcher=began)
        waiting = asyncio.ensure_future(_wait(job))
        await asyncio.to_thread(began.event.wait, 60)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return job

    with pytest.raises(Interrupted):
        awaited(given_up()).result(60)


async def _wait(job: object) -> object:
    return await job  # type: ignore[misc]


def test_what_a_job_raises_is_said_at_once_and_raised_where_it_is_waited_for(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    job = heaters.in_background(ws.export, preset="h265")
    with pytest.raises(UsageError, match="h265"):
        job.result(60)
    assert "export failed: no preset 'h265'" in capsys.readouterr().err
    assert "failed: no preset" in repr(job)
