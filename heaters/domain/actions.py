"""What each action does to the clips it names. Pure: rows in, drafts of rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import index
from typing import Any, Final

from heaters.domain.cuts import CutPoints
from heaters.domain.decision import Board, Decision
from heaters.domain.groups import members_of
from heaters.domain.model import Clip
from heaters.domain.refusals import needed_frame, refuse_exporting, refuse_frozen
from heaters.domain.retile import retile
from heaters.domain.states import DECIDED
from heaters.errors import DecisionRefused, UnknownReference, UsageError


def _judge(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    """A reset is for the clips named; the file of an exported one stays until a later export supersedes it."""
    if decision.action == "reset":
        refuse_exporting(chosen)
        everyone = list(chosen)
    else:
        everyone = members_of(board.clips, chosen)
        refuse_frozen(everyone, decision.action, chosen=chosen)
    return [replace(clip, state=DECIDED[decision.action]) for clip in everyone]


def _merge(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    """What reviewers wrote on the parts is kept; the group is the left one's, or the first that a part has."""
    first, last = _first_and_last(decision, board, chosen, "merge")
    source_id = first.source_video_id
    run = [
        clip for clip in board.clips
        if clip.source_video_id == source_id and first.start_frame <= clip.start_frame <= last.start_frame
    ]  # fmt: skip
    refuse_frozen(run, "merge", archived=True)
    left, *rest = run
    joined = replace(
        _recut(left, CutPoints(left.start_frame, last.end_frame)),
        group_id=next((clip.group_id for clip in run if clip.group_id is not None), None),
        label=next((clip.label for clip in run if clip.label), None),
        tags=tuple(dict.fromkeys(tag for clip in run for tag in clip.tags)),
        note="\n".join(clip.note for clip in run if clip.note) or None,
    )
    return [joined, *(replace(clip, state="superseded", group_id=None) for clip in rest)]


