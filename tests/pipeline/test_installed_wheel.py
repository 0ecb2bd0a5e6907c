"""A wheel in an environment of its own, with nothing of this checkout: the demo, a batch, each notebook, both dashboards."""

from __future__ import annotations

import os
import re
import subprocess
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from doors import FOLDER
from test_installed import built_wheel
from test_notebooks_in_lab import ERRORS, NOTEBOOKS, READY, RUN_ALL

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

OURS = ("PYTHON", "VIRTUAL", "HEATERS", "JUPYTER", "IPYTHON")
LAB = (
    "lab", "--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=t", "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)  # fmt: skip


class Installed:
    """The programs of an environment, and the folder in which they are called."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        path = os.pathsep.join((str(programs), "/usr/bin", "/bin"))
        self.environ = {**kept, "HOME": str(folder), "PATH": path, "HEATERS_WORKSPACE": str(folder / "demo")}

    def __call__(self, program: str, *words: object) -> str:
        """What a program prints, which must end well."""
        done = subprocess.run(
            [self.programs / program, *map(str, words)],
            cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def serving(self, program: str, *words: str) -> Iterator[str]:
        """The address that a server tells, which is ended by SIGTERM."""
        log = self.folder / f"{program}.log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [self.programs / program, *words],
                cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            while not (found := re.search(r"http://localhost:\d+/", log.read_text())):
                assert process.poll() is None, log.read_text()
                time.sleep(0.1)
            yield found[0]
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    wheel = built_wheel(folder)
    venv.create(folder / "venv", with_pip=True)
    made = Installed(folder / "venv" / "bin", folder)
    made("python", "-m", "pip", "install", "--quiet", wheel)
    made("heaters", "demo", "--no-serve")
    made("heaters", "notebooks")
    return made


@pytest.fixture(scope="module")
def laboratory(installed: Installed) -> Iterator[str]:
    with installed.serving("jupyter", *LAB, "notebooks") as address:
        yield address


@pytest.fixture
def page(launch_chromium: Callable[[], Browser]) -> Iterator[Page]:
    browser = launch_chromium()
    yield browser.new_page(viewport={"width": 1280, "height": 6000})
    browser.close()


def test_it_is_the_wheel_that_runs_and_all_comes_with_it(installed: Installed) -> None:
    package = Path(installed("python", "-c", "import heaters; print(heaters.__file__)").strip()).parent
    assert package.is_relative_to(installed.folder / "venv")
    assert list((installed.folder / "demo" / "final_clips").glob("*.mp4"))
    names = [file.name for file in sorted(FOLDER.glob("*.ipynb"))]
    assert [file.name for file in sorted((installed.folder / "notebooks").iterdir())] == names
    assert re.search(r"heaters\S* .*enabled", installed("jupyter", "server", "extension", "list"))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_opens_in_its_jupyterlab_and_runs_to_the_end(
    name: str, laboratory: str, page: Page
) -> None:
    page.goto(f"{laboratory}doc/tree/{name}.ipynb?token=t")
    page.wait_for_function(READY, timeout=120_000)
    assert page.evaluate(RUN_ALL) is True
    assert page.locator(ERRORS).all_text_contents() == []
    assert page.locator(".jp-OutputArea-output").count() > 3
    if name == NOTEBOOKS[0]:
        page.locator(".heaters-board .hb-ref", has_text=".").wait_for(timeout=60_000)


def test_it_runs_a_batch(installed: Installed) -> None:
    assert "0 failed" in installed("heaters", "batch")


def test_it_serves_its_dashboards(installed: Installed, page: Page) -> None:
    with installed.serving("heaters", "dashboard", "--port", "0", "--no-browser") as address:
        page.goto(f"{address}?clip=1.1", timeout=120_000)
        page.locator(".heaters-board .hb-ref", has_text="1.1").wait_for(timeout=120_000)
        page.goto(f"{address}status", timeout=120_000)
        page.locator("text=sample_show").first.wait_for(timeout=120_000)
        assert "Traceback" not in page.inner_text("body")
