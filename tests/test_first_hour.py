"""What the README tells newcomers to type is typed here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest
from driving import make_film
from web_server import serving

from heaters.media.sample import make_sample

README = (Path(__file__).resolve().parents[1] / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("sample") / "show.mp4", seconds=10).path


def block(heading: str, language: str) -> str:
    """All blocks of a section, one after the other."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    found = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found
    return "".join(found)


@pytest.mark.long
def test_the_commands_of_the_first_hour_work_one_after_the_other(show: Path, tmp_path: Path) -> None:
    (tmp_path / "Videos").mkdir()
    (tmp_path / "Videos" / "evening.mp4").symlink_to(show)
    programs = Path(sys.executable).parent
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    script = "set -e\n" + block("The first hour", "sh")
    answer = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert len(list((tmp_path / "shows" / "final_clips").glob("*.mp4"))) == 2
    assert "internal error" not in answer.stdout + answer.stderr


@pytest.mark.long
def test_the_commands_for_the_web_and_for_buckets_work(film: Path, bucket: str, tmp_path: Path) -> None:
    """They are typed as they stand, but for the name of the bucket and of the site."""
    site, home = tmp_path / "site", tmp_path / "shows"
    site.mkdir()
    home.mkdir()
    for name, seed in (("film", 5), ("other", 6)):
        make_film(site / f"{name}.mp4", seed=seed)
    videos = "<video src='film.mp4'></video><video src='other.mp4'></video>"
    (site / "films.html").write_text(f"<title>Films</title>{videos}", "utf-8")
    (home / "morning.mp4").symlink_to(film)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "S3_BUCKET_NAME"},
        "HEATERS_ALLOW_PRIVATE_ADDRESSES": "on", "GOLD_MASTER_STORAGE_CLASS": "STANDARD",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    with serving(site) as there:
        commands = block("From the web, and into a bucket", "sh")
        commands = commands.replace("https://example.org", there.address).replace("my-shows", bucket)
        answer = subprocess.run(
            ["bash", "-c", f"set -e\nheaters init\n{commands}"],
            cwd=home, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert [file for file in (home / "originals").rglob("*") if file.is_file()] == []


def test_the_python_example_runs_as_it_stands(show: Path, tmp_path: Path) -> None:
    (tmp_path / "show.mp4").symlink_to(show)
    code = block("The first hour", "python")
    code += "print(len(report.done), pictures.shape)"
    code = "if __name__ == '__main__':\n" + indent(code, "    ")
    (tmp_path / "example.py").write_text(code, "utf-8")
    answer = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split("\n")[-2] == "2 (23, 720, 1280, 3)"
