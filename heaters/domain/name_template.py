"""Names of files from a template with fields, such as `{title}/{label}_{clip_no:03d}`.

Whatever titles and labels are, a name stays inside of its folder and holds nothing that a file system or a shell minds.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any, Final

from heaters.domain.nearest import did_you_mean
from heaters.errors import UsageError

FIELDS: Final = (
    "source_id", "title", "clip_no", "clip_id", "ref", "label", "tags", "note", "group_id", "reviewer", "start_frame", "end_frame",
    "frames", "start_timecode", "end_timecode", "preset", "extension",
)  # fmt: skip
_SPEC: Final = re.compile(r"(0?\d{1,2}d?)?|\.\d{1,2}")
_LONGEST_VALUE: Final = 80
_LONGEST_NAME: Final = 200
"""Bytes; file systems allow 255, and a name gets a suffix while its file is written."""
_NUMBERS: Final = frozenset(
    {"source_id", "clip_no", "clip_id", "group_id", "start_frame", "end_frame", "frames"}
)


def check(template: str) -> str:
    """The template, with `.{extension}` at its end if it names none.

    Raises:
        UsageError: it is empty, names a field that there is not, or leaves the folder.
    """
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise UsageError(
            f"name {template!r}: {error}; fields look like {{title}} or {{clip_no:03d}}"
        ) from error
    for literal, field, spec, conversion in parts:
        if re.search(r"[\\\x00-\x1f:]", literal):
            raise UsageError(f"name {template!r} holds a sign that files can't have: \\, : or a control sign")
        if field is not None:
            _check_field(template, field, spec or "", conversion)
    plain = "".join(literal + ("x" if field is not None else "") for literal, field, _, _ in parts)
    if any(part.strip(" .") == "" for part in plain.split("/")):
        raise UsageError(
            f"name {template!r} leaves its folder or has an empty part: it is a path below the folder, such as {{title}}/{{ref}}"
        )
    named = any(field == "extension" for _, field, _, _ in parts)
    return template if named else f"{template}.{{extension}}"


def fill(template: str, values: Mapping[str, Any]) -> str:
    """The name that a checked template gives for these values.

    >>> fill("{title}/{clip_no:03d}.{extension}", {"title": "../../etc", "clip_no": 7, "extension": "mp4"})
    'etc/007.mp4'
    """
    parts = []
    for literal, field, spec, _ in string.Formatter().parse(template):
        parts.append(literal)
        if field is not None:
            parts.append(_filled(values[field], spec or "", number=field in _NUMBERS))
    return "/".join(_shortened(part) for part in "".join(parts).split("/"))


def _check_field(template: str, field: str, spec: str, conversion: str | None) -> None:
    if field not in FIELDS:
        meant = did_you_mean(field, FIELDS)
        raise UsageError(
            f"name {template!r} has no field {field!r:.60}{meant}; there are {', '.join(FIELDS)}"
        )
    wrong = conversion or not _SPEC.fullmatch(spec) or (spec.endswith("d") and field not in _NUMBERS)
    if wrong:
        raise UsageError(
            f"name {template!r}: {{{field}:{spec}}} is not understood; numbers take a width such as 03d, texts a length such as .20"
        )


def _filled(value: Any, spec: str, *, number: bool) -> str:
    if number and value is not None:
        return format(int(value), "" if spec.startswith(".") else spec)
    text = "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
    clean = re.sub(r"[^\w.() -]+", "_", text)[:_LONGEST_VALUE].strip(" ._") or "none"
    return format(clean, spec if spec.startswith(".") else "")


def _shortened(part: str) -> str:
    """A part of a path that is not too long; the end, which tells clips apart, stays."""
    text = part.strip(" ").lstrip(".") or "none"
    while len(text.encode()) > _LONGEST_NAME:
        text = text[1:].lstrip(" .")
    return text
