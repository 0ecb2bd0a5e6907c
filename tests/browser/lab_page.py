"""A notebook in JupyterLab, driven as a researcher does: type a cell, run it, read what it prints."""

from __future__ import annotations

from playwright.sync_api import Page


class LabPage:
    """An open notebook; its last cell is empty."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        accept = page.locator(".jp-Dialog .jp-mod-accept")
        page.add_locator_handler(page.locator(".jp-Dialog"), accept.click)
        page.goto(url)
        page.locator(".jp-Notebook-cell").first.wait_for(timeout=60_000)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").first.wait_for(timeout=60_000)

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.page.locator(".jp-Notebook-cell").count()

    def run(self, code: str) -> str:
        """Run code in the last cell, which leaves an empty one below; returns what it printed."""
        number = self.cells - 1
        cell = self.page.locator(".jp-Notebook-cell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(f"{code}\nprint('done')")
        prompt = cell.locator(".jp-InputPrompt")
        while (
            prompt.text_content() == "[ ]:"
        ):  # until the kernel is connected, JupyterLab runs nothing and says nothing
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Shift+Enter")
            self.page.wait_for_timeout(500)
        printed = cell.locator(".jp-OutputArea-output pre")
        printed.filter(has_text="done").first.wait_for(timeout=60_000)
        return "".join(printed.all_text_contents()).replace("done\n", "").strip()
