from __future__ import annotations

import doctest

import pytest

from heaters.domain import parameters as module
from heaters.domain.parameters import declared, values
from heaters.errors import UsageError

CELL = """
from typing import Literal
stages: list[str] = []
limit: int | None = None
until = ""
keep = 0.5
count = 3
retry = False
export: Literal["complete", "none"] = "complete"
folder = make_it()
a.b = 1
x, y = 1, 2
undefined: int
"""


def test_the_examples_in_the_docstrings_are_true() -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed


def test_a_cell_declares_the_names_that_it_assigns_a_value_to() -> None:
    assert list(declared(CELL)) == ["stages", "limit", "until", "keep", "count", "retry", "export", "folder"]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("stages=prepare,detect", ["prepare", "detect"]),
        ("stages=", []),
        ('stages=["a,b", 1]', ["a,b", 1]),
        ("limit=5", 5),
        ("limit=", None),
        ("until=06:00", "06:00"),
        ("until=a=b", "a=b"),
        ("keep=1", 1.0),
        ("retry=on", True),
        ("retry=False", False),
        ("export=none", "none"),
        ("folder='); import os", "'); import os"),
    ],
)
def test_a_value_is_of_the_kind_that_is_declared(word: str, value: object) -> None:
    (found,) = values(declared(CELL), [word]).values()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["limt=5"], "no parameter 'limt'; did you mean limit?"),
        (["limit = 1; import os #=5"], "no parameter 'limit '"),
        (["zzz=5"], "there are stages, limit, until"),
        (["limit"], "has no value; write it as NAME=VALUE"),
        (["limit=5", "limit=6"], "given twice"),
        (["limit=many"], "limit is 'many'; it takes a whole number"),
        (["count="], "it takes a whole number"),
        (["retry=perhaps"], "it takes on or off"),
        (["export=all"], "it takes one of complete, none"),
        (["stages=[1"], "it takes words with commas"),
        (["undefined=1"], "no parameter 'undefined'"),
    ],
)
def test_anything_else_is_refused_in_words(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=r".") as error:
        values(declared(CELL), words)
    assert said in error.value.message


def test_a_notebook_without_parameters_says_how_to_have_some() -> None:
    with pytest.raises(UsageError, match="the tag `parameters`"):
        values({}, ["limit=1"])


def test_a_cell_that_is_not_python_is_refused() -> None:
    with pytest.raises(UsageError, match=r"not plain Python: .* in line 2"):
        declared("a = 1\n!ls\n")
