"""Reviewers' commands: one transaction and one event row each; the same `op_id` is carried out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heaters.catalog import changes, events, leases
from heaters.catalog.answers import clip_rows, next_pending
from heaters.catalog.requests import Redo, Undo
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Decision

Answer = dict[str, Any]


def perform_decision(decision: Decision, tx: Transaction) -> Answer:
    """Decide on clips."""
    held = leases.held_by_others(tx, decision.reviewer, decision.session)
    return _answer(tx, changes.decide(decision, tx, held))


def perform_undo(request: Undo, tx: Transaction) -> Answer:
    """Take the latest command back."""
    return _answer(tx, _turn_back(request, tx, "undo", lambda: events.latest_to_undo(tx, request)))


def perform_redo(request: Redo, tx: Transaction) -> Answer:
    """Carry the command that was undone last out again."""
    return _answer(tx, _turn_back(request, tx, "redo", lambda: events.latest_to_redo(tx, request)))


def _turn_back(
    request: Undo | Redo, tx: Transaction, verb: str, find: Callable[[], events.Event]
) -> changes.Done:
    known = events.with_op_id(tx, request.op_id)
    if known is not None:
        return changes.done_before(tx, known, verb, request.reviewer)
    event = find()
    held = leases.held_by_others(tx, request.reviewer, request.session)
    return changes.turn_back(tx, events.Author.of(request), [event], verb, held)


def _answer(tx: Transaction, done: changes.Done) -> Answer:
    told = {name: value for name, value in done.told.items() if name != "undone"}
    return {
        "op_id": done.op_id, "action": done.action, "clips": clip_rows(tx, done.after, done.sources),
        "next": next_pending(tx, done.after, done.left, done.sources, done.known), **told,
    }  # fmt: skip
