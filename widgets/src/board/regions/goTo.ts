/** Goes to a ref, a frame or a timecode. */

import { element } from "../../view/element.ts";
import type { BoardState } from "../state.ts";
import type { DialogBody } from "./dialogs.ts";
import { press, write } from "./press.ts";
import type { Surroundings } from "./region.ts";

export class GoTo implements DialogBody {
  readonly title = "Go to";
  readonly element: HTMLElement;
  readonly first = element("input", { type: "text", class: "hb-field", "aria-label": "Ref, frame or timecode", placeholder: "12.47, 4512 or 00:03:08:00", autocomplete: "off", spellcheck: "false" });
  readonly #message = element("p", { class: "hb-warned", role: "alert" });
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const go = press("Go", "Go", () => this.enter(), { class: "hb-press hb-primary" });
    go.append(element("kbd", {}, "Enter"));
    const hint = element("p", { class: "hb-quiet" }, "A clip by its ref or number, a frame of the source, or a timecode.");
    this.element = element("div", { class: "hb-question" }, element("div", { class: "hb-goto" }, this.first, go), this.#message, hint);
  }

  update({ dialog }: BoardState): void {
    const message = dialog?.kind === "goto" ? dialog.message : "";
    this.#message.hidden = message === "";
    write(this.#message, message);
    this.first.setAttribute("aria-invalid", String(message !== ""));
  }

  enter(): void {
    const text = this.first.value.trim();
    if (text !== "") this.#surroundings.acts.goTo(text);
  }
}
