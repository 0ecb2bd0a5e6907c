"""What `ReviewBoard` answers a page that asks it for something in a bad moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from driving import open_workspace
from rooms import leases, op_id

from heaters.catalog.direct import DirectCatalog
from heaters.ui.board import ReviewBoard

if TYPE_CHECKING:
    from heaters import Workspace


class Page:
    """A board, and a page that asks it."""

    def __init__(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.board = ReviewBoard(ws, reviewer="ana")
        self._answers: list[dict[str, Any]] = []
        monkeypatch.setattr(self.board, "send", lambda content, _buffers=None: self._answers.append(content))
        self._seq = 0

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        self._answers.clear()
        self.board._handle_custom_msg(
            {"id": 7, "kind": kind, "session": "tab", "seq": self._seq, **content}, []
        )
        (answer,) = self._answers
        assert answer["id"] == 7
        self._seq = answer.get("seq", self._seq)
        return answer

    def begin(self) -> dict[str, Any]:
        return self.ask("begin", clip=None, source=None, reviewer=None)

    def approve(self, clip: int) -> dict[str, Any]:
        return self.ask(
            "decide", action="approve", clip_ids=[clip], op_id=op_id(), frame=None, versions={str(clip): 1}, values={}
        )  # fmt: skip


def test_a_catalog_that_somebody_keeps_is_told_and_the_decision_can_be_sent_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(open_workspace(ws.root, lock_seconds=0.2), monkeypatch)
    page.begin()
    with DirectCatalog(ws.root / "catalog").reading():
        refused = page.approve(1)

    assert (refused["kind"], refused["type"], refused["clips"]) == ("refused", "CatalogLocked", [])
    assert page.approve(1)["kind"] == "decided"


def test_a_refusal_brings_the_clip_as_it_is(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(ws, monkeypatch)
    page.begin()
    ws.decide("archive", "1.1", reviewer="ana")
    refused = page.approve(1)

    assert (refused["kind"], refused["type"]) == ("refused", "StaleVersion")
    assert [(row["id"], row["state"], row["version"]) for row in refused["clips"]] == [(1, "archived", 2)]


def test_a_page_that_goes_lets_its_clips_go_and_a_board_that_is_closed_does_at_once(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(ws, monkeypatch)
    page.begin()
    assert page.ask("leave")["kind"] == "saved"
    assert set(leases(ws)) == {1, 2, 3}
    page.board.close()
    assert leases(ws) == {}
