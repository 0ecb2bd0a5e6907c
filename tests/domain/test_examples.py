from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from heaters.domain import cuts, timing


@pytest.mark.parametrize("module", [cuts, timing], ids=lambda module: module.__name__)
def test_examples_in_docstrings_are_true(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed
