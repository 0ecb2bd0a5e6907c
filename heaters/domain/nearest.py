"""What somebody who mistyped a name probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from heaters.errors import UsageError

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
