"""What somebody who mistyped a name probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, isfunction, signature
from typing import Any, Final, TypeVar

from heaters.errors import UsageError

_Kind = TypeVar("_Kind", bound=type)

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
            setattr(kind, name, _knowing(method))
    return kind


def _knowing(method: Callable[..., Any]) -> Callable[..., Any]:
    _, *parameters = signature(method).parameters.values()
    if any(one.kind is Parameter.VAR_KEYWORD for one in parameters):
        return method
    known = [one.name for one in parameters if one.kind is not Parameter.VAR_POSITIONAL]

    @wraps(method)
    def called(*given: Any, **named: Any) -> Any:
        refuse_unknown(named, known, method.__name__)
        return method(*given, **named)

    return called
