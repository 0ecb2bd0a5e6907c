/** What stands in the picture's place while there is none: loading, nothing to review, the end of the queue. */

import { element } from "../../view/element.ts";
import type { Finished } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { glyph } from "./marks.ts";
import { press } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { tally } from "./tally.ts";
import { keyOf, plural } from "./words.ts";

export class Panel implements Region {
  readonly element = element("div", { class: "hb-panel", role: "status" });
  readonly #surroundings: Surroundings;
  readonly #drawn = new Changes();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  update(state: BoardState): void {
    const { notice, source, current, finished, keys } = state;
    if (!this.#drawn.some(notice, source, current === null, finished, keys)) return;
    const content = this.#content(state);
    this.element.hidden = content.length === 0;
    this.element.replaceChildren(...content);
  }

  #content(state: BoardState): HTMLElement[] {
    if (state.notice !== null) return noticed(state.notice);
    if (state.source === null) return [element("span", { class: "hb-spinner", "aria-hidden": true }), element("p", {}, "Starting the review…")];
    if (state.current !== null) return [];
    if (state.finished !== null) return this.#finished(state.finished, state);
    return [heading("No clip is chosen"), element("p", {}, `${keyOf(state.keys, "goTo")} goes to a ref, frame or timecode.`)];
  }

  #finished(finished: Finished, { source, keys }: BoardState): HTMLElement[] {
    const { decisions, minutes, counts, next } = finished;
    const pace = minutes >= 1 ? ` in ${plural(Math.round(minutes), "minute")}, ${(decisions / minutes).toFixed(1)} a minute` : "";
    const yours = decisions > 0 ? `You made ${plural(decisions, "decision")} here${pace}.` : "You made no decision here.";
    const title = element("h2", {}, glyph("done"), counts.pending > 0 ? "Nothing left for you here" : "All clips are decided");
    const others = counts.pending > 0 ? ` ${plural(counts.pending, "clip")} still with others.` : "";
    const shown = [title, element("p", { class: "hb-quiet hb-ellipsis", title: source?.title ?? "" }, source?.title ?? "")];
    shown.push(element("div", { class: "hb-totals" }, ...tally(counts)), element("p", {}, yours + others));
    return [...shown, next ? this.#next(next, keyOf(keys, "commit")) : element("p", {}, "No other show waits for review."), back(keys)];
  }

  #next(next: NonNullable<Finished["next"]>, key: string): HTMLElement {
    const text = element("span", { class: "hb-ellipsis" }, `Next: ${next.title}`);
    const open = press(`Open ${next.title}`, text, () => this.#surroundings.acts.openSource(next.id), { class: "hb-press hb-primary" });
    open.append(element("small", {}, `${next.pending} left`), element("kbd", {}, key));
    return open;
  }
}

function heading(text: string): HTMLElement {
  return element("h2", {}, text);
}

function back(keys: BoardState["keys"]): HTMLElement {
  return element("p", { class: "hb-quiet" }, `${keyOf(keys, "previousClip")} looks at the last clip again · ${keyOf(keys, "goTo")} goes to any`);
}

/** The first sentence is the heading. */
function noticed(notice: string): HTMLElement[] {
  const end = notice.search(/[.:;] /);
  if (end < 0 || notice.slice(0, end).includes("`")) return [withCommands(notice)];
  const rest = notice.slice(end + 2);
  return [heading(notice.slice(0, end)), withCommands(rest.charAt(0).toUpperCase() + rest.slice(1))];
}

/** Backticks set commands apart. */
function withCommands(text: string): HTMLElement {
  const parts = text.split("`").map((part, place) => (place % 2 === 1 ? element("code", {}, part) : part));
  return element("p", { class: "hb-notice" }, ...parts);
}
