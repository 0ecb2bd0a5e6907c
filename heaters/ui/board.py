"""`ReviewBoard`: a reviewer's whole desk in one widget, in JupyterLab, Notebook and Voila."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import anywidget
import traitlets as t

from heaters.domain.nearest import refuse_unknown
from heaters.errors import CatalogError, HeatersError, StoreUnavailable, UsageError
from heaters.review import ReviewSession
from heaters.server.registry import register
from heaters.ui import board_messages, hotkeys, messages
from heaters.ui.player import BUNDLE

if TYPE_CHECKING:
    from heaters.workspace import Ref, Workspace

_FILMS_KEPT: Final = 3
"""Frame indexes in memory; 3 MB for an hour each."""
_RELOAD_SECONDS: Final = 20
"""A page can't tell whether it is closed or loaded anew. With a kernel to start, the latter takes 3 to 15 s."""

Row = dict[str, Any]
Answer = tuple[Row, list[bytes]]


class ReviewBoard(anywidget.AnyWidget):
    """Step through a show and decide on its clips by keyboard.

    Each browser tab that shows it is a session of its own: it holds the run of clips that it works on, and keeps them
    over a reload. What a key does is one `Workspace.decide`.

    Args:
        workspace: an open workspace.
        source: a source's id, to review it first; default: where this reviewer was last, else what is most urgent.
        clip: a clip's id or ref (`"12.47"`), to begin there.
        reviewer: who decides; default: JupyterHub's user, else the setting `reviewer`.

    Raises:
        UnknownReference: there is no such source or clip.
    """

    _esm = BUNDLE

    _widget = t.Unicode("board").tag(sync=True)

    def __init__(
        self, workspace: Workspace, source: int | None = None, *, clip: Ref | None = None, reviewer: str | None = None,
        **traits: Any,
    ) -> None:  # fmt: skip
        self._sessions: dict[str, ReviewSession] = {}  # `close` needs it in any case
        refuse_unknown(traits, ("source", "clip", "reviewer", "layout"), "ReviewBoard")
        if source is not None:
            workspace.source(source)
        super().__init__(**traits)
        self._workspace = workspace
        self._source, self._clip = source, workspace.clip_id(clip) if clip is not None else None
        self._reviewer = reviewer or workspace.settings.reviewer
        self._uuid = register(workspace.root)
        self._films: dict[int, messages.Film] = {}
        self._shows = 0
        weakref.finalize(self, _let_go, self._sessions)  # a kernel may end before its page could say so
        self.on_msg(self._on_message)

    def __repr__(self) -> str:
        return f"ReviewBoard(reviewer={self._reviewer!r})"  # it is saved with the notebook: no path

    def close(self) -> None:
        """Give back what its sessions hold, and end the widget."""
        try:
            for session in self._sessions.values():
                session.give_back()
        finally:
            self._sessions.clear()
            super().close()

    # -- questions of the page ----------------------------------------------------------------------------------------

    def _on_message(self, _widget: object, content: Row, _buffers: list[memoryview]) -> None:
        """Answer a page. What is refused goes back as a sentence; nothing is raised into the kernel's log."""
        try:
            answer, buffers = self._answer(content)
        except HeatersError as error:
            answer, buffers = self._refusal(error, content), []
        except Exception as error:  # noqa: BLE001 - the page must hear of it, or it asks for ever
            told = HeatersError(f"{type(error).__name__}: {error}; `heaters doctor` may know more")
            answer, buffers = self._refusal(told, {}), []
        self.send({**answer, "id": content.get("id")}, buffers)

    def _answer(self, content: Row) -> Answer:
        kind = content.get("kind")
        if kind in messages.BYTES_ASKED:
            return self._bytes(content)
        if kind == "ping":
            return {"kind": "saved"}, []
        if kind == "begin":
            return self._begin(content)
        answer = _ANSWERS.get(str(kind))
        if answer is None:
            raise messages.unknown_question(content)
        session = self._sessions.get(str(content["session"]))
        if session is None:
            raise UsageError("the kernel has been started anew since this page was opened: reload the page")
        session.seen = int(content["seq"])
        return answer(session, content)

    def _bytes(self, content: Row) -> Answer:
        """Answer for bytes; from where the source is by now, if it was moved meanwhile."""
        film = self._film(content["source"])
        try:
            if (
                content["kind"] != "urls"
                or self._workspace.source(film.source["id"])["store"] == film.source["store"]
            ):
                return messages.bytes_asked(film, content)
        except StoreUnavailable:
            pass  # a second time it is told
        return messages.bytes_asked(self._film(content["source"], fresh=True), content)

    def _begin(self, content: Row) -> Answer:
        """Open the page, or another source."""
        name = str(content["session"])
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = ReviewSession(
                self._workspace, reviewer=content.get("reviewer") or self._reviewer, source=self._source, session=name)  # fmt: skip
        clip = content["clip"] or (self._clip if content["source"] is None else None)
        begun = session.begin(clip, source=content["source"])
        self._shows += 1
        row = next((one for one in begun["clips"] if one["id"] == begun["current"]), None)
        film = self._film(begun["source_id"], fresh=True)
        show, buffers = messages.show(
            film, row, row["start_frame"] if row else 0, number=self._shows, workspace_uuid=self._uuid,
            webcodecs=self._workspace.settings.webcodecs_enabled, playing=False)  # fmt: skip
        return {
            **board_messages.place(begun), "kind": "begun", "show": {k: v for k, v in show.items() if k not in {"kind", "clip"}},
            "reviewer": session.reviewer, "session": name, "clips": board_messages.clip_rows(begun["clips"]),
            "current": begun["current"], "sources": session.sources(), "preferences": session.preferences(),
            "presets": hotkeys.presets(),
        }, buffers  # fmt: skip

    def _refusal(self, error: HeatersError, content: Row) -> Row:
        if content.get("kind") in messages.BYTES_ASKED:
            return {"kind": "failed", "message": error.message}
        # who has just waited for the catalog in vain does not wait for it again
        ids = () if isinstance(error, CatalogError) else content.get("clip_ids") or ()
        return board_messages.refusal(error, self._as_they_are(ids))

    def _as_they_are(self, clip_ids: Sequence[int]) -> list[Row]:
        """Rows of some clips; none where the catalog can't be read: the page hears of them by its next beat."""
        if not clip_ids:
            return []
        marks = ", ".join("?" for _ in clip_ids)
        try:
            return self._workspace.catalog.rows(f"SELECT * FROM clips WHERE id IN ({marks})", clip_ids)
        except CatalogError:
            return []

    def _film(self, source_id: int, *, fresh: bool = False) -> messages.Film:
        """The source's film; `fresh` where it may have been prepared again, or moved, since."""
        kept = self._films.pop(source_id, None)
        film = messages.Film.of(self._workspace, source_id) if fresh or kept is None else kept
        if film is not kept:
            register(self._workspace.root, film.places)
        self._films[source_id] = film
        while len(self._films) > _FILMS_KEPT:
            del self._films[next(iter(self._films))]
        return film


