"""What a page may ask the server for: bytes of the review proxies, and whether heaters is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, authenticated

from heaters import __version__
from heaters.errors import StoreUnavailable, UnknownReference
from heaters.server.media_files import OpenMedia, is_far, open_media
from heaters.server.stored_media import StoredMedia
from heaters.storage.ranges import ByteRange, RangeRefused, parse_range

T = TypeVar("T")

CHUNK_BYTES: Final = 1 << 20
"""Most bytes of one read, and most that one connection holds in memory."""

_UUID: Final = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_MEDIA: Final = rf"heaters/media/{_UUID}/([1-9][0-9]{{0,17}})/(proxy|audio)"
_READERS: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="heaters-media")
_FAR_READERS: Final = ThreadPoolExecutor(max_workers=16, thread_name_prefix="heaters-store")
"""A store that does not answer keeps nobody from files on this machine."""

Media = OpenMedia | StoredMedia


class Route(JupyterHandler):
    """For programs: who is not logged in gets 403 and no login page; errors are one sentence of plain text."""

    auth_resource = "heaters"

    def get_login_url(self) -> str:
        """Refuse, where others redirect: a player would take the login page for media."""
        raise HTTPError(403, "log in first: reload the page, or add ?token=... to its address")

    def set_default_headers(self) -> None:
        """Keep other sites from embedding what is served here."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - tornado's
        """Say what is wrong in one line; what nobody has foreseen stays in the server's log."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        told = isinstance(error, HTTPError) and error.log_message
        sentence = error.log_message % error.args if told else self._reason
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(f"{sentence}\n")


class MediaRoute(Route):
    """Byte ranges of one file: every answer with bytes is 206, also where no range was asked for."""

    _content_range = ""

    @authenticated
    @authorized
    async def get(self, workspace: str, source_id: str, kind: str) -> None:
        """Send the range."""
        with await self._open(workspace, source_id, kind) as media:
            wanted = self._begin(media)
            try:
                await self._send(media, wanted)
            except StreamClosedError:  # the page is gone, or has asked for another frame
                return

    @authenticated
    @authorized
    async def head(self, workspace: str, source_id: str, kind: str) -> None:
        """Send the headers that `get` would send."""
        with await self._open(workspace, source_id, kind) as media:
            self._begin(media)

    async def _open(self, workspace: str, source_id: str, kind: str) -> Media:
        version, number = self.get_query_argument("v", ""), int(source_id)
        far = await _in_thread(_READERS, is_far, workspace, number)
        return await self._told(
            _in_thread(_FAR_READERS if far else _READERS, open_media, workspace, number, kind, version)
        )

    async def _told(self, coming: Awaitable[T]) -> T:
        """What comes; an error of ours is told as a status: 404 sends the page elsewhere, 503 lets it wait."""
        try:
            return await coming
        except UnknownReference as error:
            raise HTTPError(404, error.message) from error
        except StoreUnavailable as error:
            raise HTTPError(503, error.message) from error

    def _begin(self, media: Media) -> ByteRange:
        """Set status and headers, also those of a refusal."""
        self.set_header("Accept-Ranges", "bytes")
        try:
            wanted = parse_range(self.request.headers.get("Range"), media.size)
        except RangeRefused as error:
            self._content_range = error.content_range
            raise HTTPError(416, error.message) from error
        self.set_status(206)
        self.set_header("Content-Type", media.content_type)
        self.set_header("Content-Range", wanted.content_range)
        self.set_header("Content-Length", str(wanted.length))
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")  # the hash is in the address
        self.set_header("ETag", media.etag)
        return wanted

    async def _send(self, media: Media, wanted: ByteRange) -> None:
        readers = _FAR_READERS if isinstance(media, StoredMedia) else _READERS
        for start in range(wanted.start, wanted.end, CHUNK_BYTES):
            coming = _in_thread(readers, media.read, start, min(CHUNK_BYTES, wanted.end - start))
            try:
                chunk = await self._told(coming)
            except HTTPError:
                if start == wanted.start:  # nothing was sent yet
                    raise
                chunk = b""
            if not chunk:
                self.log.warning("heaters: a file was cut short while it was sent")
                self.request.connection.stream.close()  # type: ignore[union-attr]
                return
            self.write(chunk)
            await self.flush()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tell the size where the range is not in the file; the headers so far are gone by now."""
        if status_code == 416:  # noqa: PLR2004 - range not satisfiable
            self.set_header("Content-Range", self._content_range)
        super().write_error(status_code, **kwargs)


class HealthRoute(Route):
    """Whether heaters is there, and which one."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Send the version."""
        self._tell()

    @authenticated
    @authorized
    async def head(self) -> None:
        """Send the headers that `get` would send."""
        self._tell()

    def _tell(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish({"heaters": __version__})


def routes(base_url: str) -> list[tuple[str, type[Route]]]:
    """Our routes below the base URL of a server."""
    return [
        (url_path_join(base_url, _MEDIA), MediaRoute),
        (url_path_join(base_url, "heaters/health"), HealthRoute),
    ]


async def _in_thread(readers: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(readers, work, *arguments)
