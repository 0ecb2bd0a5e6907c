"""The review queue, as one browser tab or notebook cell sees it: what it holds, what comes next, what others do.

session = ReviewSession(ws, reviewer="ada")
row = session.begin()
session.decide("approve", [row["current"]], op_id=str(uuid4()))
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from heaters.catalog import requests
from heaters.catalog.history import work_done
from heaters.catalog.review_sources import review_sources
from heaters.config import person_name
from heaters.errors import CatalogDamaged, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from heaters.workspace import Ref, Workspace

HISTORY: Final = 50
"""Events of the source that answers carry."""

Row = dict[str, Any]


class ReviewSession:
    """One tab's or cell's place in the queue.

    It holds a run of neighbouring clips of one source on lease, so that no other session is shown them as its next ones.
    Leases are renewed by everything that is done here and by `beat`, and run out by themselves where nothing more is
    heard. Whoever opens a session of the same name again goes on where it was; the earlier opening holds nothing from
    then on.

    Every answer has `source_id`; `held`, the clips that are held, in order; `others`, what other sessions hold
    (`clip_id`, `reviewer`, `session`, `idle_seconds` since somebody did something there, `until`); `lost`, what was held
    until somebody else took it (`clip_id`, `reviewer`, `session`); `changes`, clips that others have changed since the
    last answer; `events`, what has happened since then, and `history`, the latest events of the source, newest first;
    `seq`, the number of the last event; `counts` of the source's clips by state; `at`, when this was true. Times are UTC
    without a zone. Clips are rows with `id`, `ref`, `clip_no`, `source_video_id`, `start_frame`, `end_frame`, `state`,
    `version`, `group_id`, `label`, `tags`, `note`, `reviewer`, `decided_at`, `origin` and `score`, that of the cut at
    their start: 1 is what the detector asks for; None where none is stored.

    Args:
        workspace: an open workspace.
        reviewer: who decides.
        source: where to begin, unless the session was in it before; then it goes on there.
        session: its name, kept over reloads; default: a new one.

    Attributes:
        session: its name.
        reviewer: who decides.
        source_id: what is reviewed; 0 before `begin`.
        seen: number of the last event that the page knows of; set it back where answers were lost.

    Raises:
        UsageError: the reviewer has no name.
    """

    def __init__(
        self, workspace: Workspace, *, reviewer: str, source: int | None = None, session: str | None = None
    ) -> None:
        try:
            self.reviewer = person_name(reviewer)
        except ValueError as error:
            raise UsageError(f"the reviewer is {reviewer!r:.120}; it takes {error}") from None
        self.session = session or uuid.uuid4().hex
        self.source_id = 0
        self._workspace = workspace
        self._source = source
        self._token = uuid.uuid4().hex
        self._held: list[int] = []
        self.seen = 0
        self._history: list[Row] = []
        self._counts: Row = {}
        self._scores: tuple[int, npt.NDArray[np.float32] | None] = (0, None)

    def begin(self, clip: Ref | None = None, *, source: int | None = None) -> Row:
        """Open the page, or go elsewhere: hand out a run of clips.

        Args:
            clip: begin there, or where it was merged into; the run begins there too, unless the clip is held already.
            source: go to this source.

        Returns:
            Also `clips`, all live ones of the source, and `current`, the clip to show; None where nothing of the source
            is free.

        Raises:
            UnknownReference: there is no such clip or source.
            UsageError: there is nothing to review.
        """
        clip_id = None if clip is None else self._workspace.clip_id(clip)
        wanted, self._source = source if source is not None else self._source, None
        self._history = []
        return self._send(requests.BeginReview(self._seat(), clip_id, wanted))

    def decide(
        self, action: str, clip_ids: Iterable[int], *, op_id: str, versions: Mapping[int, int] | None = None,
        frame: int | None = None, values: Mapping[str, Any] | None = None,
    ) -> Row:  # fmt: skip
        """Decide on clips, as `Workspace.decide` does, and take more clips where few are left.

        A clip that nobody holds may be decided on too; that takes no lease.

        Returns:
            Also `op_id`, `action`, `clips` (touched ones) and `current`, the held clip to decide on next, or None.

        Raises:
            DecisionRefused: with what stands in the way; `ClipLeased` names who holds the clip.
            UsageError: an unknown action, clip or value, or a frame outside of its clip.
        """
        return self._send(
            requests.ReviewDecision(self._seat(), op_id, action, tuple(clip_ids), frame, versions, values)
        )

    def undo(self, op_id: str) -> Row:
        """Take back this reviewer's latest command on the source; not one of another window of his that is open.

        Returns:
            As `decide`; `undid` is the action that was taken back, `undone` the events (`seq`, `action`, `clip_ids`), and
            `current` the clip that it was about. What is pending again is held, if nobody else holds it.
        """
        return self._send(requests.ReviewUndo(self._seat(), op_id))

    def undo_to(self, seq: int, op_id: str) -> Row:
        """Take back this reviewer's commands on the source, newest first, down to and with event `seq`: all or none.

        Those of another window of his that is open are left alone.

        Raises:
            DecisionRefused: with the one that can't be taken back, or why that event is none to go back to.
        """
        return self._send(requests.ReviewUndo(self._seat(), op_id, seq))

    def redo(self, op_id: str) -> Row:
        """Carry out again what this reviewer undid last on the source; `redid` is the action."""
        return self._send(requests.ReviewRedo(self._seat(), op_id))

    def beat(self, *, shown: int | None, active: bool) -> Row:
        """Say that the page lives, every few seconds, and hear what others did.

        Args:
            shown: the clip on the screen; a reload begins there.
            active: something was done at the page since the last beat, be it only playing.
        """
        return self._send(requests.Beat(self._seat(), shown, active))

    def take_over(self, clip_id: int, *, whole_run: bool = False) -> Row:
        """Take a clip from the session that holds it, which hears of it by its next beat.

        Args:
            clip_id: a live clip of the source.
            whole_run: take everything that the other session holds there.

        Returns:
            Also `current`, the clip, and `taken_from`, a name or None.
        """
        return self._send(requests.TakeOver(self._seat(), clip_id, whole_run))

    def give_back(self, after: float = 0) -> None:
        """Let go of all clips.

        Args:
            after: seconds until others get them; a page that goes may only be loaded anew, and then wants to find them.
        """
        self._workspace.catalog.execute(requests.GiveBack(self._seat()._replace(seconds=after)))
        self._held = []

    def next_source(self) -> Row:
        """The end of the queue: what was done on this source, and where there is more to do.

        Returns:
            `source_id`, `title`, `counts` by state, `clips`, `held_by_others` (pending clips), `decisions` of this reviewer
            that stand, his `minutes` without long pauses, and `next`, a row of `sources`, or None.
        """
        sources = self.sources()
        own = next((one for one in sources if one["id"] == self.source_id), None)
        return {
            "source_id": self.source_id, "title": self._workspace.source(self.source_id)["title"], "counts": self._counts,
            "clips": sum(self._counts.values()),
            "held_by_others": own["pending"] - own["free"] if own else 0,
            **work_done(self._workspace.catalog.rows, self.source_id, self.reviewer),
            "next": next((one for one in sources if one["free"] and one["id"] != self.source_id), None),
        }  # fmt: skip

    def sources(self) -> list[Row]:
        """Sources that can be reviewed, the most urgent first: `id`, `title`, `clips`, `pending`, and `free` for this session."""
        now = datetime.now(UTC).replace(tzinfo=None)
        return review_sources(self._workspace.catalog.rows, now, self._token)

    def preferences(self) -> Row:
        """What this reviewer prefers: `fast`, `speed`, `muted`, `preset` and `keys`."""
        return self._workspace.preferences(self.reviewer)

    def prefer(self, values: Mapping[str, Any]) -> Row:
        """Choose some preferences anew; returns all.

        Raises:
            UsageError: there is no such preference, or it takes no such value.
        """
        return self._workspace.prefer(self.reviewer, **values)

    def scores(self) -> npt.NDArray[np.float32] | None:
        """How much each frame looks like a cut, float32[n]: 1 is what the detector asks for. None where that is not stored."""
        if self._scores[0] != self.source_id:
            self._scores = (self.source_id, _cut_scores(self._workspace, self.source_id))
        return self._scores[1]

    def _seat(self) -> requests.Seat:
        settings = self._workspace.settings
        return requests.Seat(
            self.session, self._token, self.reviewer, self.source_id, tuple(self._held), self.seen,
            settings.lease_seconds, settings.lease_clips,
        )  # fmt: skip

    def _send(self, command: requests.ReviewCommand) -> Row:
        answer = self._workspace.catalog.execute(command)
        self.source_id, self._held, self.seen = answer["source_id"], answer["held"], answer["seq"]
        self._counts = answer.get("counts", self._counts)
        self._remember(answer["events"])
        for row in (*answer.get("clips", ()), *answer["changes"]):
            row["score"] = self._score(row["start_frame"])
        return {**answer, "counts": self._counts, "history": [*self._history]}

    def _score(self, frame: int) -> float | None:
        scores = self.scores()
        return None if scores is None or not 0 < frame < len(scores) else round(float(scores[frame]), 3)

    def _remember(self, events: Sequence[Row]) -> None:
        """Put new events before the others. What a page has not got is told again, and is not new here."""
        told = {event["seq"] for event in events}
        older = [one for one in self._history if one["seq"] not in told]
        for event in reversed(events):
            if event["undoes"]:
                undone = {"undone": event["action"] == "undo"}
                older = [{**one, **undone} if one["op_id"] == event["undoes"] else one for one in older]
        self._history = [*events, *older][:HISTORY]


def _cut_scores(workspace: Workspace, source_id: int) -> npt.NDArray[np.float32] | None:
    from heaters.catalog import parquet  # noqa: PLC0415 - numpy only where scores are read
    from heaters.media.content_rules import cut_scores  # noqa: PLC0415

    row = workspace.source(source_id)
    try:
        columns, _ = parquet.read_columns(
            workspace.store_of(row).local_path(row["scores_filepath"]), ("hue", "saturation", "luma")
        )
    except CatalogDamaged:  # `heaters verify` tells; nobody needs scores to decide
        return None
    threshold = json.loads(row["detector_params"] or "{}").get("threshold")
    return cut_scores(**columns, detector=row["detector"], threshold=threshold)
