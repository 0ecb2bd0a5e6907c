"""What a browser shows: the player on the page, and the number on its canvas."""

from __future__ import annotations

from typing import Any

from numbered_films import BITS
from playwright.sync_api import ConsoleMessage, Locator, Page

READ_NUMBER = """(canvas, bits) => {
  const [width, height] = [canvas.width, canvas.height];
  const copy = new OffscreenCanvas(width, height);
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const mean = (left, top, right, bottom) => {
    const [x, y] = [Math.floor(left), Math.floor(top)];
    const pixels = context.getImageData(x, y, Math.max(1, Math.ceil(right) - x), Math.max(1, Math.ceil(bottom) - y)).data;
    let sum = 0;
    for (let at = 0; at < pixels.length; at += 4) sum += 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
    return sum / (pixels.length / 4);
  };
  const levels = [];
  for (let place = 0; place < bits; place++) {
    const x = ((place + 0.5) * width) / bits;
    levels.push(mean(x - 1, height / 8, x + 1, (height * 3) / 8));
  }
  const upright = mean(0, height * 0.9, width / 14, height - 1) > 180 && mean(width * 0.9, height * 0.9, width - 1, height - 1) < 170;
  const sharp = levels.every((level) => level < 80 || level > 170);
  return upright && sharp ? parseInt(levels.map((level) => (level > 125 ? "1" : "0")).join(""), 2) : -1;
}"""
"""The number in the picture by the rules of `numbered_films.read_number`; -1 where it is turned, or no such picture."""


class Watched:
    """One player on a page."""

    def __init__(self, page: Page, root: Locator | None = None) -> None:
        self.page = page
        self.root = root or page.locator(".heaters-player").first

    def wait_ready(self, seconds: float = 60) -> Watched:
        """Wait until the first frame is on the canvas."""
        self.root.wait_for(timeout=seconds * 1000)
        self.page.wait_for_function(
            "root => root.dataset.status === 'ready' && Number(root.dataset.frame) >= 0", arg=self.root.element_handle(),
            timeout=seconds * 1000,
        )  # fmt: skip
        return self

    @property
    def frame(self) -> int:
        """The frame that the player says is on the canvas."""
        return int(self.root.get_attribute("data-frame") or -1)

    @property
    def status(self) -> str:
        """`loading`, `ready`, `lost` or `failed`."""
        return str(self.root.get_attribute("data-status"))

    @property
    def message(self) -> str:
        """What it says over the picture."""
        return str(self.root.locator(".hp-veil").text_content())

    def wait_for_status(self, status: str, seconds: float = 15) -> None:
        """Wait until it says so."""
        self.page.wait_for_function(
            "([root, status]) => root.dataset.status === status", arg=[self.root.element_handle(), status],
            timeout=seconds * 1000,
        )  # fmt: skip

    @property
    def kind(self) -> str:
        """The name of the player that runs."""
        return str(self.root.locator(".hp-kind").text_content())

    @property
    def number(self) -> int:
        """The number in the picture on the canvas."""
        return int(self.root.locator("canvas.hp-picture").evaluate(READ_NUMBER, BITS))

    def seek(self, frame: int) -> int:
        """Drag the line to a frame, wait until the player says that it is there; returns the number in the picture."""
        self.root.locator("input[type=range]").evaluate(
            "(line, frame) => { line.value = frame; line.dispatchEvent(new Event('input')) }", frame
        )
        self.wait_for_frame(frame)
        return self.number

    def wait_for_frame(self, frame: int, seconds: float = 15) -> None:
        """Wait until the player says that this frame is on the canvas."""
        self.page.wait_for_function(
            "([root, frame]) => root.dataset.frame === String(frame)", arg=[self.root.element_handle(), frame],
            timeout=seconds * 1000,
        )  # fmt: skip

    def press(self, *keys: str) -> None:
        """Press keys while the player has the focus."""
        self.root.focus()
        for key in keys:
            self.page.keyboard.press(key)


OF_JUPYTERLAB = ("Could not restore the debugger state",)
"""What JupyterLab 4.6 says of itself where a page is left early."""


def console_of(page: Page) -> list[str]:
    """Collects errors of the page from now on."""
    errors: list[Any] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(OF_JUPYTERLAB):
            errors.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
