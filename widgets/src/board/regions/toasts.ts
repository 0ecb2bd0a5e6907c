/** Short messages at the lower left of the picture: what was done, what others did, what was refused. */

import { element } from "../../view/element.ts";
import type { BoardState, Toast } from "../state.ts";
import { Changes } from "./changes.ts";
import { glyph, type GlyphName } from "./marks.ts";
import { press } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";

const GLYPHS: Record<Toast["kind"], GlyphName> = { done: "check", news: "person", refused: "warning" };
const SHOWN = 4;

export class Toasts implements Region {
  readonly element = element("div", { class: "hb-toasts", role: "log", "aria-live": "polite", "aria-label": "Messages" });
  readonly #surroundings: Surroundings;
  readonly #made = new Map<number, HTMLElement>();
  readonly #drawn = new Changes();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  update({ toasts }: BoardState): void {
    if (!this.#drawn.some(toasts)) return;
    const shown = toasts.slice(-SHOWN);
    for (const [id, made] of this.#made) {
      if (shown.some((one) => one.id === id)) continue;
      made.remove();
      this.#made.delete(id);
    }
    for (const toast of shown.filter((one) => !this.#made.has(one.id))) {
      const made = this.#make(toast);
      this.#made.set(toast.id, made);
      this.element.append(made);
    }
  }

  #make({ id, kind, text }: Toast): HTMLElement {
    const close = press("Put this message away", glyph("close"), () => this.#surroundings.acts.dismiss(id));
    const role = kind === "refused" ? "alert" : null;
    return element("div", { class: "hb-toast", "data-kind": kind, role }, glyph(GLYPHS[kind]), element("span", {}, text), close);
  }
}
