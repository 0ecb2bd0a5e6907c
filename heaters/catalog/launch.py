"""Starting the owner of a catalog as a process that nobody's end ends."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from heaters.catalog.files import OWNER_LOG
from heaters.catalog.remote import Links
from heaters.errors import CatalogError

_PAUSE: Final = 0.02
"""Seconds between two looks whether the owner answers."""


def launch_owner(folder: Path, command: Sequence[str], seconds: float = 30.0) -> None:
    """Start an owner in a session of its own, and wait until it answers; does nothing where one answers already.

    Args:
        folder: where the catalog lies; what the owner says goes into a file there.
        command: a program that serves the catalog in that folder.
        seconds: how long to wait.

    Raises:
        CatalogError: it did not start; the message is what it said.
    """
    links = Links(folder, seconds)
    if _answers(links):
        return
    with (folder / OWNER_LOG).open("ab") as log:
        begin = log.tell()
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    threading.Thread(target=process.wait, daemon=True).start()  # who has ended shall not stay as a zombie
    deadline = time.monotonic() + seconds
    while not _answers(links):
        if process.returncode is not None and not _answers(links):
            said = (folder / OWNER_LOG).read_bytes()[begin:].decode("utf-8", "replace").strip()
            raise CatalogError(
                f"the owner of {folder} did not start: {said.splitlines()[-1] if said else 'it said nothing'}",
                path=str(folder),
            )
        if time.monotonic() > deadline:
            raise CatalogError(
                f"the owner of {folder}, process {process.pid}, has not answered within {seconds:g} s",
                path=str(folder),
            )
        time.sleep(_PAUSE)


def _answers(links: Links) -> bool:
    line = links.take()
    if line is None:
        return False
    links.put_back(line)
    return True
