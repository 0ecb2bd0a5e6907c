/** Label, tags and note of the clip, to be edited in place. */

import { element } from "../../view/element.ts";
import type { ClipRow } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { keepKeys, write } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { Tags } from "./tags.ts";
import { keyOf } from "./words.ts";

export type WordField = "label" | "tags" | "note";

export class Wording implements Region {
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #label = element("input", { type: "text", class: "hb-field", "aria-label": "Label", placeholder: "label", maxlength: 200 });
  readonly #known = element("datalist");
  readonly #note = element("textarea", { class: "hb-field", rows: 2, "aria-label": "Note", maxlength: 4000 });
  readonly #hint = element("small", { class: "hb-quiet hb-ellipsis" });
  readonly #tags: Tags;
  readonly #drawn = { clip: new Changes(), labels: new Changes() };
  #clip: ClipRow | null = null;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#tags = new Tags(surroundings, (tags) => this.#clip && surroundings.acts.annotate({ tags }, this.#clip.id));
    this.#known.id = `hb-labels-${Math.random().toString(36).slice(2)}`;
    this.#label.setAttribute("list", this.#known.id);
    this.#edits(this.#label, "label");
    this.#edits(this.#note, "note");
    const row = element("div", { class: "hb-words-row" }, this.#label, this.#tags.element);
    this.element = element("section", { class: "hb-words", "aria-label": "Label, tags and note" }, row, this.#note, this.#hint, this.#known);
  }

  /** Puts the cursor into a field; Enter or Escape gives the keys back. */
  edit(field: WordField): void {
    const made = { label: this.#label, tags: this.#tags.input, note: this.#note }[field];
    made.focus();
    made.select();
  }

  update({ current, labels, keys }: BoardState): void {
    if (this.#drawn.clip.some(current)) this.#drawClip(current);
    if (this.#drawn.labels.some(labels, keys)) this.#drawLabels(labels, keys);
  }

  #drawClip(current: ClipRow | null): void {
    const other = current?.id !== this.#clip?.id;
    if (other) for (const field of [this.#label, this.#note, this.#tags.input]) this.#finish(field);
    this.#clip = current;
    this.element.toggleAttribute("inert", current === null);
    this.#fill(this.#label, current?.label ?? "");
    this.#fill(this.#note, current?.note ?? "");
    this.#label.title = current?.label ?? "";
    this.#tags.show(current?.tags ?? []);
  }

  #drawLabels(labels: BoardState["labels"], keys: BoardState["keys"]): void {
    this.#known.replaceChildren(...labels.map((value) => element("option", { value })));
    this.#note.placeholder = `note (${keyOf(keys, "note")} writes here, Enter saves)`;
    const hints = labels.slice(0, 9).map((label, place) => `${keyOf(keys, `label${place + 1}`)} ${label}`);
    write(this.#hint, hints.join(" · "), `Keys that label: ${hints.join(", ")}`);
    this.#hint.hidden = hints.length === 0;
  }

  /** A field that is being written in is left alone. */
  #fill(field: HTMLInputElement | HTMLTextAreaElement, value: string): void {
    field.dataset["was"] = value;
    if (!field.matches(":focus")) field.value = value;
  }

  /** What was begun on a clip stays with it when another one comes. */
  #finish(field: HTMLInputElement | HTMLTextAreaElement): void {
    if (field.matches(":focus")) this.#surroundings.focus();
  }

  #edits(field: HTMLInputElement | HTMLTextAreaElement, name: "label" | "note"): void {
    keepKeys(field);
    const back = () => this.#surroundings.focus();
    field.addEventListener("blur", () => {
      const value = field.value.trim();
      if (this.#clip && value !== field.dataset["was"]) this.#surroundings.acts.annotate({ [name]: value || null }, this.#clip.id);
    });
    field.addEventListener("keydown", (pressed) => {
      const event = pressed as KeyboardEvent;
      if (event.isComposing) return;
      if (event.key === "Escape") field.value = field.dataset["was"] ?? "";
      if (event.key !== "Escape" && (event.key !== "Enter" || event.shiftKey)) return;
      event.preventDefault();
      back();
    });
  }
}
