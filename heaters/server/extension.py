"""heaters as an extension of Jupyter Server: JupyterLab and Notebook pages get the bytes they show from here."""

from __future__ import annotations

from typing import Any

from heaters.server.prompt_websocket import prompt
from heaters.server.routes import routes

_WEBSOCKETS = "kernel_websocket_connection_class"


def _load_jupyter_server_extension(server: Any) -> None:
    """Add our routes to a Jupyter Server, and answer widgets without delay."""
    settings = server.web_app.settings
    server.web_app.add_handlers(".*$", routes(settings["base_url"]))
    if _WEBSOCKETS in settings:
        settings[_WEBSOCKETS] = prompt(settings[_WEBSOCKETS])
