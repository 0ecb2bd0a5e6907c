from __future__ import annotations

from pathlib import Path

import pytest
from driving import Heaters

FINDERS = ["run", "status", "sources", "clips", "janitor", "cost", "undo", "redo", "export", "verify"]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with no workspace in it or above."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_init_makes_a_workspace_and_says_what_comes_next(nowhere: Path) -> None:
    answer = Heaters()("init", "shows")
    assert answer.out.splitlines() == [
        f"workspace {nowhere / 'shows'}", "", f"next: heaters ingest --workspace {nowhere / 'shows'} VIDEO...",
    ]  # fmt: skip
    assert Heaters(nowhere / "shows").json("status")[0]["sources"] == {}


def test_init_again_leaves_the_workspace_as_it_is(fresh: Heaters) -> None:
    assert fresh.workspace is not None
    settings = fresh.workspace / "heaters.toml"
    settings.write_text('preset = "ffv1"\n', "utf-8")
    assert Heaters().json("init", fresh.workspace) == {"workspace": str(fresh.workspace)}
    assert settings.read_text("utf-8") == 'preset = "ffv1"\n'


def test_init_without_a_folder_makes_the_current_one_a_workspace(nowhere: Path) -> None:
    assert Heaters().json("init") == {"workspace": str(nowhere)}
    assert Heaters()("run").out.startswith("nothing to do")


@pytest.mark.parametrize("verb", FINDERS)
def test_no_verb_makes_a_workspace_silently(nowhere: Path, verb: str) -> None:
    said = Heaters().refused(verb, status=2, kind="WorkspaceNotFound")
    assert str(nowhere) in said
    assert "heaters init" in said
    assert list(nowhere.iterdir()) == []


@pytest.mark.parametrize(
    "words", [("ingest", "a.mp4"), ("decide", "approve", 1), ("show", 1), ("catalog", "check")]
)
def test_nor_does_a_verb_with_arguments(nowhere: Path, words: tuple[object, ...]) -> None:
    Heaters().refused(*words, status=2, kind="WorkspaceNotFound")
    assert list(nowhere.iterdir()) == []


def test_a_named_folder_that_is_no_workspace_is_refused_by_its_name(nowhere: Path) -> None:
    for folder in (nowhere, nowhere / "missing"):
        said = Heaters(folder).refused("run", status=2, kind="WorkspaceNotFound")
        assert said == f"{folder} is not a workspace: make one with `heaters init {folder}`"
    assert list(nowhere.iterdir()) == []


def test_the_workspace_is_the_nearest_parent_that_is_one(
    fresh: Heaters, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fresh.workspace is not None
    deep = fresh.workspace / "final_clips" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert Heaters().json("status")[0]["workspace"] == str(fresh.workspace)


def test_the_option_goes_before_the_variable_and_the_variable_before_the_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("parent", "variable", "option"):
        Heaters()("init", tmp_path / name)
    monkeypatch.chdir(tmp_path / "parent")
    assert Heaters().json("status")[0]["workspace"] == str(tmp_path / "parent")
    monkeypatch.setenv("HEATERS_WORKSPACE", str(tmp_path / "variable"))
    assert Heaters().json("status")[0]["workspace"] == str(tmp_path / "variable")
    assert Heaters(tmp_path / "option").json("status")[0]["workspace"] == str(tmp_path / "option")


def test_a_relative_workspace_is_one_from_where_the_user_stands(
    fresh: Heaters, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fresh.workspace is not None
    monkeypatch.chdir(fresh.workspace.parent)
    assert Heaters(Path("fresh")).json("status")[0]["workspace"] == str(fresh.workspace)


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    said = Heaters().refused("init", tmp_path / "file" / "ws", status=3, kind="StoreUnavailable")
    assert str(tmp_path / "file" / "ws") in said


def test_config_tells_the_defaults_outside_of_a_workspace_and_the_origins_inside(
    nowhere: Path, fresh: Heaters, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {row["name"]: row for row in Heaters().json("config")}
    assert {row["origin"] for row in rows.values()} == {"default"}
    assert rows["preset"]["value"] == "h264"
    assert fresh.workspace is not None
    settings = fresh.workspace / "heaters.toml"
    settings.write_text('preset = "ffv1"\nproxy_crf = 30\n', "utf-8")
    monkeypatch.setenv("HEATERS_PROXY_CRF", "28")
    rows = {row["name"]: row for row in fresh.json("config")}
    assert (rows["preset"]["value"], rows["preset"]["origin"]) == ("ffv1", str(settings))
    assert (rows["proxy_crf"]["value"], rows["proxy_crf"]["origin"]) == (
        28,
        "environment (HEATERS_PROXY_CRF)",
    )
    assert set(rows["preset"]) == {"name", "value", "origin", "variable", "about"}


def test_doctor_says_what_it_found(fresh: Heaters) -> None:
    rows = {row["check"]: row for row in fresh.json("doctor")}
    assert all(row["ok"] for row in rows.values()), rows
    assert str(fresh.workspace) in rows["workspace"]["found"]


def test_the_doctor_looks_at_the_machine_where_no_workspace_is_named(nowhere: Path) -> None:
    said = Heaters()("doctor").out
    assert "none here; `heaters init DIR` makes one" in said
    assert said.endswith("next: heaters init DIR\n")
    assert "is not a workspace" in Heaters(nowhere)("doctor", status=1).out


def test_the_notebooks_are_copied_and_what_somebody_wrote_there_stays(nowhere: Path) -> None:
    said = Heaters()("notebooks").out.splitlines()
    copied = sorted((nowhere / "notebooks").iterdir())
    assert said == [*(f"notebooks/{file.name}" for file in copied), "", "next: jupyter lab notebooks"]
    assert "pipeline.ipynb" in {file.name for file in copied}
    copied[0].write_text("mine", "utf-8")
    assert "was there already, and stays as it is" in Heaters()("notebooks").out
    assert copied[0].read_text("utf-8") == "mine"
    assert "name another folder" in Heaters()("notebooks", copied[0], status=3).err
