from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from heaters.config import SETTINGS_FILE, Settings, find_workspace, variable_of
from heaters.errors import SettingsError, WorkspaceNotFound


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / SETTINGS_FILE).write_text("", "utf-8")
    return tmp_path


def write(workspace: Path, text: str) -> Path:
    (workspace / SETTINGS_FILE).write_text(text, "utf-8")
    return workspace


def test_without_any_words_the_defaults_hold() -> None:
    settings = Settings.load(environ={})
    assert (settings.app_env, settings.master_mode, settings.preset, settings.verify) == (
        "development",
        "ffv1",
        "h264",
        True,
    )
    assert settings.reviewer


def test_whoever_came_through_jupyterhub_decides_by_that_name(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert Settings.load(workspace, {}).reviewer == "ada"


def test_argument_beats_environment_beats_file_beats_default(workspace: Path) -> None:
    write(workspace, 'master_mode = "source"\nworkers = 2\nproxy_crf = 30\n')
    environ = {"HEATERS_WORKERS": "3", "HEATERS_PROXY_CRF": "31"}
    settings = Settings.load(workspace, environ, proxy_crf=32, reviewer=None)
    assert (settings.master_mode, settings.workers, settings.proxy_crf, settings.proxy_height) == (
        "source",
        3,
        32,
        720,
    )


def test_each_value_is_shown_with_its_origin(workspace: Path) -> None:
    write(workspace, 'master_mode = "source"\n')
    rows = {
        row["name"]: row
        for row in Settings.describe(workspace, {"HEATERS_VERIFY": "off", "APP_ENV": "production"})
    }
    assert (rows["verify"]["value"], rows["verify"]["origin"]) == (False, "environment (HEATERS_VERIFY)")
    assert (rows["app_env"]["value"], rows["app_env"]["origin"]) == ("production", "environment (APP_ENV)")
    assert (rows["master_mode"]["value"], rows["master_mode"]["origin"]) == (
        "source",
        str(workspace / SETTINGS_FILE),
    )
    assert rows["workers"]["origin"] == "default"
    assert list(rows) == [one.name for one in fields(Settings)]
    assert all(row["about"].endswith(".") for row in rows.values())


def test_every_setting_of_ours_has_a_variable_with_our_prefix() -> None:
    variables = [variable_of(one.name) for one in fields(Settings)]
    assert len(set(variables)) == len(variables)
    assert [variable for variable in variables if not variable.startswith("HEATERS_")] == [
        "APP_ENV",
        "WEBCODECS_ENABLED",
        "S3_BUCKET_NAME",
        "S3_DEV_BUCKET_NAME",
        "S3_PROD_BUCKET_NAME",
        "GOLD_MASTER_STORAGE_CLASS",
        "PROXY_STORAGE_CLASS",
        "PROXY_CDN_DOMAIN",
        "CLOUDFRONT_DEV_DOMAIN",
        "CLOUDFRONT_PROD_DOMAIN",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'master_mod = "source"',
            "unknown setting 'master_mod' in .*heaters.toml; did you mean master_mode?",
        ),
        ("zzzzqqq = 1", "unknown setting 'zzzzqqq' in .*`heaters config` lists them all"),
        ("[proxy]\nheight = 3", "unknown setting 'proxy'"),
    ],
)
def test_an_unknown_name_in_the_file_is_refused_with_the_nearest_one(
    workspace: Path, text: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.load(write(workspace, text), {})


def test_an_unknown_variable_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(
        SettingsError,
        match=r"unknown setting HEATERS_WORKER in the environment; did you mean HEATERS_WORKERS\?",
    ):
        Settings.load(environ={"HEATERS_WORKER": "2"})


def test_variables_of_other_programs_are_left_alone() -> None:
    Settings.load(
        environ={"HEATER": "on", "WORKERS": "many", "PATH": "/bin", "HEATERS_WORKSPACE": "/nowhere"}
    )


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"unknown setting 'proxy_higth' in argument; did you mean proxy_height\?"
    ):
        Settings.load(environ={}, proxy_higth=3)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("APP_ENV", "prod", "app_env in environment is 'prod'; it takes one of development, production"),
        ("HEATERS_MASTER_MODE", "h264", "takes one of ffv1, source"),
        ("HEATERS_WORKERS", "0", "takes a whole number from 1 to 64"),
        ("HEATERS_WORKERS", "two", "takes a number"),
        ("HEATERS_PROXY_CRF", "52", "takes a whole number from 0 to 51"),
        ("HEATERS_VERIFY", "maybe", "takes on or off"),
        ("HEATERS_FREE_SPACE_SHARE", "80", "takes a number above 0, at most 1"),
        ("HEATERS_FREE_SPACE_SHARE", "nan", "takes a number above 0, at most 1"),
        ("HEATERS_LOCK_SECONDS", "-1", "takes a number above 0"),
        ("HEATERS_LOCK_SECONDS", "soon", "takes a number"),
        ("HEATERS_REVIEWER", "  ", "takes a name of 1 to 100 printable characters"),
        ("HEATERS_REVIEWER", "a\nb", "takes a name"),
    ],
)
def test_a_wrong_value_is_refused_with_what_the_setting_takes(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.load(environ={name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workers", "1.5"),
        ("workers", "true"),
        ("verify", "3"),
        ("master_mode", "['ffv1']"),
        ("reviewer", "''"),
    ],
)
def test_a_wrong_type_in_the_file_is_refused(workspace: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"setting {name} in .*heaters.toml is"):
        Settings.load(write(workspace, f"{name} = {value}"), {})


@pytest.mark.parametrize(("word", "value"), [("on", True), ("FALSE", False), ("1", True), ("no", False)])
def test_a_switch_takes_the_usual_words(word: str, value: Any) -> None:
    assert Settings.load(environ={"HEATERS_VERIFY": word}).verify is value


def test_a_file_that_is_not_toml_is_named(workspace: Path) -> None:
    with pytest.raises(SettingsError, match=r"heaters\.toml is not valid TOML"):
        Settings.load(write(workspace, "workers = = 2"), {})


def test_a_file_in_another_encoding_is_named(workspace: Path) -> None:
    (workspace / SETTINGS_FILE).write_bytes(b'reviewer = "J\xf6rg"')
    with pytest.raises(SettingsError, match=r"heaters\.toml is not valid TOML"):
        Settings.load(workspace, {})


class TestFindingTheWorkspace:
    def test_the_nearest_parent_that_is_one(self, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        inner = workspace / "a" / "b"
        inner.mkdir(parents=True)
        monkeypatch.chdir(inner)
        assert find_workspace(environ={}) == workspace

    def test_the_variable_beats_the_parents_and_the_argument_beats_both(
        self, workspace: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        named, given = (write(tmp_path_factory.mktemp(name), "") for name in ("named", "given"))
        monkeypatch.chdir(workspace)
        environ = {"HEATERS_WORKSPACE": str(named)}
        assert find_workspace(environ=environ) == named
        assert find_workspace(given, environ) == given

    def test_a_folder_that_is_none_is_named_with_the_way_to_make_it_one(self, tmp_path: Path) -> None:
        with pytest.raises(
            WorkspaceNotFound, match=r"nothing is not a workspace: make one with `heaters init .*nothing`"
        ):
            find_workspace(tmp_path / "nothing", {})
        assert not (tmp_path / "nothing").exists()

    def test_nowhere_names_all_ways_out(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(WorkspaceNotFound, match=r"--workspace or HEATERS_WORKSPACE.*heaters init"):
            find_workspace(environ={})
