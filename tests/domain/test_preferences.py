from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heaters.domain.preferences import MOST_BYTES, changed, with_defaults
from heaters.errors import UsageError

AS_THEY_COME = {"fast": None, "speed": 1.0, "muted": False, "preset": "heaters", "keys": {}}


def test_nobody_has_chosen_anything_at_first() -> None:
    assert with_defaults({}) == AS_THEY_COME
    with_defaults({})["keys"]["approve"] = "e"
    assert with_defaults({}) == AS_THEY_COME


def test_what_is_chosen_stays_until_it_is_chosen_anew() -> None:
    first = changed({}, {"fast": True, "keys": {"approve": "e", "redo": "Ctrl+y"}})
    second = changed(first, {"speed": 2, "fast": None})

    assert second == {**AS_THEY_COME, "speed": 2, "keys": {"approve": "e", "redo": "Ctrl+y"}}
    assert with_defaults({**second, "kept by another heaters": 1}) == second


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"colour": "red"}, "there is no preference 'colour'; there are fast, speed, muted, preset, keys"),
        ({"speed": 5}, "the preference speed is 5; it takes a number from 0.25 to 4"),
        ({"speed": True}, "speed is True"),
        ({"speed": float("nan")}, "speed is nan"),
        ({"fast": "yes"}, "fast is 'yes'; it takes true, false, or null"),
        ({"muted": None}, "muted is None; it takes true or false"),
        ({"preset": ""}, "preset is ''"),
        ({"preset": "x" * 61}, "preset is 'xxx"),
        ({"keys": {"approve": 1}}, "keys is {'approve': 1}; it takes at most 200 pairs"),
        ({"keys": [["approve", "e"]]}, "keys is"),
        ({"keys": {"approve": "a\nb"}}, "keys is"),
        ({"keys": {f"action{number}": "x" for number in range(201)}}, "keys is"),
    ],
)
def test_what_is_no_preference_is_refused_in_words(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        changed({}, given)
    assert said in refused.value.message
    assert len(refused.value.message) < 200


def test_what_is_kept_has_an_end() -> None:
    with pytest.raises(UsageError, match=f"at most {MOST_BYTES} bytes"):
        changed({}, {"keys": {f"{number:060}": "x" * 60 for number in range(200)}})


@given(
    st.dictionaries(
        st.sampled_from([*AS_THEY_COME, "other"]), st.none() | st.booleans() | st.floats() | st.text()
    )
)
def test_whatever_is_given_is_kept_as_it_is_or_refused(given: dict[str, Any]) -> None:
    try:
        kept = changed({}, given)
    except UsageError:
        return
    assert json.loads(json.dumps(kept)) == {**AS_THEY_COME, **given}
