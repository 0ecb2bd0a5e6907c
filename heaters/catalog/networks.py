"""Network file systems, where a lock may hold on one machine only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from heaters.errors import RefusedToStart

_KINDS: Final = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "fuse.sshfs", "fuse.glusterfs", "9p", "ceph", "glusterfs", "lustre", "beegfs",
})  # fmt: skip
_MOUNTS: Final = Path("/proc/self/mounts")


def refuse_network(folder: Path, mounts: Path = _MOUNTS) -> None:
    """Refuse a folder on a network file system; says nothing where the system does not list its mounts.

    Raises:
        RefusedToStart: a catalog there would be lost sooner or later.
    """
    if not mounts.is_file():
        return
    below = f"{folder.resolve()}/"
    best, kind = "", ""
    for line in mounts.read_text("utf-8", "replace").splitlines():
        _, point, fs, *_ = line.split(" ")
        point = point.replace("\\040", " ").rstrip("/") + "/"
        if below.startswith(point) and len(point) >= len(best):
            best, kind = point, fs
    if kind in _KINDS:
        raise RefusedToStart(
            f"{folder} is on a network file system ({kind}), where locks can't be trusted: put the workspace on a local "
            "disk", path=str(folder),
        )  # fmt: skip
