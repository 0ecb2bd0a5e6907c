"""The files that a page may read: ids become a file that is open, and nothing else can be reached.

All of this touches the disk, so it runs in a thread and never on a server's event loop. The catalog is not opened: what
belongs to the proxy stands in the footer of the source's frame index. Where a source lies in another store, the kernel's
registration says so.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from heaters.catalog.footers import read_footer
from heaters.domain import layout
from heaters.errors import HeatersError, UnknownReference
from heaters.server.registry import place_of, root_of
from heaters.server.stored_media import StoredMedia, open_stored

VERSION_DIGITS: Final = 12
"""How many hex digits of the proxy's SHA-256 name a version in addresses."""

_KINDS: Final[dict[str, tuple[Callable[[int], str], str]]] = {
    "proxy": (layout.review_proxy, "video/mp4"),
    "audio": (layout.proxy_audio, "audio/mp4"),
}
_NO_SUCH_FILE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class OpenMedia:
    """A file that is open for reading; what is read is the file that was checked, whatever happens to its name.

    Attributes:
        descriptor: closed by leaving the `with` block.
        size: in bytes.
        content_type: of the file.
        etag: as in the header, with its quotes.
    """

    descriptor: int
    size: int
    content_type: str
    etag: str

    def read(self, start: int, length: int) -> bytes:
        """Bytes from `start`; fewer than asked for only if the file has been cut short."""
        return os.pread(self.descriptor, length, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)


def is_far(workspace: str, source_id: int) -> bool:
    """Whether a network is in the way to the files of a source."""
    place = place_of(workspace, source_id)
    return place is not None and not place.startswith("/")


def open_media(workspace: str, source_id: int, kind: str, version: str) -> OpenMedia | StoredMedia:
    """Open the proxy of a source, or its sound alone.

    Args:
        workspace: UUID under which a living kernel has registered it.
        source_id: of the source.
        kind: `proxy` or `audio`.
        version: the first 12 hex digits of the proxy's SHA-256, for both kinds.

    Raises:
        UnknownReference: no kernel has registered the workspace; the source has no such file; the version is not the
            one that is there.
        StoreUnavailable: the store where it lies does not answer.
    """
    root = root_of(workspace)
    if root is None:
        raise UnknownReference(
            f"no running kernel has registered the workspace {workspace}: run the cell that shows the player again",
            workspace=workspace,
        )
    key_of, content_type = _KINDS[kind]
    place = place_of(workspace, source_id)
    if place is not None and not place.startswith("/"):
        return open_stored(place, source_id, key_of(source_id), (version, VERSION_DIGITS), content_type)
    root = root if place is None else Path(place)
    sha256, proxy_bytes = _proxy_of(root, source_id)
    if version != sha256[:VERSION_DIGITS]:
        raise UnknownReference(
            f"source {source_id} has been prepared again since this page was made: reload the page",
            source=source_id,
        )
    descriptor, size = _opened(root, key_of(source_id), f"the {kind} of source {source_id}")
    if kind == "proxy" and size != proxy_bytes:
        os.close(descriptor)
        raise UnknownReference(
            f"the proxy of source {source_id} has {size} bytes and not the {proxy_bytes} that were recorded: "
            f"`heaters verify {source_id}` says more",
            source=source_id,
        )
    return OpenMedia(descriptor, size, content_type, f'"{sha256[:32]}-{kind}"')


def _proxy_of(root: Path, source_id: int) -> tuple[str, int]:
    """SHA-256 and bytes of the proxy that the source's frame index describes."""
    descriptor, _ = _opened(root, layout.frame_index(source_id), f"the frame index of source {source_id}")
    facts = os.fstat(descriptor)
    os.close(descriptor)
    path = root / layout.frame_index(source_id)
    try:
        return _recorded(path, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    except (HeatersError, KeyError, ValueError) as error:
        raise UnknownReference(
            f"the frame index of source {source_id} can't be read: `heaters retry {source_id}`, then `heaters run`",
            source=source_id,
        ) from error


@lru_cache(maxsize=1024)
def _recorded(path: Path, _inode: int, _size: int, _mtime_ns: int) -> tuple[str, int]:
    """What the footer says; the same for as long as the file is the same."""
    footer = read_footer(path)
    return footer["proxy_sha256"], int(footer["proxy_bytes"])


def _opened(root: Path, key: str, what: str) -> tuple[int, int]:
    """Open a regular file that lies in the workspace, also after its links are followed; returns descriptor and size."""
    try:
        path = (root / key).resolve(strict=True)
        if not path.is_relative_to(root.resolve()):
            raise UnknownReference(f"{what} is a link that leads out of the workspace", key=key)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, RuntimeError) as error:  # RuntimeError: pathlib's loop of links, up to Python 3.12
        if isinstance(error, OSError) and error.errno not in _NO_SUCH_FILE:
            raise
        raise UnknownReference(f"{what} is not there: `heaters run` makes it", key=key) from error
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise UnknownReference(f"{what} is not a file", key=key)
    return descriptor, facts.st_size
