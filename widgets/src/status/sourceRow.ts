/** One line of the sources table; drawn anew only where its facts are others. */

import { element } from "../view/element.ts";
import type { ReviewLink } from "./failures.ts";
import type { SourceLine } from "./protocol.ts";
import type { Tone } from "./trouble.ts";
import { sign } from "./panel.ts";
import { count, length, plain } from "./words.ts";

/** In the order of the bar. */
const CLIP_STATES = ["exported", "exporting", "approved", "skipped", "archived", "export_failed", "pending"];

export class SourceRow {
  readonly element = element("tr");
  readonly #link: ReviewLink;
  #drawn = "";
  #text = "";

  constructor(link: ReviewLink) {
    this.#link = link;
  }

  update(line: SourceLine): void {
    const key = JSON.stringify(line);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const { id, title, state, duration, clips, error } = line;
    this.#text = `${id} ${title} ${plain(state)} ${state} ${error ?? ""}`.toLowerCase();
    const reviewed = state === "ready" && this.#link ? this.#link(id) : null;
    const name = reviewed ? element("a", { href: reviewed, class: "hs-title", title: `Review ${title}` }, title) : element("span", { class: "hs-title", title }, title);
    this.element.replaceChildren(
      element("td", { class: "hs-number" }, String(id)),
      element("td", {}, name),
      element("td", {}, sign(toneOf(state)), " ", plain(state)),
      element("td", { class: "hs-number" }, duration === null ? "" : length(duration)),
      element("td", {}, bar(clips)),
      element("td", {}, element("span", { class: "hs-title", title: error ?? "" }, error ?? "")),
    );
  }

  /** Whether all words are in it. */
  means(words: readonly string[]): boolean {
    return words.every((word) => this.#text.includes(word));
  }
}

function toneOf(state: string): Tone {
  if (state.endsWith("_failed")) return "bad";
  return state === "parked" ? "warn" : state === "ready" ? "ok" : "plain";
}

/** The clips of a source by state, as a bar with words. */
function bar(clips: Readonly<Record<string, number>>): HTMLElement | string {
  const parts = CLIP_STATES.flatMap((state) => (clips[state] ? [[state, clips[state]] as const] : []));
  const all = parts.reduce((sum, [, number]) => sum + number, 0);
  if (all === 0) return "";
  const about = parts.map(([state, number]) => `${count(number)} ${plain(state)}`).join(", ");
  const pending = clips["pending"] ?? 0;
  const text = pending ? `${count(pending)} of ${count(all)} pending` : `${count(all)} decided`;
  const pieces = parts.map(([state, number]) => element("span", { class: `hs-part hs-of-${state}`, style: `flex-grow: ${number}` }));
  const shown = element("span", { class: "hs-clip-bar", "aria-hidden": true }, ...pieces);
  return element("span", { class: "hs-clips", title: about }, shown, element("span", {}, text), element("span", { class: "hs-spoken" }, `: ${about}`));
}
