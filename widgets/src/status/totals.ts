/** What the work has cost so far: seconds and bytes by stage, bytes by kind of file. */

import { element } from "../view/element.ts";
import { type Content, type Panel, paragraph, table } from "./panel.ts";
import type { FileTotals, StageTotals } from "./protocol.ts";
import { bytes, count, plain, span } from "./words.ts";

export function drawTotals(panel: Panel, stages: readonly StageTotals[], files: readonly FileTotals[]): void {
  const all = files.reduce((sum, one) => sum + one.bytes, 0);
  panel.show([stages, files], "plain", all ? `${bytes(all)} in the store` : "", () => {
    if (!stages.length && !files.length) return [paragraph("No work has been done yet.")];
    const work = stages.map((one): Content[] => [
      [one.stage], [count(one.done)], [one.failed ? element("b", {}, count(one.failed)) : "0"], [span(one.seconds)],
      [one.median_seconds === null ? "" : span(one.median_seconds)], [bytes(one.bytes)],
    ]);
    const kinds = files.map((one): Content[] => [
      [plain(one.kind)], [one.storage_class.toLowerCase()], [count(one.files)], [bytes(one.bytes)],
      [share(all ? one.bytes / all : 0)],
    ]);
    return [element(
      "div", { class: "hs-pair" },
      table("Work by stage", ["stage", "#done", "#failed", "#time", "#usual", "#written"], work),
      table("Files by kind", ["kind", "class", "#files", "#bytes", ""], kinds),
    )];
  });
}

function share(part: number): HTMLElement {
  return element("span", { class: "hs-share", "aria-hidden": true }, element("span", { style: `width: ${(part * 100).toFixed(1)}%` }));
}
