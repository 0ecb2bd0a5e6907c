"""The status page as an operator opens it: real Voila, real kernels, real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from busy_workspace import LONG, fill
from driving import open_workspace
from hosting import TOKEN, Host, dashboard, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from heaters import Workspace

PATIENCE = 60_000


@pytest.fixture(scope="module")
def chromium(launch_chromium: Callable[[], Browser]) -> Iterator[Browser]:
    browser = launch_chromium()
    yield browser
    browser.close()


@contextmanager
def opened(browser: Browser, host: Host, path: str = "status", **context: Any) -> Iterator[Page]:
    """The page when the kernel has answered; whatever it complains of fails the test."""
    made = browser.new_context(viewport={"width": 1280, "height": 720}, **context)
    page, errors = made.new_page(), list[str]()
    page.on("console", lambda one: errors.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(
        f"http://localhost:{host.port}/{path}{'&' if '?' in path else '?'}token={TOKEN}", timeout=PATIENCE
    )
    page.wait_for_selector(".heaters-status[data-state=answered]", timeout=PATIENCE)
    yield page
    assert errors == []
    made.close()


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    ws = open_workspace(tmp_path_factory.mktemp("busy") / "ws", create=True, reviewer="ada")
    fill(ws, 500, clips=20, events=5000)
    return ws


@pytest.fixture(scope="module")
def host(busy: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with dashboard(busy.root, tmp_path_factory.mktemp("host"), "--token", TOKEN) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, host: Host) -> Iterator[Page]:
    with opened(chromium, host) as page:
        yield page


def panel(page: Page, name: str) -> str:
    return page.locator(f".hs-{name}").first.inner_text()


def rows(page: Page) -> int:
    return page.locator(".hs-source-table tbody tr").count()


def test_it_shows_everything_from_the_top_down_with_its_age(page: Page) -> None:
    headings = page.locator(".heaters-status h2:visible").all_inner_texts()
    order = [
        "Runs",
        "Failures",
        "Stuck work",
        "Disk",
        "Review",
        "Sources",
        "Who reviews",
        "Decisions",
        "Time and bytes",
    ]
    found = [next(name for name in order if name in one) for one in headings]
    assert found == order
    assert re.fullmatch(r"as of \d+ s ago", page.locator(".hs-age").inner_text())
    assert "one came every 6 h" in panel(page, "runs")
    assert "not a readable video" in panel(page, "failures")
    assert "99" in panel(page, "stuck")
    assert "clips an hour" in panel(page, "review")
    assert "500.1 to 500.10" in panel(page, "leases")
    assert rows(page) == 500
    verdict = page.locator(".hs-verdict").inner_text()
    assert "failed (3 causes)" in verdict
    assert "parked" in verdict


def test_search_finds_by_title_number_state_and_error(page: Page) -> None:
    search = page.locator(".hs-search")
    for words, count in (
        ("interview 499", 1),
        ("parked", 10),
        ("worker killed", 10),
        (LONG[:30].upper(), 6),
        ("nothing like it", 0),
    ):
        search.fill(words)
        assert rows(page) == count, words
    assert "0 of 500 sources" in page.locator(".hs-find").inner_text()
    search.press("Escape")
    assert rows(page) == 500


def test_columns_sort_and_say_so(page: Page) -> None:
    first = page.locator(".hs-source-table tbody tr").first
    assert first.inner_text().startswith("500")
    head = page.locator(".hs-col-id")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert first.inner_text().startswith("1\t")
    head.locator("button").click()


def test_a_source_leads_to_its_review_and_the_page_to_the_review_page(page: Page, host: Host) -> None:
    base = f"http://localhost:{host.port}/"
    links = page.locator(".hs-source-table a").evaluate_all("all => all.map(one => one.href)")
    assert f"{base}?source=500" in links
    assert f"{base}?source=7" not in links  # parked: there is nothing to review
    assert page.locator(".hs-review-link").get_attribute("href") == base


def test_retry_and_park_really_do_it(page: Page, busy: Workspace) -> None:
    cause = page.locator(".hs-causes li").filter(has_text="the scores end")
    cause.get_by_role("button", name="Park").click()
    page.locator(".hs-toast").filter(has_text="5 sources parked").wait_for()
    assert busy.source(21)["ingest_state"] == "parked"
    cause.get_by_role("button", name="Retry").click()
    page.locator(".hs-toast").filter(has_text="5 sources will be tried again").wait_for()
    assert busy.source(21)["ingest_state"] == "prepared"
    cause.wait_for(state="detached")


@pytest.mark.long
def test_what_happens_elsewhere_comes_by_itself(page: Page, busy: Workspace) -> None:
    busy.park(250, "the owner of the rights said no")
    page.locator(".hs-causes li").filter(has_text="the rights said no").wait_for(timeout=20_000)


def test_by_keyboard_alone(page: Page) -> None:
    page.locator(".hs-chip").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('.hs-panel')")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('.hs-search')")
    names = page.evaluate(
        "[...document.querySelectorAll('.heaters-status button, .heaters-status input, .heaters-status a')]"
        ".filter(one => !(one.ariaLabel || one.textContent.trim() || one.title)).length"
    )
    assert names == 0


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844), (3840, 2160)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_size(page: Page, width: int, height: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = page.evaluate(
        "[...document.querySelectorAll('.hs-panel')].every(one => one.scrollWidth <= one.clientWidth + 1)"
    )
    assert inside
    page.set_viewport_size({"width": 1280, "height": 720})


def test_without_a_token_nobody_sees_it(host: Host) -> None:
    assert host.ask("status", token=None).status in {302, 403}
    assert host.ask("status/other").status == 404


def test_an_empty_workspace_says_what_to_do(empty: Workspace, tmp_path: Path, chromium: Browser) -> None:
    with dashboard(empty.root, tmp_path, "--token", TOKEN) as running, opened(chromium, running) as page:
        said = page.locator(".heaters-status").inner_text()
        assert "No sources yet" in said
        assert f"heaters ingest --workspace {empty.root}" in said
        assert page.locator(".hs-grid").is_hidden()


@pytest.mark.long
def test_a_kernel_that_is_gone_and_a_server_that_is_gone_are_told_apart(
    ws: Workspace, tmp_path: Path, chromium: Browser
) -> None:
    with dashboard(ws.root, tmp_path, "--token", TOKEN) as running:
        context = chromium.new_context(color_scheme="dark")
        page = context.new_page()
        page.goto(f"http://localhost:{running.port}/status?token={TOKEN}", timeout=PATIENCE)
        page.wait_for_selector(".heaters-status[data-state=answered]", timeout=PATIENCE)
        (kernel,) = running.kernels
        kernel.suspend()
        page.get_by_role("button", name="Refresh").click()
        page.get_by_role("alert").filter(has_text="does not answer").wait_for(timeout=PATIENCE)
        kernel.resume()
        page.wait_for_selector(".heaters-status[data-state=answered]", timeout=PATIENCE)
        assert page.get_by_role("alert").is_hidden()
        running.process.terminate()
        page.get_by_role("button", name="Refresh").click()
        page.get_by_role("alert").filter(has_text="The server is gone").wait_for(timeout=PATIENCE)
        assert "Traceback" not in page.inner_text("body")
        context.close()
        assert wait_until(lambda: running.process.poll() is not None)
