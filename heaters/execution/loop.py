"""The loop that feeds workers: submit, watch, apply, until nothing is left or the user stops it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from heaters.domain.stopping import heed
from heaters.errors import HeatersError, Interrupted, StageFailed

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_POLL_SECONDS: Final = 0.15


class Task(NamedTuple):
    """One call in a worker. `key` is unique among the running ones; `total` is in frames or bytes."""

    key: str
    label: str
    function: Callable[[dict[str, Any]], dict[str, Any]]
    spec: Mapping[str, Any]
    total: int = 0


class Watcher(Protocol):
    """Who shows how far tasks are."""

    def begin(self, key: str, label: str, total: int) -> None:
        """A task was handed to a worker."""

    def advance(self, key: str, done: int) -> None:
        """A task has done that much, in all."""

    def end(self, key: str, error: HeatersError | None) -> None:
        """A task has ended."""


class Jobs(NamedTuple):
    """Where tasks come from and where their results go; all three are called in the coordinator's thread.

    Attributes:
        take: the next task, or None while there is none (results may bring new ones).
        succeed: applies a result.
        fail: notes an error.
    """

    take: Callable[[], Task | None]
    succeed: Callable[[Task, dict[str, Any]], None]
    fail: Callable[[Task, HeatersError], None]


@dataclass(slots=True)
class _Running:
    task: Task
    file: Path
    shown: int = field(default=-1)


def drive(
    jobs: Jobs, executor: Executor, width: int, watcher: Watcher, read_progress: Callable[[Path], int]
) -> None:
    """Keep up to `width` tasks running until `jobs.take` has none left.

    Raises:
        Interrupted: on KeyboardInterrupt, or where `heed` says so, after all workers were ended; unfinished work is left
            as `.part` files.
    """
    import tempfile  # noqa: PLC0415 - with the workers; an idle run has none
    from concurrent.futures import FIRST_COMPLETED, wait  # noqa: PLC0415

    running: dict[Future[dict[str, Any]], _Running] = {}
    with tempfile.TemporaryDirectory(prefix="heaters-") as folder:
        try:
            while _fill(running, jobs, executor, width, watcher, Path(folder)) or running:
                done, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                for one in running.values():
                    _show(one, watcher, read_progress)
                for future in done:
                    _settle(future, running.pop(future).task, jobs, watcher)
                heed()
        except KeyboardInterrupt as stop:
            executor.shutdown(wait=True, cancel_futures=True)
            raise Interrupted("stopped; finished work is kept, `heaters run` goes on from here") from stop
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise


def _fill(
    running: dict[Future[dict[str, Any]], _Running],
    jobs: Jobs,
    executor: Executor,
    width: int,
    watcher: Watcher,
    folder: Path,
) -> bool:
    """Submit while there is room; tells whether anything was submitted."""
    submitted = False
    while len(running) < width and (task := jobs.take()) is not None:
        file = folder / task.key.replace(":", "-")
        spec = {**task.spec, "progress_file": str(file)}
        running[executor.submit(task.function, spec)] = _Running(task, file)
        watcher.begin(task.key, task.label, task.total)
        submitted = True
    return submitted


def _show(one: _Running, watcher: Watcher, read_progress: Callable[[Path], int]) -> None:
    done = read_progress(one.file)
    if done != one.shown:
        one.shown = done
        watcher.advance(one.task.key, done)


def _settle(future: Future[dict[str, Any]], task: Task, jobs: Jobs, watcher: Watcher) -> None:
    died = future.exception()
    error = None if died is None else as_error(task.label, died)
    if error is None:
        jobs.succeed(task, future.result())
    else:
        jobs.fail(task, error)
    watcher.end(task.key, error)


def as_error(label: str, error: BaseException) -> HeatersError:
    """Turn what a worker died of into one of our errors, with a sentence."""
    if isinstance(error, HeatersError):
        return error
    if type(error).__name__ in {"ProcessExpired", "BrokenProcessPool"}:  # the first is an OSError
        return StageFailed(
            f"{label}: the worker process was killed (out of memory?); `heaters run` tries it again"
        )
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        where = f" ({error.filename})" if error.filename else ""
        advice = "free some space" if error.errno == errno.ENOSPC else "mend that"
        return StageFailed(
            f"{label}: {error.strerror or error}{where}; {advice}, then `heaters run`", errno=error.errno
        )
    import traceback  # noqa: PLC0415 - rarely

    trace = "".join(traceback.format_exception(error))
    return StageFailed(f"{label}: {type(error).__name__}: {error}; `heaters run` tries it again", trace=trace)
