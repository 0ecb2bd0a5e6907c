from __future__ import annotations

from html import escape

import pytest

from heaters.ui import hotkeys
from heaters.ui.hotkeys import BOARD, Hotkey
from heaters.ui.opening import review_opening


@pytest.mark.parametrize("preset", hotkeys.presets())
def test_in_no_preset_has_one_key_two_meanings_at_a_time(preset: str) -> None:
    table = tuple(Hotkey(**row) for row in hotkeys.presets()[preset])
    assert hotkeys.clashes(table) == []
    assert {one.action for one in table} == {one.action for one in BOARD}


def test_a_key_may_mean_two_things_in_two_modes() -> None:
    watch, split = Hotkey("a", "x", "", modes=("watch",)), Hotkey("b", "x", "", modes=("split",))
    assert hotkeys.clashes((watch, split)) == []
    everywhere = Hotkey("c", "x", "")
    assert hotkeys.clashes((watch, split, everywhere)) == [(watch, everywhere), (split, everywhere)]
    assert hotkeys.clashes((watch, Hotkey("c", "x", "", shift=True))) == []


def test_the_page_that_opens_names_every_key() -> None:
    page = review_opening()
    for one in BOARD:
        assert escape(one.about) in page
    assert page.count("<dt>") == len(BOARD)
