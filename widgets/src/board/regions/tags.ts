/** Tags as small pieces, and a field that adds more. */

import { element } from "../../view/element.ts";
import { glyph } from "./marks.ts";
import { keepKeys, press } from "./press.ts";
import type { Surroundings } from "./region.ts";

export class Tags {
  readonly element: HTMLElement;
  readonly input = element("input", { type: "text", class: "hb-field", "aria-label": "Add tags, parted by commas", placeholder: "+ tag", maxlength: 200 });
  readonly #pieces = element("span", { class: "hb-pieces", role: "list", "aria-label": "Tags" });
  readonly #changed: (tags: string[]) => void;
  readonly #focus: () => void;
  #tags: readonly string[] = [];

  constructor({ focus }: Surroundings, changed: (tags: string[]) => void) {
    this.#changed = changed;
    this.#focus = focus;
    this.element = element("div", { class: "hb-tags" }, this.#pieces, this.input);
    keepKeys(this.input);
    this.input.addEventListener("blur", () => this.#add());
    this.input.addEventListener("keydown", (event) => this.#key(event));
  }

  show(tags: readonly string[]): void {
    if (tags.length === this.#tags.length && tags.every((tag, place) => tag === this.#tags[place])) return;
    this.#tags = tags;
    this.#pieces.replaceChildren(...tags.map((tag) => this.#piece(tag)));
  }

  #piece(tag: string): HTMLElement {
    const away = press(`Remove the tag ${tag}`, glyph("close"), () => this.#changed(this.#tags.filter((one) => one !== tag)));
    return element("span", { class: "hb-tag", role: "listitem", title: tag }, element("span", { class: "hb-ellipsis" }, tag), away);
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") this.input.value = "";
    const last = this.#tags[this.#tags.length - 1];
    if (event.key === "Backspace" && this.input.value === "" && last !== undefined) this.#changed(this.#tags.slice(0, -1));
    const [comma, leaves] = [event.key === ",", event.key === "Enter" || event.key === "Escape"];
    if (!comma && !leaves) return;
    event.preventDefault();
    if (comma) this.#add();
    else this.#focus();
  }

  #add(): void {
    const more = this.input.value.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "" && !this.#tags.includes(tag));
    this.input.value = "";
    if (more.length > 0) this.#changed([...new Set([...this.#tags, ...more])]);
  }
}
