"""What the review board remembers for a reviewer, wherever he opens it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from heaters.domain.nearest import did_you_mean
from heaters.errors import UsageError

SPEEDS: Final = (0.25, 4.0)
"""Slowest and fastest."""
MOST_BYTES: Final = 16_384
_MOST_KEYS: Final = 200
_LONGEST: Final = 60

Values = dict[str, Any]


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _choice(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _speed(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return is_number and SPEEDS[0] <= value <= SPEEDS[1]


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()


def _keys(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and len(value) <= _MOST_KEYS
        and all(_text(one) for pair in value.items() for one in pair)
    )


_TAKES: Final[Mapping[str, tuple[Any, Callable[[Any], bool], str]]] = {
    "fast": (None, _choice, "true, false, or null where nobody was asked yet"),
    "speed": (1.0, _speed, "a number from 0.25 to 4"),
    "muted": (False, _switch, "true or false"),
    "preset": ("heaters", _text, "the name of a preset of keys"),
    "keys": ({}, _keys, "at most 200 pairs of an action and a key, both as text"),
}
"""Name → what holds until it is chosen, a test of what is given, and in words what it takes."""


def with_defaults(values: Mapping[str, Any]) -> Values:
    """All preferences: as chosen, else as they come. Names that an older heaters kept are dropped."""
    return {name: deepcopy(values.get(name, default)) for name, (default, _, _) in _TAKES.items()}


def changed(values: Mapping[str, Any], given: Mapping[str, Any]) -> Values:
    """The preferences with some of them chosen anew.

    Raises:
        UsageError: there is no such preference, or it takes no such value, or all of them are too long together.
    """
    for name, value in given.items():
        if name not in _TAKES:
            meant = did_you_mean(name, _TAKES)
            raise UsageError(f"there is no preference {name!r:.80}; there are {', '.join(_TAKES)}{meant}")
        _, fits, words = _TAKES[name]
        if not fits(value):
            raise UsageError(f"the preference {name} is {value!r:.80}; it takes {words}")
    chosen = {**with_defaults(values), **given}
    size = len(json.dumps(chosen).encode())
    if size > MOST_BYTES:
        raise UsageError(
            f"preferences take at most {MOST_BYTES} bytes, and these are {size}: remap fewer keys"
        )
    return chosen
