"""Which function carries out which command: the one door into the catalog, the same for every transport."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from heaters.catalog import (
    artifacts,
    decisions,
    exports,
    moves,
    preferences,
    requests,
    reviewing,
    runs,
    sources,
)
from heaters.catalog.transaction import Transaction
from heaters.domain.commands import Decision


@singledispatch
def perform(command: object, tx: Transaction) -> dict[str, Any]:  # noqa: ARG001 - those registered use it
    """Carry out a command inside an open transaction.

    Raises:
        TypeError: nobody knows this kind of command.
        HeatersError: the command is refused; the transaction must be rolled back.
    """
    raise TypeError(f"no command: {type(command).__name__}")


perform.register(Decision, decisions.perform_decision)
perform.register(requests.Undo, decisions.perform_undo)
perform.register(requests.Redo, decisions.perform_redo)
perform.register(requests.BeginReview, reviewing.begin)
perform.register(requests.ReviewDecision, reviewing.decide)
perform.register(requests.ReviewUndo, reviewing.undo)
perform.register(requests.ReviewRedo, reviewing.redo)
perform.register(requests.Beat, reviewing.beat)
perform.register(requests.TakeOver, reviewing.take_over)
perform.register(requests.GiveBack, reviewing.give_back)
perform.register(requests.SetPreferences, preferences.set_preferences)
perform.register(requests.AddSource, sources.add)
perform.register(requests.StartStage, sources.start_stage)
perform.register(requests.FinishStage, sources.finish_stage)
perform.register(requests.FailStage, sources.fail_stage)
perform.register(requests.Park, sources.park)
perform.register(requests.ForgetSource, sources.forget)
perform.register(requests.Retry, sources.retry)
perform.register(requests.AddKeyframes, artifacts.add_keyframes)
perform.register(requests.DropArtifacts, artifacts.drop)
perform.register(requests.StartExport, exports.start)
perform.register(requests.FinishExport, exports.finish)
perform.register(requests.FailExport, exports.fail)
perform.register(requests.MoveSource, moves.move)
perform.register(requests.FinishMove, moves.finish)
perform.register(requests.NoteRestore, moves.note_restore)
perform.register(requests.StartRun, runs.start)
perform.register(requests.FinishRun, runs.finish)
