from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

import pytest

import heaters

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "heaters").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "handler", "common", "misc"}
HEAVY = ("av", "duckdb", "cv2", "boto3", "yt_dlp", "scenedetect", "pandas", "pyarrow")
EXPORTED = [
    "HeatersError", "ReviewBoard", "ReviewPlayer", "Workspace", "in_background", "open_workspace", "sample",
]  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@dataclass(frozen=True)
class Definition:
    where: str
    node: Function
    lines: int


def trees() -> Iterator[tuple[str, ast.Module, list[str]]]:
    for file in MODULES:
        text = file.read_text("utf-8")
        yield file.relative_to(ROOT).as_posix(), ast.parse(text), text.splitlines()


def counted_lines(node: ast.Module | Function, source: list[str]) -> int:
    """Lines of code, as the house numbers count them: no docstrings, blank lines and signatures."""
    first = 1 if isinstance(node, ast.Module) else node.lineno
    last = len(source) if isinstance(node, ast.Module) else node.end_lineno or node.lineno
    left_out = {number for number in range(first, last + 1) if not source[number - 1].strip()}
    for one in ast.walk(node):
        if (
            isinstance(one, ast.Expr)
            and isinstance(one.value, ast.Constant)
            and isinstance(one.value.value, str)
        ):
            left_out.update(range(one.lineno, (one.end_lineno or one.lineno) + 1))
        elif isinstance(one, Function) and one.body[0].lineno > one.lineno:
            left_out.update(range(one.lineno, one.body[0].lineno))
    return last - first + 1 - len(left_out)


def definitions() -> list[Definition]:
    return [
        Definition(f"{name}:{node.lineno} {node.name}", node, counted_lines(node, source))
        for name, tree, source in trees()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    ]


def test_modules_are_short() -> None:
    lines = {name: counted_lines(tree, source) for name, tree, source in trees()}
    assert {name: count for name, count in lines.items() if count > 400} == {}
    assert median(lines.values()) <= 150


def test_functions_are_short() -> None:
    lines = {one.where: one.lines for one in definitions()}
    assert {where: count for where, count in lines.items() if count > 60} == {}
    assert median(lines.values()) <= 12
    assert quantiles(lines.values(), n=10)[-1] <= 35


def test_every_function_is_annotated() -> None:
    bare = []
    for one in definitions():
        arguments = one.node.args
        names = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]
        unannotated = [
            name.arg for name in names if name and name.annotation is None and name.arg not in ("self", "cls")
        ]
        if unannotated or one.node.returns is None:
            bare.append((one.where, unannotated))
    assert bare == []


def test_every_public_name_is_documented() -> None:
    missing = []
    for name, tree, _ in trees():
        if is_public_module(name):
            missing += [
                f"{name}:{getattr(node, 'lineno', 1)}" for node in public(tree) if not ast.get_docstring(node)
            ]
    assert missing == []


def is_public_module(name: str) -> bool:
    return not any(
        part.startswith("_") and part not in ("__init__.py", "__main__.py") for part in name.split("/")
    )


def public(node: Documented) -> Iterator[Documented]:
    """The module, its public classes and functions, and the public methods of those classes."""
    yield node
    if isinstance(node, Function):
        return
    for one in node.body:
        if isinstance(one, ast.ClassDef | Function) and not one.name.startswith("_"):
            yield from public(one)


def test_names_say_what_a_thing_is() -> None:
    paths = chain.from_iterable(Path(name).with_suffix("").parts for name, _, _ in trees())
    words = {word for part in paths for word in part.split("_")}
    assert words & FORBIDDEN_NAMES == set()
    classes = {
        node.name for _, tree, _ in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    assert {name for name in classes if re.search(r"(Manager|Helper|Handler|Util|Utils)$", name)} == set()


def test_the_package_exports_these_names_and_no_other() -> None:
    assert sorted(heaters.__all__) == list(heaters.__all__) == EXPORTED
    assert len(heaters.__all__) <= 15
    for name in EXPORTED:
        assert getattr(heaters, name).__module__.startswith("heaters.")
    ours = {
        name
        for name in dir(heaters)
        if getattr(getattr(heaters, name), "__module__", "").startswith("heaters")
    }
    assert {name for name in ours if not name.startswith("_")} == set(EXPORTED)


def test_importing_heaters_loads_nothing_heavy() -> None:
    code = f"import heaters, sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


def test_the_layers_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run(
        [str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is not a git checkout, so what is tracked can not be told")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_place_on_somebodys_machine_or_a_package_registry() -> None:
    # The words are parted, or this file would find itself.
    places = ("/wor" + "k/", "/roo" + "t/", "/hom" + "e/[a-z]", "/User" + "s/[A-Za-z]", "/tm" + "p/[a-z]")
    registries = (
        "pyp" + r"i\.org",
        "pythonhoste" + r"d\.org",
        r"registry\.npmj" + "s",
        "index-ur" + "l",
        "artifactor" + "y",
    )
    forbidden = re.compile("|".join([rf"(?<![\w.~}}/-])(?:{'|'.join(places)})", *registries]))
    found = []
    for file in tracked_files():
        try:
            lines = file.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture
        found += [
            f"{file.relative_to(ROOT)}:{number}"
            for number, line in enumerate(lines, 1)
            if forbidden.search(line)
        ]
    assert found == []


def test_no_tracked_file_is_a_leftover() -> None:
    leftovers = re.compile(r"(\.part|\.orig|\.rej|\.pyc|~|\.duckdb|\.mkv|\.log)$")
    assert [file.name for file in tracked_files() if leftovers.search(file.name)] == []


def test_the_wheel_carries_every_package_the_notebooks_and_the_dashboards() -> None:
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    )
    there = {
        ".".join(file.parent.relative_to(ROOT).parts) for file in (ROOT / "heaters").rglob("__init__.py")
    }
    assert listed == there | {"heaters._dashboards", "heaters._notebooks"}
