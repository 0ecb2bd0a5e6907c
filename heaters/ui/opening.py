"""What the review page shows while its kernel starts: the keys, so that the seconds are not lost."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

from heaters.ui.hotkeys import BOARD, Hotkey

_STYLE: Final = """<style>
#loading { height: auto !important; padding: 24px 0; }
#loading > :not(.heaters-opening) { display: none !important; }
.heaters-opening { width: min(1100px, 94vw); color: var(--jp-ui-font-color1, CanvasText); font: 14px/1.5 system-ui, sans-serif; }
.heaters-opening h1 { font-size: 20px; margin: 0 0 2px; }
.heaters-opening > p { margin: 0 0 18px; color: var(--jp-ui-font-color2, GrayText); }
.heaters-opening div { columns: 4 220px; column-gap: 28px; }
.heaters-opening section { break-inside: avoid; margin-bottom: 14px; }
.heaters-opening h2 { font-size: 12px; letter-spacing: .06em; text-transform: uppercase; margin: 0 0 4px; }
.heaters-opening dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: 2px 10px; }
.heaters-opening dd { margin: 0; }
.heaters-opening kbd { font: 12px ui-monospace, monospace; border: 1px solid var(--jp-border-color1, GrayText); border-radius: 3px; padding: 0 5px; }
</style>"""  # noqa: E501 - a rule a line
_NAMES: Final = {
    " ": "Space",
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "Escape": "Esc",
}


def review_opening(table: Sequence[Hotkey] = BOARD) -> str:
    """HTML that names every key of a table, under its headings."""
    by_heading = sorted(table, key=lambda one: [other.section for other in table].index(one.section))
    sections = "".join(
        f"<section><h2>{escape(heading)}</h2><dl>{''.join(map(_row, keys))}</dl></section>"
        for heading, keys in groupby(by_heading, key=lambda one: one.section)
    )
    return (
        f'{_STYLE}<div class="heaters-opening"><h1>heaters</h1><p role="status">Opening the review board… '
        f"Meanwhile, its keys:</p><div>{sections}</div></div>"
    )


def _row(hotkey: Hotkey) -> str:
    key = _NAMES.get(hotkey.key, hotkey.key.upper() if len(hotkey.key) == 1 else hotkey.key)
    # `?` needs Shift anyway
    shift = hotkey.shift and (len(hotkey.key) > 1 or hotkey.key.isalpha() or hotkey.key == " ")
    held = f"{'Ctrl+' * hotkey.ctrl}{'Shift+' * shift}"
    return f"<dt><kbd>{escape(held + key)}</kbd></dt><dd>{escape(hotkey.about)}</dd>"
