/** What anywidget loads: each widget of `heaters.ui` in the page, told apart by its trait `_widget`. */

import { boardCss } from "./board/boardView.ts";
import { BoardWidget } from "./board/boardWidget.ts";
import type { Channel } from "./status/line.ts";
import { StatusView } from "./status/statusView.ts";
import statusCss from "./status/style.css";
import type { Model } from "./view/model.ts";
import { PlayerView } from "./view/playerView.ts";
import playerCss from "./view/style.css";

/** Of what the bundle is made; `build.mjs` puts it in. */
declare const SOURCE_HASH: string;

/** A widget's own traits are its view's business. */
type Any = Model & Channel & { get(name: "_widget"): string | undefined };

interface Kind {
  css: string;
  view(el: HTMLElement, model: Any, baseUrl: string): { dispose(): void };
}

const PLAYER: Kind = { css: playerCss, view: (el, model, base) => new PlayerView(el, model, base) };
const KINDS: Record<string, Kind> = {
  board: { css: boardCss, view: (el, model, base) => new BoardWidget(el, model, base, isPage()) },
  status: { css: statusCss, view: (el, model, base) => new StatusView(el, model, base) },
};

/** Voila names the kernel of the page; elsewhere a board is one cell of many. */
function isPage(): boolean {
  return (document.getElementById("jupyter-config-data")?.textContent ?? "").includes('"kernelId"');
}

/** Where heaters' server answers: the base of the page, which JupyterHub and proxies may prefix. */
function baseUrl(): string {
  const config = document.getElementById("jupyter-config-data")?.textContent;
  try {
    const { baseUrl: path } = JSON.parse(config ?? "{}") as { baseUrl?: string };
    return new URL(path ?? "/", location.href).href;
  } catch {
    return new URL("/", location.href).href;
  }
}

function addStyle(root: Document | ShadowRoot, css: string): void {
  const selector = css.slice(0, css.indexOf(" "));
  if (root.adoptedStyleSheets.some((sheet) => sheet.cssRules[0]?.cssText.startsWith(selector))) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}

function render({ model, el }: { model: Any; el: HTMLElement }): () => void {
  const kind = KINDS[model.get("_widget") ?? ""] ?? PLAYER;
  const root = el.getRootNode();
  addStyle(root instanceof ShadowRoot ? root : document, kind.css);
  const view = kind.view(el, model, baseUrl());
  el.dataset["heatersWidgets"] = SOURCE_HASH;
  return () => view.dispose();
}

export default { render };