def _let_go(sessions: Mapping[str, ReviewSession]) -> None:
    with suppress(HeatersError):  # then they run out
        for session in sessions.values():
            session.give_back(_RELOAD_SECONDS)


def _decide(session: ReviewSession, content: Row) -> Answer:
    return board_messages.decided(session.decide(
        content["action"], content["clip_ids"], op_id=content["op_id"], frame=content["frame"],
        versions={int(one): version for one, version in content["versions"].items()}, values=content["values"],
    )), []  # fmt: skip


def _undo(session: ReviewSession, content: Row) -> Answer:
    return board_messages.decided(session.undo(content["op_id"])), []


def _undo_to(session: ReviewSession, content: Row) -> Answer:
    return board_messages.decided(session.undo_to(content["down_to"], content["op_id"])), []


def _redo(session: ReviewSession, content: Row) -> Answer:
    return board_messages.decided(session.redo(content["op_id"])), []


def _beat(session: ReviewSession, content: Row) -> Answer:
    return board_messages.beaten(session.beat(shown=content["shown"], active=content["active"])), []


def _take_over(session: ReviewSession, content: Row) -> Answer:
    return board_messages.beaten(session.take_over(content["clip_id"], whole_run=True)), []


def _prefer(session: ReviewSession, content: Row) -> Answer:
    session.prefer(content["preferences"])
    return {"kind": "saved"}, []


def _finish(session: ReviewSession, _: Row) -> Answer:
    return {**session.next_source(), "kind": "finished"}, []


def _scores(session: ReviewSession, _: Row) -> Answer:
    return {"kind": "scores"}, [board_messages.scores_as_bytes(session.scores())]


def _leave(session: ReviewSession, _: Row) -> Answer:
    session.give_back(_RELOAD_SECONDS)
    return {"kind": "saved"}, []


_ANSWERS: Final[Mapping[str, Callable[[ReviewSession, Row], Answer]]] = {
    "decide": _decide, "undo": _undo, "undo_to": _undo_to, "redo": _redo, "beat": _beat, "take_over": _take_over,
    "prefer": _prefer, "finish": _finish, "scores": _scores, "leave": _leave,
}  # fmt: skip
