"""Spawned processes that do not import the user's script again.

A spawned process normally runs the parent's `__main__` once more, so a script without a guard would start a run in
every worker. Our tasks are functions of this package, so the workers need no `__main__` at all.
"""

from __future__ import annotations

import signal
import threading
from multiprocessing import spawn
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.popen_spawn_posix import Popen
from multiprocessing.process import BaseProcess
from typing import Any, Final

_LOCK: Final = threading.Lock()
_QUIET: Final = """import sys
try:
    {}
except (EOFError, FileNotFoundError):
    sys.exit(1)"""
"""A worker that starts while the coordinator ends finds the pipe or the semaphores gone: that is no news for anybody."""


class _LonelyProcess(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Popen:  # noqa: N802 - the name multiprocessing asks for
        complete = spawn.get_preparation_data

        def without_main(name: str) -> dict[str, Any]:
            return {
                key: value for key, value in complete(name).items() if not key.startswith("init_main_from")
            }

        line = spawn.get_command_line

        def quiet_line(**descriptors: int) -> list[Any]:
            words: list[Any] = line(**descriptors)
            at = words.index("-c") + 1
            return [*words[:at], _QUIET.format(words[at]), *words[at + 1 :]]

        with _LOCK:
            spawn.get_preparation_data = without_main
            spawn.get_command_line = quiet_line
            # The child inherits the mask: a Ctrl-C while it imports would print a traceback.
            allowed = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                return Popen(process_obj)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, allowed)
                spawn.get_preparation_data = complete
                spawn.get_command_line = line


class LonelyContext(SpawnContext):
    """The `spawn` start method without the parent's `__main__`."""

    Process = _LonelyProcess
