from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.agreement import agreement

FRAMES = st.integers(min_value=0, max_value=200)


def test_only_what_lies_where_somebody_has_decided_counts() -> None:
    one = agreement([10, 15, 20, 50, 60], [(10, 20), (20, 30)], 100)
    assert (one.matched, one.found, one.decided) == (2, 3, 3)
    assert str(one) == "precision 0.67 (2 of 3 found cuts), recall 0.67 (2 of 3 decided cuts)"


def test_nothing_decided_or_nothing_found_is_unknown_and_not_perfect() -> None:
    assert agreement([10], [], 100).precision is agreement([10], [], 100).recall is None
    assert (
        str(agreement([], [(0, 100)], 100)).count("unknown") == 2
    )  # one clip that is the whole source has no cut
    missed = agreement([], [(0, 10)], 100)
    assert (missed.precision, missed.recall, missed.f1) == (None, 0.0, 0.0)


def test_a_cut_is_matched_once_and_within_the_tolerance() -> None:
    decided = [(0, 10), (10, 20)]
    assert agreement([9, 11], decided, 100).matched == 1
    assert agreement([12, 22], decided, 100).matched == 2
    assert agreement([13, 23], decided, 100).matched == 0
    assert agreement([13, 23], decided, 100, tolerance=3).matched == 2


@given(st.lists(FRAMES, unique=True), st.lists(FRAMES.filter(bool), unique=True, min_size=1))
def test_what_is_detected_exactly_as_decided_agrees_in_full(detected: list[int], cuts: list[int]) -> None:
    edges = sorted({0, *cuts, 201})
    decided = list(pairwise(edges))
    same = agreement(cuts, decided, 201, tolerance=0)
    assert same.precision == same.recall == 1.0
    other = agreement(detected, decided, 201, tolerance=0)
    assert other.matched == len({*detected} & {*cuts})
    assert other.found == len(detected)
