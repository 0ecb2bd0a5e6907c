from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACED = "etc/jupyter/jupyter_server_config.d/heaters.json"


def built_wheel(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "setuptools" in done.stderr and "No matching distribution" in done.stderr:
        pytest.skip("no package index can be reached, so no wheel can be built")
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("heaters-*.whl")
    return wheel


def test_this_installation_lets_jupyter_server_load_the_extension() -> None:
    assert json.loads((Path(sys.prefix) / PLACED).read_text("utf-8")) == {
        "ServerApp": {"jpserver_extensions": {"heaters.server": True}}
    }


def test_the_extension_is_found_by_its_package_without_loading_a_server() -> None:
    code = "import heaters.server as s, sys; print(s._jupyter_server_extension_points(), 'tornado' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[{'module': 'heaters.server.extension'}] False\n"


def test_the_review_page_is_short() -> None:
    cells = json.loads((ROOT / "dashboards" / "review.ipynb").read_text("utf-8"))["cells"]
    lines = [
        line for cell in cells for line in cell["source"] if cell["cell_type"] == "code" and line.strip()
    ]
    assert len(lines) <= 10
    assert all(cell.get("outputs", []) == [] for cell in cells)


@pytest.mark.long
def test_a_wheel_in_an_empty_environment_brings_the_extension_and_the_page(tmp_path: Path) -> None:
    wheel = built_wheel(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"heaters-{version}.data/data/{PLACED}" in names
    assert "heaters/_dashboards/review.ipynb" in names
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", wheel], check=True)
    assert (tmp_path / "venv" / PLACED).is_file()
    # what heaters needs is lent by the environment of the tests
    lent = {**os.environ, "PYTHONPATH": next(one for one in sys.path if one.endswith("site-packages"))}
    code = "from heaters.cli.dashboard import page; import heaters; print(page(), heaters.__file__)"
    said = subprocess.run(
        [python, "-c", code], env=lent, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    found, package = said.stdout.split()
    assert Path(found).is_file()
    assert found.startswith(str(Path(package).parent))
