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
  readonly #drawn = { list: new Changes(), here: new Changes() };
  #listed: readonly SourceChoice[] = [];

  constructor({ acts, focus }: Surroundings) {
    this.element = element("span", { class: "hb-source" }, this.#list);
    keepKeys(this.#list);
    this.#list.addEventListener("change", () => {
      acts.openSource(Number(this.#list.value));
      focus();
    });
  }

  update(state: BoardState): void {
    const { sources, source, counts, clips } = state;
    const same = sources.length === this.#listed.length && sources.every((one, at) => one === this.#listed[at] || one.id === source?.id);
    if (this.#drawn.list.some(same ? this.#listed : sources, source?.id, source?.title)) this.#drawList(state);
    if (!source || !this.#drawn.here.some(sources, source.id, counts.pending, clips.length)) return;
    const [here] = this.#list.selectedOptions;
    if (here) here.textContent = worded({ id: source.id, title: source.title, clips: clips.length, pending: counts.pending });
  }

  /** Each decision makes another row of the source on show; the others stay as they are listed. */
  #drawList({ sources, source }: BoardState): void {
    this.#listed = sources;
    const here = source && !sources.some((one) => one.id === source.id) ? [{ id: source.id, title: source.title, clips: 0, pending: 0 }] : [];
    this.#list.replaceChildren(...[...here, ...sources].map((one) => choice(one)));
    this.element.hidden = this.#list.options.length === 0;
    if (source) this.#list.value = String(source.id);
    this.#list.title = source?.title ?? "";
  }
}

function choice(source: SourceChoice): HTMLOptionElement {
  return element("option", { value: source.id, title: source.title }, worded(source));
}

function worded({ id, title, clips, pending }: SourceChoice): string {
  const left = pending > 0 ? `${pending} of ${clips} left` : "nothing left";
  const short = title.length > 80 ? `${title.slice(0, 79)}…` : title;
  return clips > 0 ? `${id} · ${short} (${left})` : `${id} · ${short}`;
}
