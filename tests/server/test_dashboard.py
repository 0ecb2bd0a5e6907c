from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from driving import Heaters
from hosting import TOKEN, dashboard, wait_until
from serving import answers

from heaters.catalog.files import OWNER_LOG
from heaters.catalog.remote import Links
from heaters.server.dashboard import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from heaters import Workspace


@pytest.fixture
def browser(launch_chromium: Callable[[], Browser]) -> Iterator[Browser]:
    """One that the test may close."""
    chromium = launch_chromium()
    yield chromium
    chromium.close()


def visit(browser: Browser, address: str) -> tuple[Any, list[str]]:
    """The page when all its cells have run, and all addresses that it asked for."""
    page, asked = browser.new_page(color_scheme="dark"), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, timeout=120_000)
    page.wait_for_selector("#rendered_cells", state="visible", timeout=120_000)
    return page, asked


@pytest.mark.parametrize("leave", ["close the tab", pytest.param("go elsewhere", marks=pytest.mark.long)])
def test_a_page_that_is_left_ends_its_kernel(
    ws: Workspace, tmp_path: Path, browser: Browser, leave: str
) -> None:
    with dashboard(ws.root, tmp_path) as host:
        page, asked = visit(browser, f"http://localhost:{host.port}/")
        assert len(host.kernels) == 1
        assert "theme-dark" in page.locator("body").get_attribute("class")
        assert [
            one for one in asked if f"//localhost:{host.port}/" not in one and not one.startswith("data:")
        ] == []
        {"close the tab": page.close, "go elsewhere": lambda: page.goto("about:blank")}[leave]()
        assert wait_until(lambda: host.kernels == [])


def test_a_visit_that_breaks_off_leaves_no_kernel_and_the_catalog_is_served_again(
    ws: Workspace, tmp_path: Path
) -> None:
    catalog = ws.root / "catalog"
    with dashboard(ws.root, tmp_path) as host:
        Links(catalog, 10).drain()
        assert wait_until(lambda: not answers(catalog))
        with socket.create_connection(("localhost", host.port)) as visitor:
            visitor.sendall(b"GET /?theme=light HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert wait_until(lambda: len(host.kernels) == 1)
        assert wait_until(lambda: host.kernels == [])
        assert wait_until(lambda: (catalog / OWNER_LOG).read_text().count("is served by process") == 2)


@pytest.mark.long
def test_ctrl_c_ends_the_kernels_of_pages_that_are_open_and_is_no_failure(
    ws: Workspace, tmp_path: Path, browser: Browser
) -> None:
    with dashboard(ws.root, tmp_path, "--token", TOKEN) as host:
        visit(browser, f"http://localhost:{host.port}/?token={TOKEN}")
        kernels = host.kernels
        assert len(kernels) == 1
        host.process.send_signal(signal.SIGINT)
        assert host.process.wait(60) == 0
        assert not any(one.is_running() for one in kernels)
    said = (tmp_path / "server.log").read_text()
    assert f"http://localhost:{host.port}/?token={TOKEN}" in said
    assert "Traceback" not in said


def test_a_failing_page_shows_the_visitor_no_traceback(
    ws: Workspace, tmp_path: Path, browser: Browser
) -> None:
    with dashboard(ws.root, tmp_path) as host:
        shutil.rmtree(ws.root / "catalog")
        page, _ = visit(browser, f"http://localhost:{host.port}/")
        assert "Traceback" not in page.inner_text("body")


def test_without_a_token_only_names_of_this_machine_are_answered(ws: Workspace, tmp_path: Path) -> None:
    with dashboard(ws.root, tmp_path) as host:
        assert host.ask("heaters/health", token=None).status == 200
        assert host.ask("heaters/health", {"Host": f"127.0.0.1:{host.port}"}, token=None).status == 200
        assert host.ask("heaters/health", {"Host": "rebound.example"}, token=None).status == 403


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "192.0.2.1", "dashboard.example", ""])
def test_an_address_that_others_can_reach_needs_a_token(ws: Workspace, ip: str) -> None:
    said = Heaters(ws.root)("dashboard", "--no-browser", "--ip", ip, status=2).err
    assert said.startswith("error: others can reach")
    assert "--token" in said


def test_an_empty_token_is_none(ws: Workspace) -> None:
    assert "token is empty" in Heaters(ws.root)("dashboard", "--no-browser", "--token", " ", status=2).err


def test_a_named_port_that_is_taken_is_refused(ws: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = Heaters(ws.root).alone(
            "dashboard", "--no-browser", "--ip", "127.0.0.1", "--port", port, status=3
        )
    assert f"port {port}" in answer.err


def test_over_ssh_it_says_how_to_come_here(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    with dashboard(ws.root, tmp_path) as host:
        said = (tmp_path / "server.log").read_text
        assert wait_until(lambda: f"ssh -N -L {host.port}:localhost:{host.port}" in said())


@pytest.mark.parametrize(
    ("ip", "only_here"),
    [("localhost", True), ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("0.0.0.0", False), ("", False), ("host", False)],
)  # fmt: skip
def test_loopback_is_told_apart(ip: str, only_here: bool) -> None:  # noqa: FBT001
    assert is_loopback(ip) is only_here
