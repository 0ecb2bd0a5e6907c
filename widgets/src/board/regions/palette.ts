/** The colours of board.css for a canvas, which understands no variables. */

import { element } from "../../view/element.ts";

const NAMES = [
  "text", "quiet", "edge", "back", "raised", "accent", "split", "range", "pending", "approved", "skipped", "archived", "exported", "bad",
] as const;

export type ColourName = (typeof NAMES)[number];

export class Palette {
  /** Has to be in the page. */
  readonly element = element("span", { class: "hb-palette", "aria-hidden": true });
  readonly #probes = new Map<string, HTMLElement>();
  readonly #colours = new Map<string, string>();

  /** `changed` is called after a change of theme, whoever made it: each probe has a transition, and its end tells. */
  constructor(changed: () => void) {
    for (const name of NAMES) this.#probes.set(name, element("span", { style: `color: var(--hb-${name})` }));
    this.element.append(...this.#probes.values());
    this.element.addEventListener("transitionend", () => {
      this.#colours.clear();
      changed();
    });
  }

  colour(name: string): string {
    const known = this.#colours.get(name);
    if (known !== undefined) return known;
    const probe = this.#probes.get(name);
    const found = probe ? getComputedStyle(probe).color : "";
    if (found !== "") this.#colours.set(name, found);
    return found;
  }
}
