"""The review dashboard: Voila with our routes, for one notebook of one workspace."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from traitlets.config import Config
from voila.app import Voila

from heaters.errors import RefusedToStart, UsageError
from heaters.execution.this_python import ThisPython
from heaters.server.prompt_websocket import prompt
from heaters.server.review_page import ClosedPage, with_pages
from heaters.server.routes import routes

FIRST_PORT: Final = 8866
"""Voila's own."""
_PORTS_TRIED: Final = 50
_IDLE_SECONDS: Final = 600
_KERNEL_ID: Final = r"([\w-]+)"
_BESIDE: Final = ("status",)
"""Notebooks that are served too where they lie beside the one that was named, each at its own name."""


class HeatersVoila(Voila):  # type: ignore[misc] # untyped
    """Voila that serves one notebook and heaters' media, to this machine only unless a token is set.

    Args:
        notebook: a path; every visit of the page runs it in a kernel of its own. `status.ipynb` beside it is served at `status`.
        port: None takes the first free one from 8866 on, 0 any free one.
        ip: address to listen on.
        token: who opens the page must know it; None lets everybody on this machine in.
        open_browser: whether to open the page here.
        on_ready: called with the server when it listens.
        on_visit: called at every visit, before the page's kernel is started; must not take long.
        opening: HTML to show while a page's kernel starts, by the name of the notebook's file.
        traits: of Voila, such as `base_url`. Configuration files of Voila are not read.

    Raises:
        UsageError: others can reach the address and there is no token.
    """

    def __init__(
        self, notebook: str, port: int | None, ip: str, token: str | None, *, open_browser: bool = False,
        on_ready: Callable[[HeatersVoila], None] = lambda _: None, on_visit: Callable[[], None] = lambda: None,
        opening: Mapping[str, str] | None = None, **traits: Any,
    ) -> None:  # fmt: skip
        require_token(ip, token)
        self._opening = dict(opening or {})
        self._wanted_port, self._on_ready, self._on_visit = port, on_ready, on_visit
        super().__init__(
            notebook_path=notebook, ip=ip, token=token or "", open_browser=open_browser, log_level="ERROR",
            config_file_paths=[], config=_settings(), **traits,
        )  # fmt: skip
        self.initialize([])
        logging.getLogger("tornado").setLevel(logging.ERROR)  # refusals are told to those who asked

    @property
    def address(self) -> str:
        """Where people find it, with the token."""
        host = socket.gethostname() if self.ip in ("", "0.0.0.0", "::") else self.ip  # noqa: S104 - to be told apart
        host = f"[{host}]" if ":" in host else host
        return (
            f"http://{host}:{self.port}{self.base_url}{f'?token={quote(self.token)}' if self.token else ''}"
        )

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings, with kernel websockets that don't wait."""
        settings: dict[str, Any] = super().init_settings()
        settings["kernel_websocket_connection_class"] = prompt(settings["kernel_websocket_connection_class"])
        settings |= {"heaters_opening": self._opening, "heaters_visited": self._on_visit}
        # without a token, a page must be asked for by a name of this machine: other names may be rebound to it
        settings |= {"allow_remote_access": bool(self.token), "local_hostnames": ["localhost"]}
        return settings

    def init_handlers(self) -> list[Any]:
        """Ours first: Voila's last one takes every address."""
        closed = url_path_join(self.server_url, rf"/voila/api/shutdown/{_KERNEL_ID}")
        beside = [name for name in _BESIDE if Path(self.notebook_path).with_name(f"{name}.ipynb").is_file()]
        return [*routes(self.server_url), (closed, ClosedPage), *with_pages(super().init_handlers(), beside)]

    def listen(self) -> None:
        """Serve until Ctrl-C, SIGTERM or SIGHUP, then end all kernels.

        Raises:
            RefusedToStart: the address or port can't be used.
        """
        try:
            server = HTTPServer(self.app)
            server.add_sockets(self._bound())
            self.ioloop = IOLoop.current()
            signal.signal(signal.SIGHUP, self._handle_signal_stop)
            self._on_ready(self)
            if self.open_browser:
                threading.Thread(target=webbrowser.open, args=(self.address,), daemon=True).start()
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()

    def _bound(self) -> list[socket.socket]:
        for port in self._ports():
            try:
                sockets = bind_sockets(port, self.ip)
            except OSError as error:
                refusal = error
            else:
                self.port = sockets[0].getsockname()[1]
                return sockets
        raise RefusedToStart(
            f"can't listen on {self.ip} port {self._wanted_port or FIRST_PORT}: {refusal.strerror or refusal}; "
            "name another with --port or --ip",
            ip=self.ip,
            port=self._wanted_port,
        ) from refusal

    def _ports(self) -> Iterator[int]:
        if self._wanted_port is not None:
            return iter([self._wanted_port])
        return iter(range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED))


def require_token(ip: str, token: str | None) -> None:
    """Refuse to let people from outside in without a token.

    Raises:
        UsageError: the address is not this machine's own loopback, and there is no token; or the token is empty.
    """
    if token is not None and not token.strip():
        raise UsageError(
            "the token is empty: leave --token out on this machine, or name one that is hard to guess"
        )
    if token is None and not is_loopback(ip):
        raise UsageError(
            f"others can reach {ip or 'all addresses'}, so a token is needed there: add --token, or leave --ip out "
            "and come through an SSH tunnel",
            ip=ip,
        )


def is_loopback(ip: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return ip == "localhost"


def _settings() -> Config:
    config = Config()
    # a tab that died sends no beacon; who is connected is never culled, however long they look at one frame
    config.MappingKernelManager.cull_idle_timeout = _IDLE_SECONDS
    config.MappingKernelManager.cull_interval = _IDLE_SECONDS // 10
    config.MappingKernelManager.cull_connected = False
    config.VoilaConfiguration.kernel_spec_manager_class = ThisPython
    config.VoilaConfiguration.show_tracebacks = False
    return config
