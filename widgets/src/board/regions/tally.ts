/** How many clips are left, approved, skipped and archived. */

import { element } from "../../view/element.ts";
import type { ClipState, Counts } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { coloured, glyph, STATES } from "./marks.ts";
import type { Region } from "./region.ts";

const ALWAYS: readonly ClipState[] = ["pending", "approved", "skipped", "archived"];
/** Shown only where there are some. */
const SOMETIMES: readonly ClipState[] = ["exporting", "exported", "export_failed"];

export class Tally implements Region {
  readonly element = element("span", { class: "hb-tally" });
  readonly #drawn = new Changes();

  update({ counts, source }: BoardState): void {
    if (!this.#drawn.some(source === null, ...Object.values(counts))) return;
    this.element.replaceChildren(...(source === null ? [] : tally(counts)));
  }
}

/** One element for each state that is worth a word; `pending` is how those that are left are called. */
export function tally(counts: Counts, pending = "left"): HTMLElement[] {
  const shown = [...ALWAYS, ...SOMETIMES.filter((state) => counts[state] > 0)];
  return shown.map((state) => {
    const word = state === "pending" ? pending : STATES[state].word;
    const words = element("span", { class: "hb-word" }, word);
    const attributes = { class: "hb-count", style: coloured(STATES[state]), title: `${counts[state]} ${word}` };
    return element("span", attributes, glyph(STATES[state].glyph), element("b", {}, counts[state].toLocaleString("en")), words);
  });
}
