/** Changes keys: a preset, and single keys on top of it. What clashes is said, and nothing is changed. */

import { element } from "../../view/element.ts";
import type { BoardKey } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import type { DialogBody } from "./dialogs.ts";
import { keepKeys, press, write } from "./press.ts";
import type { Surroundings } from "./region.ts";
import { keyParts } from "./words.ts";

const MODIFIERS = new Set(["Shift", "Control", "Meta", "Alt", "AltGraph", "CapsLock"]);

export class Remap implements DialogBody {
  readonly title = "Change keys";
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #presets = element("select", { class: "hb-field", "aria-label": "Preset" });
  readonly #clash = element("p", { class: "hb-warned", role: "alert" });
  readonly #rows = element("tbody");
  readonly #drawn = new Changes();
  /** The action that waits for its new key. */
  #waiting: string | null = null;
  #changed: Record<string, string> = {};

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const { acts } = surroundings;
    keepKeys(this.#presets, ["Enter", " "]);
    this.#presets.addEventListener("change", () => acts.prefer({ preset: this.#presets.value }));
    const reset = press("All keys as the preset has them", "Undo all changes", () => acts.prefer({ keys: {} }), { class: "hb-press hb-plain" });
    const close = press("Close", "Done", () => acts.answer("no"), { class: "hb-press hb-primary" });
    close.append(element("kbd", {}, "Esc"));
    const top = element("div", { class: "hb-goto" }, element("label", {}, "Preset ", this.#presets), reset);
    const table = element("div", { class: "hb-scroll" }, element("table", {}, element("colgroup", {}, element("col"), element("col")), this.#rows));
    this.element = element("div", { class: "hb-remap" }, top, this.#clash, table, element("div", { class: "hb-buttons" }, close));
  }

  update({ keys, presets, preferences, dialog }: BoardState): void {
    const clash = dialog?.kind === "remap" ? dialog.clash : "";
    this.#clash.hidden = clash === "";
    write(this.#clash, clash);
    this.#changed = preferences.keys;
    if (!this.#drawn.some(keys, presets, preferences.preset, preferences.keys, this.#waiting)) return;
    this.#presets.replaceChildren(...presets.map((name) => element("option", { value: name }, name)));
    this.#presets.value = preferences.preset;
    this.#drawRows(keys);
  }

  /** While an action waits, the next key is its own; Escape leaves it as it was. */
  key(event: KeyboardEvent): boolean {
    const action = this.#waiting;
    if (action === null) return false;
    event.preventDefault();
    if (MODIFIERS.has(event.key)) return true;
    this.#wait(null);
    if (event.key === "Escape") return true;
    const written = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.shiftKey ? "Shift+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    this.#surroundings.acts.prefer({ keys: { ...this.#changed, [action]: written } });
    return true;
  }

  #drawRows(keys: readonly BoardKey[]): void {
    let section = "";
    const rows: HTMLElement[] = [];
    for (const key of keys) {
      if (key.section !== section) rows.push(element("tr", {}, element("th", { colspan: 2 }, key.section)));
      section = key.section;
      rows.push(this.#row(key));
    }
    this.#rows.replaceChildren(...rows);
  }

  #row(key: BoardKey): HTMLElement {
    const name = keyParts(key).join("+");
    const button = press(`${key.about}: ${name}. Press to change`, name, () => this.#wait(key.action), { class: "hb-press hb-plain hb-key" });
    button.dataset["action"] = key.action;
    button.classList.toggle("hb-changed", key.action in this.#changed);
    return element("tr", {}, element("td", {}, key.about), element("td", {}, button));
  }

  #wait(action: string | null): void {
    for (const button of this.#rows.querySelectorAll<HTMLElement>("button.hb-key")) {
      const own = button.dataset["action"] === action;
      if (own) button.dataset["was"] = button.textContent ?? "";
      if (own || button.classList.contains("hb-waiting")) button.textContent = own ? "press a key…" : (button.dataset["was"] ?? "");
      button.classList.toggle("hb-waiting", own);
    }
    this.#waiting = action;
  }
}
