"""Plots as SVG inside HTML: no script, nothing from the network, and in the colours of the page they stand on."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

CURVE, CUT, HUMAN, GOOD, FAINT = "#4a86c8", "#d1495b", "#8e6bd1", "#2a9d5c", "currentColor"
"""Colours that can be told from each other and read on white and on near-black; text is `currentColor`, the page's own."""
MOST_POINTS: Final = 2000
"""Of a curve. More can't be seen, and each costs 12 bytes of the notebook."""
_WIDTH: Final = 960
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 14, 40
_FONT: Final = 'font-family="system-ui, sans-serif" font-size="12"'

Point = tuple[float, float]


class Shown:
    """Something that a notebook shows: HTML, and one line of text for everything else.

    Args:
        title: the line.
        body: HTML; whoever makes it escapes what comes from outside.
    """

    def __init__(self, title: str, body: str) -> None:
        self.title = title
        self._body = body

    def __repr__(self) -> str:
        return self.title

    def _repr_html_(self) -> str:
        return f'<figure style="margin: 4px 0"><figcaption>{escape(self.title)}</figcaption>{self._body}</figure>'


class Drawing(Shown):
    """A plot.

    JupyterLab 4.6 takes SVG out of notebooks that it does not trust, say reports of scheduled runs, down to the words in it. What is
    left then has no size, and the same drawing as an `<img>`, which browsers leave out of a `<desc>`, is what is seen.

    Args:
        title: the line.
        svg: one `<svg>` element.
    """

    def __init__(self, title: str, svg: str) -> None:
        self._svg = svg
        data = base64.b64encode(self._file().encode("utf-8")).decode("ascii")
        still = f'<img alt="{escape(title)}" width="{_WIDTH}" style="max-width: 100%" src="data:image/svg+xml;base64,{data}"/>'
        whole = svg.replace("</svg>", f"<desc>{still}</desc></svg>")
        super().__init__(title, f'<div style="font-size: 0">{whole}</div>')

    def save(self, path: str | Path) -> Path:
        """Write it as an SVG file, dark on white."""
        Path(path).write_text(self._file(), "utf-8")
        return Path(path)

    def _file(self) -> str:
        head = '<svg xmlns="http://www.w3.org/2000/svg" color="#222" '
        return self._svg.replace("<svg ", head, 1).replace('style="', 'style="background: #fff; ', 1)


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from `low` to `high` on pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a number; those outside stand at the nearer end."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """At most so many round numbers."""
        rough = (self.high - self.low or 1) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [step * number for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


class Plot:
    """Marks on two axes, in the order in which they are added.

    Args:
        x: lowest and highest number, like `y`.
        y: what is higher is cut off at the upper edge.
        names: what the two axes are.
        counts: y is a number of things, so no tick stands between two whole ones.
        height: in pixels of a drawing 960 wide; a page scales it down.
    """

    def __init__(
        self, x: Point, y: Point, names: tuple[str, str], height: int = 240, *, counts: bool = False
    ) -> None:
        self.x = Axis(*x, _LEFT, _WIDTH - _RIGHT)
        self.y = Axis(*y, height - _BOTTOM, _TOP)
        self._height = height
        self._marks: list[str] = []
        self._draw_axes(*names, whole=counts)

    def curve(self, points: Iterable[Point], colour: str, about: str, *, dashed: bool = False) -> None:
        """A line through points."""
        listed = " ".join(f"{self.x.at(x):.1f},{self.y.at(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self._add(
            f'<polyline points="{listed}" fill="none" stroke="{colour}" stroke-width="1.3"{dash}>',
            about,
            "polyline",
        )

    def upright(self, x: float, colour: str, about: str) -> None:
        """A line from bottom to top with a head on it, and a wider one that can't be seen to hover on."""
        place = f'x1="{self.x.at(x):.1f}" x2="{self.x.at(x):.1f}" y1="{self.y.start}" y2="{self.y.end}"'
        lines = f'<line {place} stroke="{colour}" stroke-width="1.3"/><line {place} stroke="{colour}" stroke-width="7" stroke-opacity="0"/>'
        head = " ".join(
            f"{self.x.at(x) + aside:.1f},{self.y.end - up}" for aside, up in ((-5, 11), (5, 11), (0, 2))
        )
        self._add(f'<g>{lines}<polygon points="{head}" fill="{colour}"/>', about, "g")

    def level(self, y: float, colour: str, about: str) -> None:
        """A dashed line from left to right, with its name above it."""
        at = self.y.at(y)
        self._marks.append(
            f'<line x1="{self.x.start}" x2="{self.x.end}" y1="{at:.1f}" y2="{at:.1f}" stroke="{colour}" stroke-dasharray="5 4"/>'
        )
        self._text(self.x.end, at - 5, about, anchor="end", colour=colour)

    def bar(self, left: float, right: float, y: float, about: str, colour: str = CURVE) -> None:
        """A bar that stands on the x axis."""
        a, b, top = self.x.at(left), self.x.at(right), self.y.at(y)
        box = (
            f'x="{a + 1:.1f}" y="{top:.1f}" width="{max(b - a - 2, 1):.1f}" height="{self.y.start - top:.1f}"'
        )
        self._add(f'<rect {box} fill="{colour}" fill-opacity="0.85">', about, "rect")

    def label(self, x: float, y: float, text: str, colour: str = "currentColor") -> None:
        """Words beside a point."""
        self._text(self.x.at(x) + 6, self.y.at(y) - 5, text, colour=colour)

    def drawn(self, title: str) -> Drawing:
        """The plot as it is now."""
        size = (
            f'viewBox="0 0 {_WIDTH} {self._height}" style="width: 100%; max-width: {_WIDTH}px; height: auto"'
        )
        inside = "".join(self._marks)
        return Drawing(title, f'<svg {size} role="img" aria-label="{escape(title)}" {_FONT}>{inside}</svg>')

    def _draw_axes(self, x_name: str, y_name: str, *, whole: bool) -> None:
        for tick in self.x.ticks(10):
            self._text(self.x.at(tick), self.y.start + 16, f"{tick:,.6g}", anchor="middle")
        for tick in (one for one in self.y.ticks(4) if not whole or one == int(one)):
            self._line_of(self.y.at(tick))
            self._text(self.x.start - 6, self.y.at(tick) + 4, f"{tick:,.6g}", anchor="end")
        self._text((self.x.start + self.x.end) / 2, self._height - 6, x_name, anchor="middle")
        middle = (self.y.start + self.y.end) / 2
        turned = f'transform="rotate(-90 13 {middle})"'
        self._text(13, middle, y_name, anchor="middle", more=turned)

    def _line_of(self, y: float) -> None:
        place = f'x1="{self.x.start}" x2="{self.x.end}" y1="{y:.1f}" y2="{y:.1f}"'
        self._marks.append(f'<line {place} stroke="{FAINT}" stroke-opacity="0.18"/>')

    def _add(self, element: str, about: str, name: str) -> None:
        self._marks.append(f"{element}<title>{escape(about)}</title></{name}>")

    def _text(
        self, x: float, y: float, text: str, *, anchor: str = "start", colour: str = "currentColor", more: str = ""
    ) -> None:  # fmt: skip
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {more}'
        self._marks.append(f"<text {place}>{escape(text)}</text>")


def thinned(values: Sequence[float], most: int = MOST_POINTS) -> list[Point]:
    """A curve of one value for each frame in at most so many points: of each stretch the lowest and the highest value.

    A cut is one frame wide, so a mean would lose it.
    """
    if len(values) <= most:
        return [(float(number), float(value)) for number, value in enumerate(values)]
    width = math.ceil(len(values) / (most // 2))
    points: list[Point] = []
    for first in range(0, len(values), width):
        part = [float(value) for value in values[first : first + width]]
        lowest, highest = part.index(min(part)), part.index(max(part))
        points += [(float(first + place), part[place]) for place in sorted({lowest, highest})]
    return points
