"""Which workspaces a server may read from: kernels register theirs by a file in the Jupyter runtime folder.

The folder belongs to the user whose kernels and server these are. Nothing is written into the workspace.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jupyter_core.paths import jupyter_runtime_dir

_NAMESPACE: Final = uuid.UUID("5f0f1f6c-4f0e-5f0a-9d5b-6b1d1c1f3a77")  # ours; any constant would do
_FOLDER: Final = "heaters"
_NAME: Final = re.compile(r"([0-9a-f-]{36})-([1-9][0-9]{0,9})\.json", re.ASCII)


def workspace_uuid(root: Path) -> str:
    """The name of a workspace in addresses: the same for everyone who sees it under this path."""
    return str(uuid.uuid5(_NAMESPACE, os.fsencode(root.resolve()).hex()))  # a path need not be UTF-8


def register(root: Path) -> str:
    """Let the servers of this user read the workspace for as long as this process lives; again and again is fine.

    Args:
        root: the workspace's folder.

    Returns:
        The workspace's UUID for addresses.
    """
    name, pid = workspace_uuid(root), os.getpid()
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _remove_dead(folder)
    content = json.dumps({"root": str(root.resolve()), "pid": pid})
    part = folder / f"{name}-{pid}.{uuid.uuid4().hex}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    part.replace(folder / f"{name}-{pid}.json")
    return name


def root_of(name: str) -> Path | None:
    """The folder of a registered workspace; None if no living process has registered it.

    Files of dead processes are removed on the way.

    Args:
        name: the workspace's UUID.
    """
    for file, pid in _registered(_folder(), name):
        if not _alive(pid):
            file.unlink(missing_ok=True)
            continue
        root = _root_in(file)
        if root is not None and workspace_uuid(root) == name:
            return root
    return None


def _folder() -> Path:
    return Path(jupyter_runtime_dir()) / _FOLDER


def _registered(folder: Path, name: str | None = None) -> Iterator[tuple[Path, int]]:
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    for file in files:
        found = _NAME.fullmatch(file.name)
        if found and name in (None, found[1]):
            yield file, int(found[2])


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


def _root_in(file: Path) -> Path | None:
    """The folder that a registration names; None if the file is gone or not what we write."""
    try:
        root = json.loads(file.read_text("utf-8"))["root"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Path(root) if isinstance(root, str) and root.startswith("/") else None
