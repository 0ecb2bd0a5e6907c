"""Long calls that go on in a thread of their own, while a notebook or a page does other things."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, Generic, ParamSpec, TypeVar

from heaters.domain import stopping
from heaters.errors import HeatersError, Interrupted

_LEAVE_SECONDS: Final = 5.0
"""How long a process that ends waits for its jobs to stop; they look every 0.15 s."""

_LOOK_SECONDS: Final = 0.2
"""How soon who awaits a job hears of an interrupt."""

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def in_background(
    function: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs
) -> Job[Answer]:
    """Call a function in a thread of its own and come back at once: `job = heaters.in_background(ws.run)`.

    Meant for the long calls of a workspace: `ingest`, `run`, `export`, `verify`. Progress is shown below the cell that
    made the call. Later, `report = await job`, or `job.result()` where nothing can be awaited.
    """
    return Job(getattr(function, "__name__", "work"), partial(function, *args, **kwargs))


class Job(Generic[Answer]):
    """A call that goes on. Made by `in_background`; it ends with its process.

    Awaiting it leaves the event loop free. Who interrupts a cell that awaits it, or cancels the task, stops it.
    """

    def __init__(self, name: str, call: Callable[[], Answer]) -> None:
        self._name, self._began, self._seconds = name, time.monotonic(), 0.0
        self._told = threading.Event()
        self._future: Future[Answer] = Future()
        self._future.set_running_or_notify_cancel()  # so that nobody cancels what runs
        # With the context, what it prints and shows goes to the cell that made it (ipykernel 7).
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run, call), name=name, daemon=True)
        atexit.register(self._leave)
        self._thread.start()

    def __await__(self) -> Generator[Any, None, Answer]:
        return self._wait().__await__()

    def __repr__(self) -> str:
        return f"<{self._name}: {self._standing()}>"

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> Answer:
        """Wait for what the call returns, at most so many seconds.

        Raises:
            HeatersError: what the call raised; `Interrupted` where it was stopped.
            TimeoutError: it goes on.
        """
        return self._future.result(timeout)

    def stop(self) -> None:
        """Let it end within a second, as Ctrl-C would: finished work is kept, the rest is left as `.part` files."""
        self._told.set()

    def _run(self, call: Callable[[], Answer]) -> None:
        stopping.listen_to(self._told)
        try:
            answer = call()
        except (KeyboardInterrupt, Interrupted) as stop:
            told = (
                stop
                if isinstance(stop, Interrupted)
                else Interrupted(f"{self._name} was stopped; finished work is kept")
            )
            self._end(partial(self._future.set_exception, told))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            said = error.message if isinstance(error, HeatersError) else f"{type(error).__name__}: {error}"
            print(f"{self._name} failed: {said}", file=sys.stderr)  # perhaps nobody waits
            self._end(partial(self._future.set_exception, error))
        else:
            self._end(partial(self._future.set_result, answer))

    def _end(self, settle: Callable[[], None]) -> None:
        self._seconds = time.monotonic() - self._began
        atexit.unregister(self._leave)
        settle()

    async def _wait(self) -> Answer:
        waiting = asyncio.wrap_future(self._future)
        try:
            while not waiting.done():
                # A timer wakes the event loop; an interrupt alone does not, and would wait for the end (ipykernel 7.4).
                await asyncio.wait({waiting}, timeout=_LOOK_SECONDS)
        except asyncio.CancelledError:
            self.stop()
            waiting.cancel()
            raise
        return await waiting

    def _standing(self) -> str:
        if not self.done:
            return f"goes on since {time.monotonic() - self._began:.0f} s"
        error = self._future.exception()
        how = "done" if error is None else "stopped" if isinstance(error, Interrupted) else f"failed: {error}"
        return f"{how}, after {self._seconds:.1f} s"

    def _leave(self) -> None:
        self.stop()
        self._thread.join(_LEAVE_SECONDS)
