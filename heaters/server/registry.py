"""Which workspaces a server may read from: kernels register theirs by a file in the Jupyter runtime folder.

The folder belongs to the user whose kernels and server these are. Nothing is written into the workspace. Where files of a
source lie elsewhere, its file says so: an address, which never holds a secret. Nobody but that user can read it anyway.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from jupyter_core.paths import jupyter_runtime_dir

_NAMESPACE: Final = uuid.UUID("5f0f1f6c-4f0e-5f0a-9d5b-6b1d1c1f3a77")  # ours; any constant would do
_FOLDER: Final = "heaters"
_NONE_ELSEWHERE: Final[Mapping[int, str | None]] = {}
_NAME: Final = re.compile(r"([0-9a-f-]{36})-([1-9][0-9]{0,9})\.json", re.ASCII)


def workspace_uuid(root: Path) -> str:
    """The name of a workspace in addresses: the same for everyone who sees it under this path."""
    return str(uuid.uuid5(_NAMESPACE, os.fsencode(root.resolve()).hex()))  # a path need not be UTF-8


def register(root: Path, places: Mapping[int, str | None] = _NONE_ELSEWHERE) -> str:
    """Let the servers of this user read the workspace for as long as this process lives; again and again is fine.

    Args:
        root: the workspace's folder.
        places: of sources that are shown: the address of the store where their files lie, None for the folder. What this
            process has said of other sources stays.

    Returns:
        The workspace's UUID for addresses.
    """
    name, pid = workspace_uuid(root), os.getpid()
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_dead(folder)
    file = folder / f"{name}-{pid}.json"
    before = (_content_of(file) or {}).get("places", {})
    after = {**before, **{str(source): address for source, address in places.items()}}
    told = {"places": after} if after else {}
    content = json.dumps({"root": str(root.resolve()), "pid": pid, **told})
    part = folder / f"{name}-{pid}.{uuid.uuid4().hex}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(content)
    part.replace(file)
    return name


def root_of(name: str) -> Path | None:
    """The folder of a registered workspace; None if no living process has registered it.

    Files of dead processes are removed on the way.

    Args:
        name: the workspace's UUID.
    """
    return next((root for root, _ in _living(name)), None)


def place_of(name: str, source_id: int) -> str | None:
    """The address of the store where the files of a source lie, as the last one who knew has said; None: in the folder.

    Args:
        name: the workspace's UUID.
        source_id: of the source.
    """
    told = (places[str(source_id)] for _, places in _living(name) if str(source_id) in places)
    return next(told, None)


def _living(name: str) -> Iterator[tuple[Path, Mapping[str, str | None]]]:
    """Folder and places of each registration of a living process, the newest first."""
    for file, pid in _registered(_folder(), name):
        if not _alive(pid):
            file.unlink(missing_ok=True)
            continue
        content = _content_of(file)
        if content is not None and workspace_uuid(Path(content["root"])) == name:
            yield Path(content["root"]), content.get("places", {})


def _folder() -> Path:
    return Path(jupyter_runtime_dir()) / _FOLDER


def _registered(folder: Path, name: str | None = None) -> Iterator[tuple[Path, int]]:
    try:
        files = sorted(folder.iterdir(), key=_written, reverse=True)
    except FileNotFoundError:
        return
    for file in files:
        found = _NAME.fullmatch(file.name)
        if found and name in (None, found[1]):
            yield file, int(found[2])


def _written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _remove_dead(folder: Path) -> None:
    for file, pid in _registered(folder):
        if not _alive(pid):
            file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _content_of(file: Path) -> dict[str, Any] | None:
    """What a registration says, with the folder as `root`; None if the file is gone or not what we write."""
    try:
        content = json.loads(file.read_text("utf-8"))
        is_ours = isinstance(content["root"], str) and content["root"].startswith("/")
        return content if is_ours and isinstance(content.get("places", {}), dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