def _split(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    """The right clip is new and takes over group, label and tags; the note stays on the left."""
    clip = _only(chosen, "split")
    refuse_frozen([clip], "split", archived=True)
    frame = needed_frame(decision, clip.start_frame, clip.end_frame, f"clip {clip.ref}")
    left, right = clip.cut_points.split(frame)
    source_id = clip.source_video_id
    fresh = Clip(
        id=board.next_id, clip_no=board.next_no[source_id], source_video_id=source_id, start_frame=right.start_frame,
        end_frame=right.end_frame, group_id=clip.group_id, label=clip.label, tags=clip.tags, origin="human",
        detector=clip.detector,
    )  # fmt: skip
    return [_recut(clip, left), fresh]


def _move_cut(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    clip = _only(chosen, "move-cut")
    before = _previous(board, clip, "there is no cut at its start to move")
    refuse_frozen([before, clip], "cut", archived=True)
    frame = needed_frame(decision, before.start_frame, clip.end_frame, f"clips {before.ref} and {clip.ref}")
    if frame == clip.start_frame:
        raise DecisionRefused(
            f"the cut between clips {before.ref} and {clip.ref} is at frame {frame} already", clip_id=clip.id
        )
    left, right = before.cut_points.move_cut(clip.cut_points, frame)
    return [_recut(before, left), _recut(clip, right)]


def _group(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    """One clip is grouped with the previous one and both are approved; several are only grouped."""
    ends = _first_and_last(decision, board, chosen, "group")
    alone = len(decision.clip_ids) == 1
    wanted = ends if alone else chosen
    members = members_of(board.clips, wanted)
    refuse_frozen(members, "group", archived=alone, chosen=wanted)
    lowest = min(clip.id for clip in members)
    return [replace(clip, group_id=lowest, state="approved" if alone else clip.state) for clip in members]


def _ungroup(_: Decision, __: Board, chosen: Sequence[Clip]) -> list[Clip]:
    for clip in chosen:
        if clip.group_id is None:
            raise DecisionRefused(f"clip {clip.ref} is in no group", clip_id=clip.id)
    refuse_frozen(chosen, "ungroup")
    return [replace(clip, group_id=None) for clip in chosen]


def _annotate(decision: Decision, _: Board, chosen: Sequence[Clip]) -> list[Clip]:
    refuse_frozen(chosen, "annotate")
    given = decision.values
    unknown = given.keys() - {"label", "tags", "note"}
    if unknown or not given:
        raise UsageError(
            f"annotate takes a label, tags or a note, not {', '.join(sorted(unknown)) or 'nothing'}"
        )
    values: dict[str, Any] = {name: given[name] or None for name in ("label", "note") if name in given}
    if not all(value is None or isinstance(value, str) for value in values.values()):
        raise UsageError("a label and a note are text")
    if "tags" in given:
        tags = given["tags"] or ()
        if isinstance(tags, str) or not all(isinstance(tag, str) and tag for tag in tags):
            raise UsageError(f"tags are a list of words, not {tags!r}")
        values["tags"] = tuple(dict.fromkeys(tags))
    return [replace(clip, **values) for clip in chosen]


def _label(decision: Decision, board: Board, chosen: Sequence[Clip]) -> list[Clip]:
    """Each clip gets words of its own."""
    each = {int(clip_id): words for clip_id, words in decision.values.get("each", {}).items()}
    if set(each) != set(decision.clip_ids):
        raise UsageError("label needs a label, tags or a note for each clip that it names")
    return [_annotate(replace(decision, values=each[clip.id]), board, [clip])[0] for clip in chosen]


def _lay_cuts(decision: Decision, board: Board, _: Sequence[Clip]) -> list[Clip]:
    missing = {"source_id", "cuts"} - decision.values.keys()
    if missing:
        raise UsageError(
            f"{decision.action} needs {' and '.join(sorted(missing))}; use {OF_A_SOURCE[decision.action]}"
        )
    source_id = decision.values["source_id"]
    if board.n_frames.get(source_id) is None:
        raise UnknownReference(
            f"there is no source {source_id} with frames; `heaters sources` lists them", source_id=source_id
        )
    try:
        new_cuts = [index(cut) for cut in decision.values["cuts"]]
    except TypeError:
        raise UsageError(f"the cuts of a {decision.action} are a list of frame numbers") from None
    own = [clip for clip in board.clips if clip.source_video_id == source_id]
    detector, imported = decision.values.get("detector"), decision.action == "import"
    return retile(own, new_cuts, board, source_id, detector, imported=imported)


def _recut(clip: Clip, points: CutPoints) -> Clip:
    """The clip with new cut points: pending, made by a human, virtual, since no file has exactly these frames.

    A file that was exported before stays in the list of artefacts until a later export supersedes it.
    """
    return replace(
        clip, start_frame=points.start_frame, end_frame=points.end_frame, state="pending", is_virtual=True,
        clip_filepath=None, origin="human",
    )  # fmt: skip


def _only(chosen: Sequence[Clip], verb: str) -> Clip:
    if len(chosen) != 1:
        raise UsageError(f"{verb} takes one clip, not {len(chosen)}")
    return chosen[0]


def _first_and_last(decision: Decision, board: Board, chosen: Sequence[Clip], verb: str) -> list[Clip]:
    """The outermost of the clips named, or the previous clip and the one that is named alone."""
    if len({clip.source_video_id for clip in chosen}) > 1:
        raise UsageError(f"can't {verb} clips of different sources: {_refs(chosen)}")
    if len(decision.clip_ids) == 1:
        return [_previous(board, chosen[0], f"there is none before it to {verb} it with"), chosen[0]]
    if len(chosen) == 1:
        raise UsageError(f"can't {verb} clip {chosen[0].ref} with itself")
    return [chosen[0], chosen[-1]]


def _previous(board: Board, clip: Clip, otherwise: str) -> Clip:
    for other in board.clips:
        if other.end_frame == clip.start_frame and other.source_video_id == clip.source_video_id:
            return other
    raise DecisionRefused(f"clip {clip.ref} is the first of its source: {otherwise}", clip_id=clip.id)


def _refs(clips: Iterable[Clip]) -> str:
    return ", ".join(clip.ref for clip in clips)


Action = Callable[[Decision, Board, Sequence[Clip]], list[Clip]]
"""Gets the decision, the board and the clips named (in board order); gives drafts of new and changed rows."""

ACTIONS: Final[Mapping[str, Action]] = {
    "approve": _judge, "skip": _judge, "archive": _judge, "reset": _judge, "merge": _merge, "split": _split,
    "move-cut": _move_cut, "group": _group, "ungroup": _ungroup, "annotate": _annotate, "label": _label,
    "retune": _lay_cuts, "import": _lay_cuts,
}  # fmt: skip
"""Every action a reviewer can take, by the name used in commands and events."""

OF_A_SOURCE: Final[Mapping[str, str]] = {
    "retune": "`heaters retune SOURCE_ID --apply`", "import": "`heaters cuts import SOURCE_ID FILE --apply`",
}  # fmt: skip
"""Actions that name no clips, and the way to them."""
