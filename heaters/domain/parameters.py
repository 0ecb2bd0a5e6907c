"""Parameters of a notebook: what its cell `parameters` declares, and texts as values of the declared kinds.

papermill 2.7 quotes the values that it writes into a notebook, but not the names: a name is code. So only names that the
notebook declares are let through.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from heaters.domain.nearest import did_you_mean
from heaters.errors import UsageError

_SWITCH: Final = {
    "on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False,
}  # fmt: skip
_KINDS: Final = {
    "bool": "on or off",
    "int": "a whole number",
    "float": "a number",
    "list": "words with commas",
    "str": "text",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that a notebook declares.

    Attributes:
        kind: `bool`, `int`, `float`, `list` or `str`.
        optional: an empty text means None.
        choices: the only values, by an annotation `Literal[...]`; empty for any.
    """

    kind: str
    optional: bool = False
    choices: tuple[str, ...] = ()

    def value(self, text: str) -> Any:
        """The text as a value.

        Raises:
            ValueError: it is none of this kind; the message says what it takes.
        """
        if self.optional and text in ("", "None"):
            return None
        try:
            found = _READERS[self.kind](text)
        except (ValueError, KeyError):
            raise ValueError(_KINDS[self.kind]) from None
        if self.choices and found not in self.choices:
            raise ValueError(f"one of {', '.join(self.choices)}")
        return found


def declared(cell: str) -> dict[str, Parameter]:
    r"""The parameters of a cell of Python: every name that a value is assigned to, by its annotation or its default.

    Raises:
        UsageError: the cell is not plain Python.

    >>> declared("limit: int | None = None\nexport = 'none'")["limit"]
    Parameter(kind='int', optional=True, choices=())
    """
    try:
        tree = ast.parse(cell)
    except SyntaxError as error:
        raise UsageError(
            f"its cell `parameters` is not plain Python: {error.msg} in line {error.lineno}"
        ) from None
    found = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = _parameter(None, value)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
                found[name] = _parameter(annotation, value)
    return found


def values(parameters: Mapping[str, Parameter], words: Iterable[str]) -> dict[str, Any]:
    """Values for the parameters that are named in words like `limit=3`.

    Raises:
        UsageError: a word is none, its name is not declared or comes twice, or its value is of another kind.

    >>> values(declared("stages = []"), ["stages=prepare,detect"])
    {'stages': ['prepare', 'detect']}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"parameter {word!r} has no value; write it as NAME=VALUE")
        if name not in parameters:
            raise UsageError(f"there is no parameter {name!r}{_nearest(name, parameters)}", name=name)
        if name in found:
            raise UsageError(f"parameter {name} is given twice", name=name)
        try:
            found[name] = parameters[name].value(text)
        except ValueError as error:
            raise UsageError(f"parameter {name} is {text!r}; it takes {error}", name=name) from None
    return found


def _parameter(annotation: ast.expr | None, value: ast.expr) -> Parameter:
    default = _literal(value)
    names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)] if annotation else []
    kind = next((name for name in names if name in _KINDS), type(default).__name__)
    nodes = list(ast.walk(annotation)) if annotation and "Literal" in names else []
    choices = tuple(
        one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )
    return Parameter(kind if kind in _KINDS else "str", default is None, choices)


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        return ""


def _words(text: str) -> list[Any]:
    if text.startswith("["):
        found = json.loads(text)
        return list(found)
    return [word.strip() for word in text.split(",") if word.strip()]


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "bool": lambda text: _SWITCH[text.lower()], "int": int, "float": float, "list": _words, "str": str,
}  # fmt: skip


def _nearest(name: str, known: Mapping[str, Parameter]) -> str:
    if not known:
        return "; the notebook declares none: give one of its cells the tag `parameters`"
    return did_you_mean(name, known, otherwise=f"; there are {', '.join(known)}")
