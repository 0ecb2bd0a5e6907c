/** The list of sources. A native list: it has type-ahead, works by keyboard, and takes 500 rows. */

import { element } from "../../view/element.ts";
import type { SourceChoice } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { keepKeys } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";

export class SourceChooser implements Region {
  readonly element: HTMLElement;
  readonly #list = element("select", { "aria-label": "Source", class: "hb-field" });
  readonly #drawn = new Changes();

  constructor({ acts, focus }: Surroundings) {
    this.element = element("span", { class: "hb-source" }, this.#list);
    keepKeys(this.#list);
    this.#list.addEventListener("change", () => {
      acts.openSource(Number(this.#list.value));
      focus();
    });
  }

  update({ sources, source }: BoardState): void {
    if (!this.#drawn.some(sources, source?.id, source?.title)) return;
    const here = source && !sources.some((one) => one.id === source.id) ? [{ id: source.id, title: source.title, clips: 0, pending: 0 }] : [];
    this.#list.replaceChildren(...[...here, ...sources].map((one) => choice(one)));
    this.element.hidden = this.#list.options.length === 0;
    if (source) this.#list.value = String(source.id);
    this.#list.title = source?.title ?? "";
  }
}

function choice({ id, title, clips, pending }: SourceChoice): HTMLOptionElement {
  const left = pending > 0 ? `${pending} of ${clips} left` : "nothing left";
  const short = title.length > 80 ? `${title.slice(0, 79)}…` : title;
  return element("option", { value: id, title }, clips > 0 ? `${id} · ${short} (${left})` : `${id} · ${short}`);
}
