from __future__ import annotations

import getpass
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

import click
import pytest
import typer

import heaters
from heaters import errors
from heaters.cli.app import application
from heaters.config import Settings, variable_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def table_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("\\|", "|") for cell in line.strip("|").split(" | ")] for line in lines]


def documented_default(one: Field[Any]) -> str:
    if one.default is MISSING:
        return "the login name"
    if isinstance(one.default, bool):
        return "`on`" if one.default else "`off`"
    return f"`{one.default}`"


def test_the_settings_page_has_a_row_for_each_setting_and_no_other() -> None:
    expected = [
        [f"`{one.name}`", f"`{variable_of(one.name)}`", documented_default(one), one.metadata["about"]]
        for one in fields(Settings)
    ]
    found = [
        [name, variable, default, about.split(" Takes ")[0]]
        for name, variable, default, about in table_rows(page("docs/settings.md"))
    ]
    assert found == expected


def test_a_setting_takes_every_value_that_its_page_says_it_takes() -> None:
    parsers = {f"`{one.name}`": one.metadata["parse"] for one in fields(Settings)}
    for name, *_, about in table_rows(page("docs/settings.md")):
        for value in re.findall(r"`([^`]+)`", about.partition(" Takes ")[2]):
            parsers[name](value)
        with pytest.raises(ValueError, match=r"."):
            parsers[name]("\0")


def test_the_example_file_in_the_settings_page_is_read(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", page("docs/settings.md"), re.DOTALL)
    assert example is not None
    (tmp_path / "heaters.toml").write_text(example.group(1), "utf-8")
    settings = Settings.load(tmp_path, environ={})
    assert {name: getattr(settings, name) for name in tomllib.loads(example.group(1))} == tomllib.loads(
        example.group(1)
    )
    assert settings != Settings.load(environ={})


@pytest.mark.parametrize("one", fields(Settings), ids=lambda one: one.name)
def test_every_default_is_what_its_own_setting_takes_in_the_environment(one: Field[Any]) -> None:
    default = getpass.getuser() if one.default is MISSING else one.default
    text = ("on" if default else "off") if isinstance(default, bool) else str(default)
    assert getattr(Settings.load(environ={variable_of(one.name): text}), one.name) == default


def test_every_variable_named_in_the_settings_page_is_read() -> None:
    named = set(re.findall(r"HEATERS_[A-Z0-9_]+", page("docs/settings.md")))
    assert named == {
        variable_of(one.name) for one in fields(Settings) if variable_of(one.name).startswith("HEATERS_")
    } | {"HEATERS_WORKSPACE"}


def verbs(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    below = getattr(command, "commands", {})
    if path and not below:
        yield " ".join(path), command
    for name, one in below.items():
        yield from verbs(one, *path, name)


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^### `heaters ([^`]+)`$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def usage(name: str, command: click.Command) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    return " ".join([name, *(f"{one.metavar}" if one.required else f"[{one.metavar}]" for one in arguments)])


def test_the_command_page_has_a_section_for_each_verb_with_its_arguments() -> None:
    assert list(sections(page("docs/cli.md"))) == [
        usage(*verb) for verb in verbs(typer.main.get_command(application()))
    ]


def test_each_section_names_the_options_of_its_verb_and_no_other() -> None:
    everywhere = {"--workspace", "-w", "--json", "--help"}
    for name, command in verbs(typer.main.get_command(application())):
        text = sections(page("docs/cli.md"))[usage(name, command)]
        options = {word for one in command.params if one.param_type_name == "option" for word in one.opts}
        rows = "\n".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `-"))
        named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rows))
        assert {
            word for word in named if not word.startswith("--no-")
        } - everywhere == options - everywhere, name


def test_the_readme_lists_every_verb() -> None:
    readme = page("README.md")
    assert [
        name for name, _ in verbs(typer.main.get_command(application())) if f"`{name}" not in readme
    ] == []


def test_the_exit_statuses_of_all_errors_are_in_the_command_page_and_the_readme() -> None:
    statuses = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.HeatersError)
    }
    for name in ("docs/cli.md", "README.md"):
        assert statuses | {0} == {
            int(number) for number in re.findall(r"^\| (\d+) \|", page(name), re.MULTILINE)
        }


def test_conda_installs_exactly_what_pip_installs() -> None:
    lines = page("environment.yml").splitlines()
    pip_section = lines[lines.index("  - pip:") + 1 :]
    assert [line.strip().removeprefix("- ") for line in pip_section if line.strip()] == PROJECT[
        "dependencies"
    ]
    conda = [line.strip() for line in lines[lines.index("dependencies:") + 1 : lines.index("  - pip:")]]
    assert [re.split(r"[<>=]", line.removeprefix("- "))[0] for line in conda] == ["python", "pip"]


def test_make_without_a_target_lists_every_target() -> None:
    answer = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    assert re.findall(r"^  make ([a-z-]+)", answer.stdout, re.MULTILINE) == TARGETS
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    public = {"help", "demo", "review", "lab", "test", "test-all", "check", "widgets", "bench"}
    assert set(phony.group(1).split()) == set(TARGETS) == public


def test_the_readme_names_every_target_and_every_public_name() -> None:
    readme = page("README.md")
    for target in TARGETS:
        assert f"make {target}" in readme
    for name in heaters.__all__:
        assert name in readme


def test_the_ci_entry_runs_the_checks_and_the_command_that_the_readme_gives_for_tests() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = script.read_text("utf-8")
    assert re.search(r"^make check$", commands, re.MULTILINE)
    assert re.search(r"^make test\b", commands, re.MULTILINE)
    assert "\nmake test\n" in page("README.md") or "make test " in page("README.md")


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    newest = re.search(r"^## (\S+)", page("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == heaters.__version__ == PROJECT["version"]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_every_link_inside_the_repository_leads_somewhere(file: Path) -> None:
    text = re.sub(r"```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        linked = file if not path else (file.parent / path)
        assert linked.exists(), f"{file.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked.read_text("utf-8")), f"{file.name} links to {target}"


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_module_that_the_architecture_names_exists() -> None:
    named = re.findall(r"`(heaters/[\w/]+(?:\.py|/)?)`", page("docs/architecture.md"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_package_is_described_in_the_architecture() -> None:
    text = page("docs/architecture.md")
    packages = [folder.name for folder in (ROOT / "heaters").iterdir() if (folder / "__init__.py").is_file()]
    assert [name for name in packages if f"heaters/{name}/" not in text] == []
