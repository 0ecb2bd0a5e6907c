"""The notebooks in JupyterLab, light and dark: run, opened again, and in the hands of who does not trust them; and without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from doors import DOORS, FOLDER, filled_in
from driving import open_workspace
from hosts import Host, lab
from nbclient import NotebookClient

from heaters.execution.notebooks import html_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.long

NOTEBOOKS = (*DOORS, "pipeline")
PLOTS = dict(zip(NOTEBOOKS, (2, 1, 0, 0), strict=True))
READY = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN_ALL = "jupyterapp.commands.execute('notebook:run-all-cells')"
ERRORS = "[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"
STILL = "figure img[src^='data:image/svg+xml']"
FAINT = """() => {
  const parts = colour => (colour.match(/[\\d.]+/g) || []).map(one => Number(one) * (colour.startsWith('color') ? 255 : 1));
  const linear = one => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const paper = node => {
    for (; node; node = node.parentElement) {
      const [r, g, b, a = 255] = parts(getComputedStyle(node).backgroundColor);
      if (r !== undefined && a > 0.5) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.querySelector('.jp-Notebook, body'), NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement;
    const output = node.closest('.jp-OutputArea-output, .jp-RenderedHTMLCommon');
    if (!output || !text.data.trim() || !node.getClientRects().length || node.closest('.heaters-board')) continue;
    const style = getComputedStyle(node);
    const ink = parts(node.closest('svg') ? style.fill : style.color);
    const [high, low] = [luminance(ink), luminance(paper(node))].sort((a, b) => b - a);
    if ((high + 0.05) / (low + 0.05) < 3) faint.push(`${text.data.trim()}: ${style.color} on ${paper(node)}`);
  }
  return faint;
}"""
"""Words of outputs, but for the board's own, that stand out from their background by less than 3:1 (WCAG 2.2, 1.4.11)."""
SIZES = "all => all.map(one => one.naturalWidth)"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Iterator[Host]:
    """JupyterLab beside all four, on a film of which something is decided; two were executed elsewhere as well."""
    folder = tmp_path_factory.mktemp("lab")
    workspace = open_workspace(folder / "show", create=True)
    workspace.ingest(film)
    workspace.run()
    workspace.decide("merge", "1.3")
    (folder / "pages").mkdir()
    for name in DOORS:
        nbformat.write(filled_in(name, film, workspace.root), folder / "pages" / f"{name}.ipynb")
    shutil.copy(FOLDER / "pipeline.ipynb", folder / "pages")
    executed(DOORS[1], film, workspace.root, folder / "pages" / "by_night.ipynb")
    with lab(folder / "pages" / f"{DOORS[0]}.ipynb", workspace.root, folder / "jupyter") as host:
        yield host


def executed(name: str, film: Path, workspace: Path, target: Path) -> Path:
    """A notebook that ran where no JupyterLab knows of it."""
    shutil.copytree(workspace, target.with_suffix(""))
    notebook = filled_in(name, film, target.with_suffix(""))
    NotebookClient(notebook, timeout=120).execute()
    nbformat.write(notebook, target)
    return target


def opened(page: Page, host: Host, name: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.goto(host.url.replace(DOORS[0], name))
    page.wait_for_function(READY, timeout=60_000)


def in_theme(page: Page, theme: str) -> None:
    """Choose the colours of JupyterLab."""
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'Light').lower()}'")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_to_its_end_and_shows_the_same_when_it_is_opened_again(
    name: str, doors: Host, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 6000})  # JupyterLab draws only cells that are in sight
    opened(page, doors, name)
    assert page.evaluate(RUN_ALL) is True
    assert page.locator(ERRORS).all_text_contents() == []
    plots = page.locator("figure svg[role=img]")
    assert plots.count() == PLOTS[name] + (name == DOORS[1])  # the slider's own
    for theme in ("Dark", "Light"):
        in_theme(page, theme)
        assert page.evaluate(FAINT) == []
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    opened(page, doors, name)
    page.locator(".jp-OutputArea-output table").first.wait_for()
    assert plots.count() >= PLOTS[name]
    assert page.locator(STILL).filter(visible=True).count() == 0
    sizes = page.eval_on_selector_all(".jp-OutputArea-output img[src^='data:image/webp']", SIZES)
    assert min(sizes, default=1) > 0
    assert (len(sizes) > 3) == (name in DOORS[:2])


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_who_does_not_trust_a_notebook_sees_its_plots_all_the_same(
    theme: str, doors: Host, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 6000})
    opened(page, doors, "by_night")
    in_theme(page, theme)
    page.locator(STILL).first.wait_for()
    assert page.locator("figure svg").count() == 0  # so nothing here is trusted
    assert min(page.eval_on_selector_all(STILL, SIZES)) > 0
    words = page.locator("figure div:has(> img[src^='data:image/svg+xml'])")
    assert set(words.evaluate_all("all => all.map(one => getComputedStyle(one).fontSize)")) == {"0px"}
    assert min(page.eval_on_selector_all("figure img[src^='data:image/webp']", SIZES)) > 0
    assert page.evaluate(FAINT) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_without_code_shows_all_plots_and_pictures_without_a_network(
    theme: str, chromium: Browser, doors: Host, tmp_path: Path
) -> None:
    html_report(doors.folder.parent / "pages" / "by_night.ipynb", tmp_path / "page.html")
    context = chromium.new_context(offline=True, color_scheme=theme)
    page, asked = context.new_page(), list[str]()
    page.on("requestfailed", lambda one: asked.append(one.url))
    page.goto((tmp_path / "page.html").as_uri())
    assert page.locator("figure svg polyline").first.is_visible()
    assert min(page.eval_on_selector_all("figure img[src^='data:image/webp']", SIZES)) > 0
    assert page.locator(STILL).filter(visible=True).count() == 0
    assert page.evaluate(FAINT) == []
    assert asked == []
    context.close()
