"""Errors of writing that name the file."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import OutputContainer

_FIRST_OWN: Final = 0x10000  # FFmpeg's own error numbers are four letters, far above those of the system


@contextmanager
def writes_to(path: str) -> Iterator[None]:
    """Turn what FFmpeg raises while writing into a plain OSError with the path in it.

    Raises:
        OSError: the disk is full, the folder read-only, or the like.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        if isinstance(error, OSError) and error.errno and error.errno < _FIRST_OWN:
            raise OSError(error.errno, os.strerror(error.errno), path) from error
        raise


def let_go(container: OutputContainer) -> None:
    """Close a file that is lost anyway.

    PyAV 18.1 ends an open file when it is collected, and where that fails (the disk is full) prints a traceback.
    """
    with suppress(OSError, av.error.FFmpegError):
        container.close()
