/** All keys, made from the table; printed it is one page. */

import { element } from "../../view/element.ts";
import type { BoardKey, Mode } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import type { DialogBody } from "./dialogs.ts";
import { press } from "./press.ts";
import type { Surroundings } from "./region.ts";
import { keyParts } from "./words.ts";

/** Nine keys that do the same: one row. */
const LABEL = /^label[1-9]$/;
const MODES: Record<Mode, string> = { watch: "watching", split: "split mode", picker: "the picker", range: "a range" };

export class Help implements DialogBody {
  readonly title = "Keys of the review board";
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #about = element("p", { class: "hb-quiet" });
  readonly #sections = element("div", { class: "hb-sections" });
  readonly #drawn = new Changes();
  #keys: readonly BoardKey[] = [];

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const { acts } = surroundings;
    const paper = press("Print this page", "Print", () => printed(this.element), { class: "hb-press hb-plain" });
    const change = press("Change keys", "Change keys…", () => acts.act("remap"), { class: "hb-press hb-plain" });
    const close = press("Close", "Close", () => acts.answer("no"), { class: "hb-press hb-primary" });
    close.append(element("kbd", {}, "Esc"));
    const buttons = element("div", { class: "hb-buttons" }, change, paper, close);
    this.element = element("div", { class: "hb-help" }, this.#about, this.#sections, buttons);
  }

  update({ keys, preferences, labels }: BoardState): void {
    this.#keys = keys;
    if (!this.#drawn.some(keys, preferences.preset, preferences.fast, labels)) return;
    const how = preferences.fast === true
      ? "Fast mode: one key decides and goes on."
      : "Hold a letter: the picture shows what it would do. Enter does it; releasing the letter disarms.";
    const changed = Object.keys(preferences.keys).length;
    this.#about.textContent = `${how} Keys: ${preferences.preset}${changed > 0 ? `, ${changed} changed` : ""}.`;
    const names = [...new Set(keys.map((key) => key.section))];
    this.#sections.replaceChildren(...names.map((name) => section(name, keys.filter((key) => key.section === name), labels)));
  }

  /** The key that opened the page closes it as well. */
  key(event: KeyboardEvent): boolean {
    const own = this.#keys.find((key) => key.action === "help");
    if (event.key !== own?.key || event.repeat) return false;
    event.preventDefault();
    this.#surroundings.acts.answer("no");
    return true;
  }
}

function section(name: string, keys: readonly BoardKey[], labels: readonly string[]): HTMLElement {
  const written = (key: BoardKey) => keyParts(key).flatMap((part, place) => [...(place > 0 ? ["+"] : []), element("kbd", {}, part)]);
  const rows = keys.filter((key) => !LABEL.test(key.action)).map((key) => {
    const where = key.modes.length > 0 && !key.modes.includes("watch") ? ` (in ${key.modes.map((mode) => MODES[mode]).join(" and ")})` : "";
    return row(written(key), key.about, where);
  });
  const numbered = keys.filter((key) => LABEL.test(key.action));
  const [first, last] = [numbered[0], numbered[numbered.length - 1]];
  const known = labels.length > 0 ? labels.slice(0, numbered.length).join(", ") : "none is used in this source yet";
  if (first && last) rows.unshift(row([...written(first), " – ", ...written(last)], "label: ", known));
  return element("section", {}, element("h3", {}, name), element("table", {}, element("tbody", {}, ...rows)));
}

function row(keys: (Node | string)[], about: string, more: string): HTMLElement {
  return element("tr", {}, element("th", { scope: "row" }, ...keys), element("td", {}, about, element("small", { class: "hb-quiet" }, more)));
}

/** Print rules of board.css leave nothing but this in the page. */
function printed(help: HTMLElement): void {
  const host = help.closest("dialog");
  host?.classList.add("hb-printing");
  addEventListener("afterprint", () => host?.classList.remove("hb-printing"), { once: true });
  print();
}
