/** The keys that do something now. Which key it is comes from the table; here stands only in what order and how briefly. */

import { element } from "../../view/element.ts";
import type { BoardKey, Mode } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { LETTERS } from "./marks.ts";
import { press } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { keyOf, keyParts } from "./words.ts";

interface Hint {
  actions: readonly string[];
  word: string;
}

const hint = (word: string, ...actions: string[]): Hint => ({ actions, word });

const DECIDE = [
  hint("approve", "approve"), hint("skip", "skip"), hint("archive", "archive"), hint("merge", "merge"), hint("group", "group"),
];
const UNDO = [hint("undo", "undo"), hint("redo", "redo")];
const STEP = [hint("frame", "back", "forward"), hint("10 frames", "back10", "forward10"), hint("first, last", "first", "last")];
const PLAY = [hint("play", "toggle"), hint("speed", "slower", "pause", "faster")];
const LABEL = hint("label", ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `label${digit}`));
const CUT = [hint("move in, out", "moveIn", "moveOut")];

/** By mode, the most wanted first: what does not fit is left to the help. */
const HINTS: Record<Mode, readonly Hint[]> = {
  watch: [
    ...DECIDE, hint("commit", "commit"), ...UNDO.slice(0, 1), hint("split", "splitBack", "splitForward"), hint("clip", "previousClip", "nextClip"), ...PLAY,
    ...CUT, hint("range", "range"), hint("pick", "picker"), LABEL, hint("note", "note"), hint("go to", "goTo"), ...STEP, hint("sound", "mute"), ...UNDO.slice(1),
  ],
  split: [hint("look for the cut", "splitBack", "splitForward"), ...STEP, hint("split before this frame", "commit"), hint("leave", "leave"), ...CUT, ...PLAY],
  picker: [
    hint("move", "pickBack", "pickForward"), hint("page", "pageBack", "pageForward"), hint("pick or let go", "toggle"), ...DECIDE.slice(3), hint("commit", "commit"),
    hint("leave", "leave"),
  ],
  range: [hint("stretch", "previousClip", "nextClip", "range"), ...DECIDE, hint("leave", "leave"), ...UNDO.slice(0, 1)],
};

/** What the first hints have in common; while watching that depends on how one decides. */
const LEADS: Record<Mode, string> = { watch: "", split: "split", picker: "pick", range: "range" };

/** At the end of the queue. */
const ENDED = [hint("next show", "commit"), hint("clip", "previousClip"), hint("go to", "goTo"), ...UNDO];

export class KeysBar implements Region {
  readonly element: HTMLElement;
  readonly #list = element("span", { class: "hb-hints" });
  readonly #drawn = new Changes();

  constructor({ acts, focus }: Surroundings) {
    const asleep = element("button", { type: "button", class: "hb-asleep", tabindex: -1 }, "Keys are asleep: click here to wake them");
    asleep.addEventListener("click", focus);
    // Only the page of its own has one beside it; that stays as it is, with what it holds.
    const status = element("a", { class: "hb-press hb-status-page", href: "status", target: "heaters-status", title: "Where everything stands" }, "status");
    const all = press("All keys", "all keys", () => acts.act("help"), { class: "hb-press hb-all-keys" });
    this.element = element("div", { class: "hb-keys", role: "group", "aria-label": "Keys that are valid now" }, this.#list, asleep, status, all);
  }

  update({ keys, mode, armed, preferences, current, finished }: BoardState): void {
    const none = current === null;
    if (!this.#drawn.some(keys, mode, armed, preferences.fast, none, finished)) return;
    if (armed !== null) {
      const release = element("span", { class: "hb-hint" }, element("i", {}, "release"), "disarm");
      return this.#list.replaceChildren(hinted([keyOf(keys, "commit")], LETTERS[armed].word), release);
    }
    const fast = preferences.fast === true;
    const valid = keys.filter((key) => key.modes.length === 0 || key.modes.includes(mode));
    const idle = none ? !finished?.next : fast && mode === "watch";
    const hints = (none ? ENDED : HINTS[mode]).filter(({ actions }) => !(idle && actions[0] === "commit"));
    const lead = element("span", { class: "hb-lead" }, none ? "" : LEADS[mode] || (fast ? "one key" : "hold"));
    const shown = hints.map(({ actions, word }) => hinted(keysOf(valid, actions), word)).filter((one) => one.childElementCount > 0);
    this.#list.replaceChildren(lead, ...shown);
  }
}

/** `A S` for several actions; for the nine labels `1–9`. */
function keysOf(valid: readonly BoardKey[], actions: readonly string[]): string[] {
  const found = actions.map((action) => keyOf(valid, action)).filter((key) => key !== "");
  if (found.length > 3) return [`${found[0]}–${found[found.length - 1]}`];
  return shared(valid, actions) ?? found;
}

/** `Shift+← →` instead of `Shift+← Shift+→`. */
function shared(valid: readonly BoardKey[], actions: readonly string[]): string[] | null {
  const parts = actions.map((action) => valid.find((key) => key.action === action)).filter((key) => key !== undefined).map((key) => keyParts(key));
  const [first] = parts;
  if (!first || parts.length < 2 || first.length < 2) return null;
  const held = first.slice(0, -1).join("+");
  if (!parts.every((one) => one.slice(0, -1).join("+") === held)) return null;
  return [first.join("+"), ...parts.slice(1).map((one) => one[one.length - 1] ?? "")];
}

function hinted(keys: readonly string[], word: string): HTMLElement {
  if (keys.length === 0) return element("span");
  return element("span", { class: "hb-hint" }, ...keys.map((key) => element("kbd", {}, key)), word);
}
