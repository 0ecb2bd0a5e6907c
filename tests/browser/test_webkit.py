"""WebKitGTK shows the same frames as Chromium, on both players. Driven by Debian's WebKitWebDriver."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from touring import NAMES, Seen, act, hold, whole_tour

if TYPE_CHECKING:
    from hosts import Host
    from selenium.webdriver.remote.webdriver import WebDriver

ASYNC = "const done = arguments[0]; Promise.resolve(%s).then((value) => done({value}), (error) => done({error: String(error)}))"


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """A screen that nobody sees: WebKit's browser opens a window."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no X server without a screen here: apt install xvfb")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    assert number, "Xvfb ended at once"
    yield f":{number}"
    process.terminate()
    process.wait(10)


@pytest.fixture
def webkit(screen: str, tmp_path: Path) -> Iterator[WebDriver]:
    """A window of WebKitGTK's own small browser."""
    program = shutil.which("WebKitWebDriver")
    browsers = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    if program is None or not browsers:
        pytest.skip("no WebKitGTK here: apt install webkit2gtk-driver")
    from selenium import webdriver  # noqa: PLC0415 - most runs need no browser

    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(browsers[-1])
    options.add_argument("--automation")
    environ = {**os.environ, "DISPLAY": screen, "HOME": str(tmp_path)}
    with (tmp_path / "driver.txt").open("w") as log:
        service = webdriver.WebKitGTKService(program, log_output=log, env=environ)
        driver = webdriver.WebKitGTK(options=options, service=service)
        driver.set_script_timeout(120)
        yield driver
        driver.quit()


def run(driver: WebDriver, steps: dict[str, dict[str, str]]) -> list[Any]:
    from selenium.webdriver import ActionChains  # noqa: PLC0415

    results = []
    for name, step in steps.items():
        answer = {"value": None}
        if "press" in step:
            ActionChains(driver).send_keys(step["press"]).perform()
        else:
            answer = driver.execute_async_script(ASYNC % step["run"])
        assert "error" not in answer, (name, answer)
        results.append(answer.get("value"))
    return results


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:setting remote_server_addr")  # selenium 4.51 warns of what it does itself
def test_every_frame_in_webkit(player_host: tuple[str, Host], webkit: WebDriver) -> None:
    kind, host = player_host
    webkit.get(host.url)
    [plays, _] = run(webkit, {"plays": act("playsFilms"), "listen": act("listen")})
    if not plays:
        pytest.skip(
            "this WebKitGTK decodes no H.264: apt install gstreamer1.0-libav gstreamer1.0-plugins-bad"
        )
    steps = whole_tour()
    seen = run(webkit, steps)
    [errors] = run(webkit, {"errors": act("errors")})
    hold(Seen(webkit.capabilities["browserVersion"], seen, errors), steps, NAMES[kind])
