"""A child process that can't hurt: limits on time, memory and writing, errors as data, killed with its session."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import heaters
from heaters import errors
from heaters.errors import MediaError, NotAVideo

_PACKAGE_ROOT: Final = str(Path(heaters.__file__).parents[1])


def limit_this_process(seconds: float, memory_bytes: int, file_bytes: int = 0) -> None:
    """Set the limits from inside the child; what the system does not know (memory on macOS) is left out.

    No file can grow over `file_bytes`, no core is dumped, and the alarm ends an orphan whose parent died.
    """
    whole = int(seconds) + 2
    wanted = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: whole,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for kind, value in wanted.items():
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(kind)[1]
            allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (allowed, allowed))
    signal.alarm(whole)


def run_limited(
    module: str, path: str | Path, arguments: Sequence[str], *, seconds: float, memory_bytes: int
) -> dict[str, Any]:
    """Run `python -m module PATH SECONDS MEMORY_BYTES ARGUMENTS...` and return the `answer` member of its JSON.

    The child has a session of its own; it is killed on time-out and on any exception here, an interrupt too.

    Raises:
        HeatersError: the one that the child reported.
        NotAVideo: it crashed, or needed more memory than allowed.
        MediaError: it took longer than `seconds`.
    """
    command = [sys.executable, "-P", "-m", module, str(path), str(seconds), str(memory_bytes)]
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module; the path is one argument, no shell
        [*command, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env={**os.environ, "PYTHONPATH": search_path()},
    )  # fmt: skip
    try:
        out, _ = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise MediaError(
            f"{path}: looking into it took longer than {seconds:g} s; try again, or raise the setting probe_seconds",
            path=str(path), seconds=seconds,
        ) from None  # fmt: skip
    finally:
        _end(child)
    return _answer(path, out, child.returncode, memory_bytes)


def search_path() -> str:
    """`PYTHONPATH` for a child that runs a module of this package."""
    return os.pathsep.join([_PACKAGE_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])])


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _answer(path: str | Path, out: bytes, status: int, memory_bytes: int) -> dict[str, Any]:
    facts = {"path": str(path), "status": status}
    try:
        report = json.loads(out)
    except ValueError:
        ending = signal.Signals(-status).name if status < 0 else f"status {status}"
        raise NotAVideo(
            f"{path} cannot be decoded: the decoder ended with {ending}; the file is damaged", **facts
        ) from None
    if "memory" in report:
        limit = memory_bytes >> 20
        raise NotAVideo(
            f"{path} cannot be decoded: it needs more than {limit} MiB of memory; scale it down first",
            **facts,
        )
    if "error" in report:
        kind = getattr(errors, report["error"]["type"], MediaError)
        raise kind(report["error"]["message"], **report["facts"])
    answer: dict[str, Any] = report["answer"]
    return answer
