"""The verb `dashboard`: the review page, served until Ctrl-C."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heaters.cli.catalog import serve_in_background
from heaters.cli.output import WorkspaceOption
from heaters.config import find_workspace
from heaters.errors import HeatersError

if TYPE_CHECKING:
    from heaters.server.dashboard import HeatersVoila

PAGE = "review.ipynb"


def dashboard(
    port: Annotated[
        int | None,
        typer.Option(metavar="P", min=0, max=65535, help="Default: 8866, or the next free one."),
    ] = None,
    ip: Annotated[
        str,
        typer.Option(metavar="A", help="Address to listen on; others than this machine's own need a token."),
    ] = "localhost",
    token: Annotated[str | None, typer.Option(metavar="T", help="Who opens the page must know it.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser here.")] = True,  # noqa: FBT002
    workspace: WorkspaceOption = None,
) -> None:
    """Serve the review page until Ctrl-C."""
    serve_page(find_workspace(workspace), port, ip, token, browser=browser)


def serve_page(
    root: Path, port: int | None, ip: str = "localhost", token: str | None = None, *, browser: bool = True
) -> None:
    """Serve the review page of a workspace until Ctrl-C; `port` None takes the first free one from 8866 on."""
    # jsonschema 4.26 imports this for a check of addresses that nobody here asks for: 3 s at every start
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from heaters.server.dashboard import HeatersVoila  # noqa: PLC0415 - a second, for this verb alone
    from heaters.ui.opening import review_opening  # noqa: PLC0415

    os.environ["HEATERS_WORKSPACE"] = str(root)  # kernels inherit it
    far = "SSH_CONNECTION" in os.environ
    HeatersVoila(
        str(page()), port, ip, token, open_browser=browser and not far,
        on_ready=lambda server: _begin(server, root, far=far), on_visit=_served_again(root), opening={PAGE: review_opening()},
    ).start()  # fmt: skip
    print("\nstopped; what was decided is kept. Go on with: heaters dashboard")


def page() -> Path:
    """The notebook that is served: of an installed heaters, or of a checkout."""
    installed = Path(str(files("heaters"))) / "_dashboards" / PAGE
    return installed if installed.is_file() else Path(__file__).resolve().parents[2] / "dashboards" / PAGE


def _served_again(root: Path) -> Callable[[], None]:
    """What starts the catalog's owner again, in a thread: it leaves when nobody was there for a while, the dashboard stays."""
    starting = threading.Lock()

    def start() -> None:
        try:
            serve_in_background(root)
        except (HeatersError, OSError) as error:
            print(
                f"pages open the catalog one by one, since it can't be served: {error}",
                file=sys.stderr,
                flush=True,
            )
        finally:
            starting.release()

    def visited() -> None:
        if starting.acquire(blocking=False):
            threading.Thread(target=start, daemon=True).start()

    return visited


def _begin(server: HeatersVoila, root: Path, *, far: bool) -> None:
    serve_in_background(root)  # one process keeps the catalog open for all kernels
    print(f"reviewing {root}\n  {server.address}")
    if far:
        print(
            f"from your own machine: ssh -N -L {server.port}:localhost:{server.port} {os.uname().nodename}\n"
            "  and open the same address there"
        )
    print("Ctrl-C ends it", flush=True)
