"""The pages that people visit: Voila's, without what it would fetch from elsewhere, in the browser's own theme."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Final

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

_ELSEWHERE: Final = re.compile(r'<link rel="stylesheet" href="https?://[^>]*>')
_LOADING: Final = re.compile(r'<div id="loading"[^>]*>')
_KERNEL: Final = re.compile(r'"kernelId": ?"([\w-]+)"')
_ASK_FOR_THEME: Final = """<!DOCTYPE html>
<meta charset="utf-8"><title>heaters</title>
<script>
  const address = new URL(location.href);
  address.searchParams.set("theme", matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  location.replace(address);
</script>
<noscript>This page needs JavaScript.</noscript>
"""


_SAY_GOODBYE: Final = """
<script>
  addEventListener("pagehide", () => {
    const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`);
  });
</script>
"""


class ReviewPage(TornadoVoilaHandler):  # type: ignore[misc] # untyped
    """One visit, with a kernel of its own."""

    _kernel, _gone = "", False

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Send the page, or, before any kernel is started, the question for the browser's theme."""
        if path:
            raise HTTPError(404)
        if self.get_query_argument("theme", None):
            self.settings["heaters_visited"]()
            await super().get(path)
            if self._gone and self._kernel in self.kernel_manager:
                await ensure_async(self.kernel_manager.shutdown_kernel(self._kernel))
        else:
            self.finish(_ASK_FOR_THEME)

    def on_connection_close(self) -> None:
        """Note that the page was left before it was complete: it can't say goodbye."""
        super().on_connection_close()
        self._gone = True

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """The page in pieces. Voila 0.5's names style sheets on a CDN, which a closed network waits for in vain.

        Voila's own goodbye hangs on `beforeunload`, which browsers leave out when a tab is closed without having been
        touched.
        """
        opening = self.settings["heaters_opening"].get(Path(self.notebook_path).name, "")
        async for piece in super().get_generator(path):
            self._kernel = found[1] if (found := _KERNEL.search(piece)) else self._kernel
            yield _LOADING.sub(lambda found: found.group() + opening, _ELSEWHERE.sub("", piece), count=1)
        yield _SAY_GOODBYE


class ClosedPage(VoilaShutdownKernelHandler):  # type: ignore[misc] # untyped
    """Ends the kernel of a page that is closed.

    The browser says so by a beacon, which can't carry the XSRF header, so Voila 0.5.13 answers 403 and the kernel stays
    for ever. Who sends it must be logged in and know the kernel's id.
    """

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """End it; a page may say so twice."""
        if kernel_id in self.kernel_manager:
            await super().post(kernel_id)
        else:
            self.set_status(204)

    def check_xsrf_cookie(self) -> None:
        """Accept a beacon."""


def with_pages(routes: list[Any], beside: Iterable[str]) -> list[Any]:
    """Voila's routes with our page in the place of its own.

    Args:
        routes: the last one serves the notebook at every address that no other takes.
        beside: names of notebooks in the same folder, each of which is served at its own name.
    """
    made = []
    for pattern, kind, *rest in routes:
        if kind is TornadoVoilaHandler:
            (options,) = rest
            made += [
                (
                    pattern.replace("(.*)", f"{name}/?"),
                    ReviewPage,
                    {**options, "notebook_path": f"{name}.ipynb"},
                )
                for name in beside
            ]
        made.append((pattern, ReviewPage if kind is TornadoVoilaHandler else kind, *rest))
    return made
