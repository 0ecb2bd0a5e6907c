from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heaters.server.registry import place_of, register, root_of, workspace_uuid


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    return tmp_path / "runtime" / "heaters"


def registered_by_another(root: Path, *, dead: bool) -> tuple[str, subprocess.Popen[str]]:
    code = (
        "from pathlib import Path; from heaters.server.registry import register; "
        f"print(register(Path({str(root)!r})), flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    name = other.stdout.readline().strip()
    if dead:
        other.communicate("\n")
    return name, other


def test_a_registered_workspace_is_found_under_the_same_name_every_time(
    tmp_path: Path, runtime: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    name = register(tmp_path)
    assert root_of(name) == tmp_path.resolve()
    assert register(tmp_path / "link") == name == workspace_uuid(tmp_path)
    assert len(list(runtime.iterdir())) == 1


def test_two_workspaces_have_two_names(tmp_path: Path) -> None:
    assert register(tmp_path / "a") != register(tmp_path / "b")


def test_nobody_else_can_read_the_file_and_nothing_is_written_into_the_workspace(
    tmp_path: Path, runtime: Path
) -> None:
    workspace = tmp_path / "ws"
    workspace.mkdir()
    register(workspace)
    (file,) = runtime.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == {"root": str(workspace.resolve()), "pid": os.getpid()}
    assert list(workspace.iterdir()) == []


def test_an_unknown_name_is_nowhere(tmp_path: Path) -> None:
    assert root_of(workspace_uuid(tmp_path)) is None
    register(tmp_path)
    assert root_of("../../etc") is None
    assert root_of(workspace_uuid(tmp_path / "other")) is None


def test_several_processes_register_one_workspace_and_it_stays_until_the_last_has_ended(
    tmp_path: Path, runtime: Path
) -> None:
    name, first = registered_by_another(tmp_path, dead=False)
    _, second = registered_by_another(tmp_path, dead=False)
    assert len(list(runtime.iterdir())) == 2
    first.communicate("\n")
    assert root_of(name) == tmp_path.resolve()
    second.communicate("\n")
    assert root_of(name) is None
    assert list(runtime.iterdir()) == []


def test_where_sources_lie_elsewhere_is_told_and_stays_told(tmp_path: Path, runtime: Path) -> None:
    address = "s3://bucket/prefix?endpoint=http://127.0.0.1:8333"
    name = register(tmp_path, {3: address, 4: None})
    assert (place_of(name, 3), place_of(name, 4), place_of(name, 5)) == (address, None, None)
    register(tmp_path)
    register(tmp_path, {5: "/mnt/other"})
    assert (place_of(name, 3), place_of(name, 5)) == (address, "/mnt/other")
    register(tmp_path, {3: None})
    assert place_of(name, 3) is None
    (file,) = runtime.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_was_said_last_of_a_source_counts(tmp_path: Path, runtime: Path) -> None:
    name, other = registered_by_another(tmp_path, dead=False)
    (before,) = runtime.iterdir()
    content = json.loads(before.read_text()) | {"places": {"3": "s3://old"}}
    before.write_text(json.dumps(content))
    assert place_of(name, 3) == "s3://old"
    register(tmp_path, {3: "s3://new"})
    os.utime(before, ns=(0, 0))
    assert place_of(name, 3) == "s3://new"
    register(tmp_path, {3: None})
    assert place_of(name, 3) is None
    other.communicate("\n")


def test_registering_removes_what_dead_processes_left(tmp_path: Path, runtime: Path) -> None:
    registered_by_another(tmp_path / "old", dead=True)
    assert len(list(runtime.iterdir())) == 1
    name = register(tmp_path)
    assert [file.name for file in runtime.iterdir()] == [f"{name}-{os.getpid()}.json"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"root": 3}',
        '{"root": "relative"}',
        '{"root": "/"}',
        '{"root": "/", "places": 3}',
        "\xff",
    ],
)
def test_a_file_that_is_not_ours_leads_nowhere(tmp_path: Path, runtime: Path, content: str) -> None:
    name = register(tmp_path)
    (runtime / f"{name}-{os.getpid()}.json").write_text(content, "latin-1")
    assert root_of(name) is None


def test_kernels_register_without_loading_a_server(tmp_path: Path) -> None:
    code = "import heaters.server.registry, sys; print([n for n in ('tornado', 'jupyter_server', 'duckdb') if n in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
