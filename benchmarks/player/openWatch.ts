/** Put into the dashboard's page before anything else: notes when the player is drawn, and when its first frame is. */

import { readNumber } from "./barcode.ts";

const watch: { drawn?: number; seen?: number; number?: number } = {};

new MutationObserver((_, observer) => {
  const root = document.querySelector<HTMLElement>(".heaters-player");
  if (!root) return;
  watch.drawn ??= Date.now();
  const canvas = root.querySelector("canvas");
  if (!canvas || !(Number(root.dataset["frame"] ?? -1) >= 0)) return;
  watch.seen = Date.now();
  watch.number = readNumber(canvas);
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-frame"] });

Object.assign(window, { watch });
