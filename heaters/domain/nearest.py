"""What somebody who mistyped a name probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import Any, Final, TypeVar, cast

from heaters.errors import UsageError

_Kind = TypeVar("_Kind", bound=type)
_Function = TypeVar("_Function", bound=Callable[..., Any])

_CUTOFF: Final = 0.6
"""How much of two names must agree, 0 to 1; at 0.5 `delete` was taken for `reset`."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a sentence about an unknown name; `otherwise` where no known one is near.

    >>> did_you_mean("lable", ["label", "tags"])
    '; did you mean label?'
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=_CUTOFF)
    return f"; did you mean {close[0]}?" if close else otherwise


def refuse_unknown(given: Iterable[str], known: Iterable[str], who: str) -> None:
    """Hold keyword arguments to those that there are.

    Raises:
        UsageError: naming the first unknown one, the nearest known one and all there are.
    """
    known = list(known)
    for name in given:
        if name not in known:
            raise UsageError(
                f"{who} takes no {name:.80}; it takes {', '.join(known)}{did_you_mean(name, known)}"
            )


def knowing_its_names(kind: _Kind) -> _Kind:
    """Let the public methods of a class refuse unknown keyword arguments by `refuse_unknown`; Python 3.11 names no near one."""
    for name, method in list(vars(kind).items()):
        if isfunction(method) and not name.startswith("_"):
            setattr(kind, name, knowing_names(method))
    return kind


def knowing_names(function: _Function) -> _Function:
    """Let a function or method refuse unknown keyword arguments by `refuse_unknown`."""
    parameters = signature(function).parameters.values()
    if any(one.kind is Parameter.VAR_KEYWORD for one in parameters):
        return function
    known = [
        one.name for one in parameters if one.kind is not Parameter.VAR_POSITIONAL and one.name != "self"
    ]

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        refuse_unknown(named, known, function.__name__)
        return function(*given, **named)

    return cast("_Function", called)
