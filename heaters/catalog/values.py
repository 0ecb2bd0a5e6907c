"""Commands, answers and errors as JSON, and back: equal in value and type. What JSON lacks becomes an object with a mark.

Nothing that arrives is ever executed, as a pickle would be.
"""

from __future__ import annotations

import base64
import builtins
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Integral
from typing import Any, Final
from uuid import UUID

from heaters import errors
from heaters.catalog import requests
from heaters.domain.decision import Decision
from heaters.errors import CatalogError, HeatersError

_MARK: Final = "\0"
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def dumps(value: Any) -> bytes:
    """A value as a message.

    Raises:
        TypeError: it is, or holds, what can't travel.
    """
    return json.dumps(_packed(value)).encode("ascii")


def loads(message: bytes) -> Any:
    """The value of a message."""
    return json.loads(message, object_hook=_unpacked)


def told(error: Exception) -> dict[str, Any]:
    """An error as a value."""
    message, facts = (error.message, error.facts) if isinstance(error, HeatersError) else (str(error), {})
    travels = {name: fact if _can_travel(fact) else str(fact) for name, fact in facts.items()}
    return {"type": type(error).__name__, "message": message, "facts": travels}


def error_of(said: Mapping[str, Any]) -> Exception:
    """The error that `told` was given: of its class, with its message and facts."""
    name, message = said["type"], said["message"]
    kind = getattr(errors, name, None) or getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, HeatersError):
        return kind(message, **said["facts"])
    if isinstance(kind, type) and issubclass(kind, AssertionError | LookupError | TypeError):
        return kind(message)
    return CatalogError(f"the owner of the catalog failed, {name}: {message}")


def _packed(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is list:
        return [one if type(one) in _PLAIN else _packed(one) for one in value]
    if kind is dict and _MARK not in value and all(type(key) is str for key in value):
        return {key: one if type(one) in _PLAIN else _packed(one) for key, one in value.items()}
    record, text = _RECORDS.get(kind.__name__), _TEXTS.get(kind)
    if record and record[0] is kind:
        return {_MARK: kind.__name__, "": [_packed(getattr(value, name)) for name in record[1]]}
    if text:
        return {_MARK: kind.__name__, "": text[0](value)}
    return _packed_alike(value)


def _packed_alike(value: Any) -> Any:
    """What is of no type that we know, but like one."""
    if isinstance(value, tuple):
        return {_MARK: "tuple", "": [_packed(one) for one in value]}
    if isinstance(value, Mapping):
        return {_MARK: "dict", "": [[_packed(key), _packed(one)] for key, one in value.items()]}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_packed(one) for one in value]
    if isinstance(value, Integral):  # as numpy's whole numbers are
        return int(value)
    for plain in (float, str):
        if isinstance(value, plain):
            return plain(value)
    raise TypeError(f"no command, and no value that can be sent to the owner: {type(value).__name__}")


def _unpacked(value: dict[str, Any]) -> Any:
    name = value.get(_MARK)
    if name is None:
        return value
    if name in _RECORDS:
        kind, names = _RECORDS[name]
        return kind(**dict(zip(names, value[""], strict=True)))
    return _BUILDERS[name](value[""])


def _can_travel(value: Any) -> bool:
    try:
        _packed(value)
    except TypeError:
        return False
    return True


def _records() -> dict[str, tuple[type, tuple[str, ...]]]:
    """Type and fields of whatever is defined as a command, by name."""
    known: dict[str, tuple[type, tuple[str, ...]]] = {
        "Decision": (Decision, tuple(one.name for one in fields(Decision)))
    }
    for one in vars(requests).values():
        if isinstance(one, type) and issubclass(one, tuple) and hasattr(one, "_fields"):
            known[one.__name__] = one, one._fields
    return known


_RECORDS: Final[Mapping[str, tuple[type, tuple[str, ...]]]] = _records()
_TEXTS: Final[Mapping[type, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    datetime: (datetime.isoformat, datetime.fromisoformat),
    date: (date.isoformat, date.fromisoformat),
    time: (time.isoformat, time.fromisoformat),
    timedelta: (lambda one: [one.days, one.seconds, one.microseconds], lambda parts: timedelta(*parts)),
    Decimal: (str, Decimal),
    UUID: (str, UUID),
    bytes: (lambda one: base64.b64encode(one).decode("ascii"), base64.b64decode),
}  # fmt: skip
_BUILDERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "tuple": tuple,
    "dict": dict,
    **{kind.__name__: build for kind, (_, build) in _TEXTS.items()},
}
