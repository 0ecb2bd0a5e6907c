/** One part of the page: a heading, a tone, and what it has to say. */

import { element } from "../view/element.ts";
import type { PanelName, Tone } from "./trouble.ts";

export type Content = (Node | string)[];

const GLYPHS: Record<Tone, string> = { bad: "×", warn: "!", ok: "✓", plain: "" };
const MEANINGS: Record<Tone, string> = { bad: "trouble", warn: "look at this", ok: "all is well", plain: "" };

/** A sign for a tone, with its meaning for those who do not see it. */
export function sign(tone: Tone): HTMLElement {
  const shown = element("span", { "aria-hidden": true }, GLYPHS[tone]);
  return element("span", { class: `hs-sign hs-${tone}` }, shown, element("span", { class: "hs-spoken" }, MEANINGS[tone]));
}

export class Panel {
  readonly element: HTMLElement;
  readonly body = element("div", { class: "hs-body" });
  readonly #sign = element("span");
  readonly #note = element("span", { class: "hs-note" });
  #drawn = "";

  constructor(name: PanelName, title: string, id: string) {
    const heading = element("h2", { id: `${id}-${name}-title` }, this.#sign, title, this.#note);
    this.element = element(
      "section", { class: `hs-panel hs-${name}`, id: `${id}-${name}`, tabindex: -1, "aria-labelledby": heading.id }, heading, this.body,
    );
  }

  /** Draws anew where the facts are others than before; what had the focus has it again. */
  show(facts: unknown, tone: Tone, note: string, draw: () => Content): void {
    const key = JSON.stringify([facts, tone, note]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.element.dataset["tone"] = tone;
    this.#sign.replaceChildren(...(tone === "plain" ? [] : [sign(tone)]));
    this.#note.textContent = note;
    const root = this.element.getRootNode() as Document | ShadowRoot;
    const focused = this.body.contains(root.activeElement) ? (root.activeElement as HTMLElement).dataset["key"] : undefined;
    this.body.replaceChildren(...draw());
    if (focused) this.body.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }
}

/** A line of the form "name: value". */
export function fact(name: string, ...value: Content): HTMLElement {
  return element("div", { class: "hs-fact" }, element("dt", {}, name), element("dd", {}, ...value));
}

export function facts(...rows: HTMLElement[]): HTMLElement {
  return element("dl", { class: "hs-facts" }, ...rows);
}

export function paragraph(...content: Content): HTMLElement {
  return element("p", {}, ...content);
}

/** A table whose first column names the rows; columns whose head begins with `#` hold numbers. */
export function table(caption: string, heads: readonly string[], rows: readonly Content[][]): HTMLElement {
  const numeric = heads.map((head) => head.startsWith("#"));
  const cell = (content: Content, column: number) => element("td", { class: numeric[column] ? "hs-number" : null }, ...content);
  const head = heads.map((text, column) =>
    element("th", { scope: "col", class: numeric[column] ? "hs-number" : null }, text.replace("#", "")));
  const made = element(
    "table", { class: "hs-table" },
    element("caption", { class: "hs-spoken" }, caption),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
  return element("div", { class: "hs-scroll", tabindex: 0, role: "group", "aria-label": caption }, made);
}

/** Text in which `commands` stand between backticks. */
export function withCommands(text: string): Content {
  return text.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}
