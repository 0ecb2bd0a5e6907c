"""Consumers of one decode pass, each in a thread of its own, fed through short queues."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = TypeVar("Item")


class Lane(Generic[Item]):
    """A thread that takes items in order. When it fails, the next `put` or `join` raises its error.

    Args:
        name: of the thread.
        take: called with each item, in the lane's thread.
        depth: how many items may wait before `put` blocks.
        close: called in the lane's thread after the last item, unless the lane failed or was abandoned.

    Attributes:
        busy: seconds that `take` and `close` took so far.
        waited: seconds that `put` waited for room so far.
    """

    def __init__(
        self, name: str, take: Callable[[Item], None], depth: int, close: Callable[[], None] | None = None
    ) -> None:
        self.busy = self.waited = 0.0
        self._take, self._close, self._depth = take, close, depth
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._error: BaseException | None = None
        # A daemon: an interrupted process must not wait for an encoder.
        self._thread = threading.Thread(target=self._run, name=f"heaters-{name}", daemon=True)
        self._thread.start()

    def put(self, item: Item, slack: int = 1) -> None:
        """Hand over an item; waits while `slack` times the depth of items wait.

        Raises:
            Exception: the lane's own error, when it has failed.
        """
        with self._changed:
            began = time.perf_counter()
            while len(self._items) >= self._depth * slack and self._error is None:
                self._changed.wait()
            self.waited += time.perf_counter() - began
            self._raise()
            self._items.append(item)
            self._changed.notify_all()

    def end(self) -> None:
        """Say that no more items come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until everything is taken and closed, after `end`.

        Raises:
            Exception: the lane's own error, when it has failed.
        """
        self._thread.join()
        self._raise()

    def abandon(self) -> None:
        """Drop what waits, and wait for the item that is being taken."""
        with self._changed:
            self._items.clear()
            self._close = None
        self.end()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while (item := self._next()) is not None:
                with self._busy():
                    self._take(item)
                del item
            if self._close:
                with self._busy():
                    self._close()
        except BaseException as error:  # noqa: BLE001 - it goes to the thread that feeds the lane
            with self._changed:
                self._error = error
                self._items.clear()
                self._changed.notify_all()

    def _next(self) -> Item | None:
        with self._changed:
            while not self._items and not self._ended:
                self._changed.wait()
            item = self._items.popleft() if self._items else None
            self._changed.notify_all()
            return item

    @contextmanager
    def _busy(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.busy += time.perf_counter() - began
