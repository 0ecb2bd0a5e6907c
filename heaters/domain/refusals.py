"""What keeps a decision from being carried out, one sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from heaters.domain.decision import Decision
from heaters.domain.model import Clip
from heaters.domain.states import FROZEN
from heaters.errors import ClipFrozen, ClipLeased, FrameOutsideClip, StaleVersion, UsageError


def refuse_stale(decision: Decision, clips: Iterable[Clip]) -> None:
    """Hold clips to the versions that the client saw, where it says which."""
    for clip in clips:
        seen = (decision.versions or {}).get(clip.id, clip.version)
        if seen != clip.version:
            raise StaleVersion(
                f"clip {clip.ref} has changed since version {seen}: it is {clip.state}, frames {clip.start_frame} to "
                f"{clip.end_frame - 1}, version {clip.version}; look again, then decide",
                clip_id=clip.id, version=clip.version,
            )  # fmt: skip


def refuse_held(clips: Iterable[Clip], held: Mapping[int, str]) -> None:
    """Refuse to touch clips that another reviewer has on lease.

    Args:
        clips: what would change.
        held: clip id → who holds it.

    Raises:
        ClipLeased: naming the clip and the holder.
    """
    for clip in clips:
        if clip.id in held:
            raise ClipLeased(
                f"clip {clip.ref} is held by {held[clip.id]}: wait until it is given back",
                clip_id=clip.id,
                holder=held[clip.id],
            )


def refuse_exporting(clips: Iterable[Clip]) -> None:
    """Keep everything away from clips whose file is being made."""
    for clip in clips:
        if clip.state == "exporting":
            raise ClipFrozen(
                f"clip {clip.ref} is exporting: wait until the export has ended; `heaters export` ends one that was killed",
                clip_id=clip.id,
            )


def refuse_frozen(
    clips: Iterable[Clip], verb: str, *, archived: bool = False, chosen: Sequence[Clip] = ()
) -> None:
    """Keep decisions away from exporting and exported clips, and from archived ones if `archived`.

    Args:
        clips: what would change.
        verb: what the reviewer wants to do with them.
        archived: refuse archived clips too.
        chosen: the clips that the reviewer named, where others come in by their group.
    """
    clips = list(clips)
    refuse_exporting(clips)
    named = {clip.id for clip in chosen}
    for clip in clips:
        if clip.state in FROZEN or (archived and clip.state == "archived"):
            drawn_in = bool(named) and clip.id not in named and clip.group_id is not None
            partner = (
                next((one for one in chosen if one.group_id == clip.group_id), None) if drawn_in else None
            )
            aside = f", or ungroup {partner.ref}, which is in one group with it" if partner else ""
            raise ClipFrozen(
                f"clip {clip.ref} is {clip.state}: reset it first to {verb} it{aside}", clip_id=clip.id
            )


def needed_frame(decision: Decision, low: int, high: int, what: str) -> int:
    """The frame of the decision, held to `low < frame < high`."""
    frame = decision.frame
    if not isinstance(frame, int) or isinstance(frame, bool):
        got = "" if frame is None else f", not {frame!r}"
        raise UsageError(
            f"{decision.action} needs a frame (--frame N, counted from the start of the source){got}"
        )
    if high - low < 2:  # noqa: PLR2004 - two frames are the least that can be parted
        raise FrameOutsideClip(f"{what} has only frame {low}: there is nothing to part", frame=frame)
    if not low < frame < high:
        raise FrameOutsideClip(
            f"frame {frame} is outside {what}: it must be from {low + 1} to {high - 1}",
            frame=frame,
            low=low + 1,
            high=high - 1,
        )
    return frame
