from __future__ import annotations

import inspect
import pickle
import re

import pytest

from heaters import errors
from heaters.errors import HeatersError

CLASSES = {
    name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HeatersError)
}
_BRANCH = re.compile(r"^ {4}(?P<bars>[│├└─ ]*)(?P<name>\w+)\s+(?P<words>\S.*)$")


def drawn() -> dict[str, tuple[str | None, str]]:
    """Class name → (parent, words) as the tree in the docstring of the module draws it."""
    tree: dict[str, tuple[str | None, str]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = _BRANCH.match(line)
        if match:
            depth = len(match["bars"]) // 4
            path = [*path[:depth], match["name"]]
            tree[match["name"]] = (path[-2] if depth else None, match["words"])
    return tree


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    parents = {
        name: kind.__bases__[0].__name__ if kind is not HeatersError else None
        for name, kind in CLASSES.items()
    }
    assert {name: parent for name, (parent, _) in drawn().items()} == parents


def test_the_exit_statuses_in_the_docstring_are_those_of_the_classes() -> None:
    for name, (parent, words) in drawn().items():
        match = re.match(r"exit (\d+)", words)
        expected = int(match[1]) if match else CLASSES[parent or "HeatersError"].exit_code
        assert CLASSES[name].exit_code == expected, name


def test_the_exit_statuses_are_those_of_the_command_line() -> None:
    assert {kind.exit_code for kind in CLASSES.values()} == {1, 2, 3, 75, 130}


@pytest.mark.parametrize("kind", CLASSES.values(), ids=str)
def test_an_error_crosses_processes_with_its_facts(kind: type[HeatersError]) -> None:
    error = kind("clip 1.2 is gone", clip_id=2, path="a.mp4")
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is kind
    assert (there.message, there.facts, there.exit_code) == (
        "clip 1.2 is gone",
        {"clip_id": 2, "path": "a.mp4"},
        kind.exit_code,
    )
    assert str(there) == "clip 1.2 is gone"


def test_an_error_as_json_names_its_kind() -> None:
    assert errors.NotAVideo("x.mp4 is no video").as_json() == {
        "type": "NotAVideo",
        "message": "x.mp4 is no video",
    }


def test_only_what_can_not_get_better_is_permanent() -> None:
    permanent = {name for name, kind in CLASSES.items() if getattr(kind, "permanent", False)}
    assert permanent == {"NotAVideo", "DamagedMedia", "NotAvailable"}


@pytest.mark.parametrize("kind", CLASSES.values(), ids=str)
def test_every_error_says_what_it_means(kind: type[HeatersError]) -> None:
    assert kind.__doc__ not in (None, HeatersError.__doc__) or kind is HeatersError
