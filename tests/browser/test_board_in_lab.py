"""The board in a cell of JupyterLab: its keys are its own, and the saved notebook holds nothing secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from board_page import BoardPage
from hosts import lab, notebook
from lab_page import LabPage

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from reels import ReviewRoom

STANDS_IN_ITS_CELL = """question => {
  const [inner, outer] = [question, question.closest(".jp-Cell")].map(one => one.getBoundingClientRect());
  const within = inner.top > outer.top && inner.bottom < outer.bottom && inner.left > outer.left && inner.right < outer.right;
  return within && !question.matches(":modal") && !question.contains(document.activeElement);
}"""
"""Over its own board and nothing else, and whoever types elsewhere goes on."""


def test_a_cell_shows_the_board_that_keeps_its_keys(review: ReviewRoom, page: Page, tmp_path: Path) -> None:
    saved = notebook(tmp_path / "review.ipynb", "")
    board = BoardPage(page)
    with lab(saved, review.root, tmp_path / "jupyter") as host:
        inside = LabPage(page, host.url)
        inside.run(
            "import heaters\nws = heaters.open_workspace()\ndisplay(ws.review(13, clip='13.20', reviewer='zoe'))"
        )
        board.root.wait_for()
        board.wait(60, dialog="fast")
        question = board.root.locator("dialog")
        assert question.evaluate(STANDS_IN_ITS_CELL)
        assert inside.run("print('goes on')") == "goes on"
        board.root.click(position={"x": 30, "y": 30})
        board.press("n").wait_ready("13.20")
        cells = inside.cells
        board.press("d", "d", "c", "v", "y", "z", "0", "0", "m", "m", "x", "Escape").commit("a").wait_ready(
            "13.21"
        )
        board.step_to(204).press("ArrowRight").wait(mode="split").at(205).press("Enter").wait_saved()
        assert inside.cells == cells
        assert [(one["action"], one["frame"]) for one in review.log(13, "zoe")] == [
            ("approve", None),
            ("split", 205),
        ]
        assert inside.run("print(ws.clip('13.20')['state'], ws.clip('13.21')['end_frame'])") == "approved 205"
        page.keyboard.press("Control+s")
        page.wait_for_function("document.title.startsWith('●') === false")
        page.wait_for_timeout(1500)
        text = saved.read_text("utf-8")
        assert "widget-view+json" in text
        for secret in ("heaters/media", "token", "secret", str(review.root), "127.0.0.1", "localhost"):
            assert secret not in text, secret
        assert board.errors == []
