/** Put into the dashboard's page before anything else: notes when the board is drawn, and when its clip's first frame is. */

import { readNumber } from "./barcode.ts";

const watch: { drawn?: number; seen?: number; number?: number } = {};

new MutationObserver((_, observer) => {
  const root = document.querySelector<HTMLElement>(".heaters-board");
  if (!root) return;
  watch.drawn ??= Date.now();
  const canvas = root.querySelector<HTMLCanvasElement>("canvas.hb-picture");
  const named = root.querySelector(".hb-ref")?.textContent?.includes(".") ?? false;
  if (!canvas || !named || root.hasAttribute("data-waiting")) return;
  watch.seen = Date.now();
  watch.number = readNumber(canvas);
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-waiting"] });

Object.assign(window, { watch });
