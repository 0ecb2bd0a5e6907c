"""The server side: bytes of the review proxies for the page, in Jupyter Server and in the review dashboard.

Importing this package loads nothing: kernels import `heaters.server.registry` from it.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What Jupyter Server asks a package that its configuration names."""
    return [{"module": "heaters.server.extension"}]
