/** The first line: which source and clip, what is left, who reviews, whether all is saved, and what plays. */

import { element } from "../../view/element.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { coloured, glyph, STATES } from "./marks.ts";
import { press, write } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { SourceChooser } from "./sourceChooser.ts";
import { Tally } from "./tally.ts";
import { keyOf } from "./words.ts";

export class Header implements Region {
  readonly element: HTMLElement;
  readonly #sources: SourceChooser;
  readonly #tally = new Tally();
  readonly #ref = element("b", { class: "hb-ref" });
  readonly #chip = element("span", { class: "hb-chip" });
  readonly #place = element("span", { class: "hb-place" });
  readonly #reviewer = element("span", { class: "hb-reviewer" });
  readonly #saved = element("span", { class: "hb-saved" });
  readonly #player = element("span", { class: "hb-player" });
  readonly #fast: HTMLButtonElement;
  readonly #help: HTMLButtonElement;
  /** Tells a screen reader of the clip that has come; sight has it all around. */
  readonly #spoken = element("span", { class: "hb-spoken", role: "status", "aria-live": "polite" });
  readonly #drawn = { clip: new Changes(), session: new Changes(), keys: new Changes() };

  constructor(surroundings: Surroundings) {
    const { acts } = surroundings;
    this.#sources = new SourceChooser(surroundings);
    const knob = element("span", { class: "hb-knob", "aria-hidden": true });
    this.#fast = press("Fast mode", knob, () => acts.act("fast"), { role: "switch", class: "hb-press hb-fast" });
    this.#fast.append("Fast");
    this.#help = press("All keys", "?", () => acts.act("help"), { class: "hb-press hb-help-button" });
    const clip = element("span", { class: "hb-clip" }, this.#ref, this.#chip, this.#place);
    const session = element("span", { class: "hb-session" }, this.#reviewer, this.#saved, this.#player, this.#fast, this.#help);
    this.element = element(
      "div", { class: "hb-header", role: "group", "aria-label": "Source, clip and reviewer" },
      this.#sources.element, clip, this.#tally.element, session, this.#spoken,
    );
  }

  update(state: BoardState): void {
    this.#sources.update(state);
    this.#tally.update(state);
    if (this.#drawn.clip.some(state.current, state.place, state.clips.length, state.source)) this.#drawClip(state);
    const { reviewer, unsaved, offline, player } = state;
    if (this.#drawn.session.some(reviewer, unsaved, offline, player.kind, player.why)) this.#drawSession(state);
    if (this.#drawn.keys.some(state.keys, state.preferences.fast)) this.#drawKeys(state);
  }

  #drawClip({ current, place, clips, source }: BoardState): void {
    write(this.#ref, current?.ref ?? (source ? "no clip" : ""));
    const mark = STATES[current?.state ?? "pending"];
    this.#chip.hidden = current === null;
    this.#chip.setAttribute("style", coloured(mark));
    this.#chip.replaceChildren(glyph(mark.glyph), mark.word);
    this.#chip.title = current?.reviewer ? `${mark.word} by ${current.reviewer}` : mark.word;
    write(this.#place, current ? `clip ${place + 1}/${clips.length}` : "");
    write(this.#spoken, current ? `Clip ${current.ref}, ${mark.word}, ${place + 1} of ${clips.length}` : "");
  }

  #drawSession({ reviewer, unsaved, offline, player }: BoardState): void {
    write(this.#reviewer, reviewer, `You review as ${reviewer}`);
    this.#reviewer.hidden = reviewer === "";
    const lost = offline !== null;
    this.#saved.dataset["saved"] = lost ? "lost" : unsaved > 0 ? "saving" : "saved";
    const waiting = `${unsaved} not sent`;
    const word = lost ? (unsaved > 0 ? waiting : "offline") : unsaved > 0 ? `saving ${unsaved}` : "saved";
    this.#saved.replaceChildren(glyph(lost ? "warning" : unsaved > 0 ? "rising" : "check"), word);
    this.#saved.title = lost ? "Kept here and sent as soon as the connection is back" : "Every decision is stored before it counts as saved";
    write(this.#player, player.kind, player.why);
    this.#player.hidden = player.kind === "";
  }

  #drawKeys({ keys, preferences }: BoardState): void {
    const fast = preferences.fast === true;
    this.#fast.setAttribute("aria-checked", String(fast));
    const says = fast ? "On: one key decides. Press to hold a letter and commit with Enter instead" : "Off: hold a letter, Enter commits. Press to decide with one key";
    this.#fast.title = `${says} (${keyOf(keys, "fast")})`;
    this.#help.title = `All keys (${keyOf(keys, "help")})`;
  }
}
