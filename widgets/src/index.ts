/** What anywidget loads: `heaters.ui.player.ReviewPlayer` in the page. */

import type { Model } from "./view/model.ts";
import { PlayerView } from "./view/playerView.ts";
import css from "./view/style.css";

/** Of what the bundle is made; `build.mjs` puts it in. */
declare const SOURCE_HASH: string;

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

function addStyle(root: Document | ShadowRoot): void {
  const sheets = root.adoptedStyleSheets;
  if (sheets.some((sheet) => sheet.cssRules[0]?.cssText.includes(".heaters-player"))) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...sheets, sheet];
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const root = el.getRootNode();
  addStyle(root instanceof ShadowRoot ? root : document);
  const view = new PlayerView(el, model, baseUrl());
  el.dataset["heatersWidgets"] = SOURCE_HASH;
  return () => view.dispose();
}

export default { render };
