/** Who did what and when, newest first; a press takes back one's own decisions down to that one. */

import { element } from "../../view/element.ts";
import type { EventRow } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { coloured, eventMark, glyph } from "./marks.ts";
import { press } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { clock, keyOf, plural } from "./words.ts";

const SHOWN = 60;

export class History implements Region {
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #list = element("ol", { class: "hb-events" });
  readonly #hint = element("small", { class: "hb-quiet" });
  readonly #drawn = new Changes();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const head = element("div", { class: "hb-section-head" }, element("b", {}, "History"), this.#hint);
    this.element = element("section", { class: "hb-history", "aria-label": "History" }, head, this.#list);
  }

  update({ history, reviewer, keys }: BoardState): void {
    if (!this.#drawn.some(history, reviewer, keys)) return;
    this.#hint.textContent = `${keyOf(keys, "undo")} undoes the last`;
    const now = new Date();
    const rows = history.slice(0, SHOWN).map((event) => this.#row(event, history, reviewer, now));
    this.#list.replaceChildren(...(rows.length > 0 ? rows : [element("li", { class: "hb-quiet" }, "Nothing has been decided here yet.")]));
  }

  #row(event: EventRow, history: readonly EventRow[], reviewer: string, now: Date): HTMLElement {
    const undoable = event.reviewer === reviewer && !event.undone && event.action !== "undo" && event.action !== "redo";
    const content = contentOf(event, reviewer, now);
    if (!undoable) {
      const why = event.undone ? "Already taken back" : event.reviewer === reviewer ? "" : `Only ${event.reviewer} can take this back`;
      return element("li", { class: event.undone ? "hb-undone" : "", title: `${wordsOf(event)}\n${why}` }, content);
    }
    const later = history.filter((one) => one.seq > event.seq && one.reviewer === reviewer && !one.undone && !["undo", "redo"].includes(one.action));
    const what = later.length === 0 ? "Take this back" : `Take this back, and your ${plural(later.length, "decision")} after it`;
    const button = press(`${what}: ${wordsOf(event)}`, content, () => this.#surroundings.acts.undoTo(event.seq), { title: `${what}\n${wordsOf(event)}` });
    button.append(element("span", { class: "hb-undo", "aria-hidden": true }, glyph("undo"), later.length === 0 ? "undo" : `undo ${later.length + 1}`));
    const row = element("li", {}, button);
    row.dataset["seq"] = String(event.seq);
    button.addEventListener("pointerenter", () => this.#mark(later));
    button.addEventListener("pointerleave", () => this.#mark([]));
    return row;
  }

  /** Shows which rows would be taken back as well. */
  #mark(events: readonly EventRow[]): void {
    const marked = new Set(events.map((one) => String(one.seq)));
    for (const row of this.#list.children) row.classList.toggle("hb-too", marked.has((row as HTMLElement).dataset["seq"] ?? ""));
  }
}

function contentOf(event: EventRow, reviewer: string, now: Date): HTMLElement {
  const mark = eventMark(event.action);
  const who = event.reviewer === reviewer ? "you" : event.reviewer;
  return element(
    "span", { class: "hb-event", style: coloured(mark) },
    element("time", { datetime: event.ts }, clock(event.ts, now)),
    element("span", { class: "hb-who hb-ellipsis" }, who),
    glyph(mark.glyph),
    element("span", { class: "hb-what hb-ellipsis" }, element("b", {}, mark.word), ` ${refsOf(event)}`),
  );
}

function refsOf({ refs, frame }: EventRow): string {
  const shown = refs.length > 3 ? `${refs[0]} … ${refs[refs.length - 1]} (${refs.length})` : refs.join(" ");
  return frame === null ? shown : `${shown} at ${frame}`;
}

function wordsOf(event: EventRow): string {
  const at = event.frame === null ? "" : ` at frame ${event.frame}`;
  return `${event.reviewer}, ${new Date(event.ts).toLocaleString("en-GB")}: ${event.action} ${event.refs.slice(0, 20).join(", ")}${at}`;
}
