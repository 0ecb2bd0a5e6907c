"""What a stage is: a rule for what is pending, a plan, one pure unit of work, and the command that applies it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from heaters.catalog.requests import FinishStage
from heaters.config import Settings
from heaters.storage import Store, address_of, open_place

Row = Mapping[str, Any]
StoreOf = Callable[[Row], Store]
"""Gives the store in which the files of a source lie, by its row."""


class Unit(NamedTuple):
    """One unit of work for one source or clip.

    Attributes:
        subject_id: source id, or clip id for `export`.
        label: what people read beside the bar.
        spec: JSON-able; all that `run_one` is given.
        input_hash: of the bytes it works on; with `params_hash` it names the job.
        total: frames or bytes to go through, 0 if unknown.
    """

    stage: str
    subject_id: int
    label: str
    spec: dict[str, Any]
    input_hash: str
    params_hash: str
    total: int = 0


class Stage(NamedTuple):
    """One stage of the pipeline.

    Attributes:
        done_flag: the column or state that says it is done.
        pending: tells whether a source row needs this stage.
        plan: what to do for that row.
        run_one: module-level and pure; runs in a worker.
        outcome: the command that applies its result.
    """

    name: str
    about: str
    done_flag: str
    pending: Callable[[Row, Settings], bool]
    plan: Callable[[Row, Settings, str], Unit]
    run_one: Callable[[dict[str, Any]], dict[str, Any]]
    outcome: Callable[[Unit, Mapping[str, Any]], FinishStage]


def digest(*parts: object) -> str:
    """SHA-256 of some JSON-able values, as hex."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def is_clip_file(source: Row) -> bool:
    """Tell whether a source is a finished clip, which is handed on as it is and needs no gold master."""
    return bool(json.loads(source["probe"] or "{}").get("clip_file"))


def address_for(source: Row, settings: Settings, home: Path) -> str:
    """The address of the store in which the files of a source lie; it goes into the spec of each unit.

    Args:
        source: a row with `store`.
        settings: of the workspace.
        home: its folder.
    """
    return address_of(source["store"], settings, home)


def store_of(source: Row, settings: Settings, home: Path) -> Store:
    """The store of `address_for`, opened."""
    return open_place(source["store"], settings, home)


def op_id() -> str:
    """A new id for a command: UUID text."""
    from uuid import uuid4  # noqa: PLC0415 - brings platform along, 7 ms

    return str(uuid4())


def finish(unit: Unit, result: Mapping[str, Any], columns: Mapping[str, Any], **more: Any) -> FinishStage:
    """The finishing command of a unit, with what all stages report."""
    return FinishStage(
        stage=unit.stage, source_id=unit.subject_id, input_hash=unit.input_hash, params_hash=unit.params_hash, columns=columns,
        warnings=result.get("warnings", ()), seconds=result.get("seconds", 0.0), bytes=result.get("bytes", 0), **more,
    )  # fmt: skip
