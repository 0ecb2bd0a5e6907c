/** Questions that are answered with yes or no. */

import { element } from "../../view/element.ts";
import type { BoardState, Dialog } from "../state.ts";
import type { DialogBody } from "./dialogs.ts";
import { coloured, glyph, LETTERS, type Mark } from "./marks.ts";
import { press } from "./press.ts";
import type { Surroundings } from "./region.ts";
import { tally } from "./tally.ts";
import { idle, keyOf, plural } from "./words.ts";

interface Choice {
  text: string;
  key: string;
}

interface Asking {
  title: string;
  content: HTMLElement[];
  yes: Choice;
  no: Choice;
  /** What Enter means. */
  enter: "yes" | "no";
  mark?: Mark;
}

function question({ acts }: Surroundings, { title, content, yes, no, enter, mark }: Asking): DialogBody {
  const answer = (which: "yes" | "no") => () => acts.answer(which);
  const make = ({ text, key }: Choice, which: "yes" | "no") => {
    const made = press(text, text, answer(which), { class: which === enter ? "hb-press hb-primary" : "hb-press hb-plain" });
    made.append(element("kbd", {}, which === enter ? "Enter" : key));
    return made;
  };
  const buttons = element("div", { class: "hb-buttons" }, make(no, "no"), make(yes, "yes"));
  return {
    title,
    element: element("div", { class: "hb-question", style: mark ? coloured(mark) : null }, ...content, buttons),
    update: () => undefined,
    enter: answer(enter),
    key: (event) => {
      const pressed = [yes, no].find(({ key }) => key.length === 1 && key === event.key.toUpperCase());
      if (!pressed || event.repeat) return false;
      event.preventDefault();
      answer(pressed === yes ? "yes" : "no")();
      return true;
    },
  };
}

/** How many clips, which ones, and whose decisions it would replace. */
export function bulk(surroundings: Surroundings, dialog: Extract<Dialog, { kind: "bulk" }>): DialogBody {
  const { action, clips, decidedBefore } = dialog;
  const mark = LETTERS[action];
  const [first, last] = [clips[0], clips[clips.length - 1]];
  const frames = clips.reduce((sum, clip) => sum + clip.end_frame - clip.start_frame, 0);
  const states = { pending: 0, approved: 0, skipped: 0, archived: 0, exporting: 0, exported: 0, export_failed: 0 };
  for (const clip of clips) states[clip.state] += 1;
  const which = element("p", {}, element("b", {}, `${first?.ref ?? ""} to ${last?.ref ?? ""}`), `, ${plural(frames, "frame")}. As they are now:`);
  const content = [which, element("div", { class: "hb-totals" }, ...tally(states, "pending")), before(decidedBefore)];
  const yes = { text: `${verb(action)} ${plural(clips.length, "clip")}`, key: "Enter" };
  return question(surroundings, { title: `${yes.text}?`, content, yes, no: { text: "Cancel", key: "Esc" }, enter: "yes", mark });
}

function before(decided: readonly { reviewer: string; count: number }[]): HTMLElement {
  if (decided.length === 0) return element("p", { class: "hb-quiet" }, "Nobody has decided any of them before.");
  const total = decided.reduce((sum, one) => sum + one.count, 0);
  const names = decided.map(({ reviewer, count }) => `${reviewer} ${count}`).join(", ");
  const text = element("span", {}, element("b", {}, `${plural(total, "clip")} decided before`), ` would be decided anew: ${names}.`);
  return element("p", { class: "hb-warned" }, glyph("warning"), text);
}

function verb(action: string): string {
  return action.charAt(0).toUpperCase() + action.slice(1);
}

/** It tells the other one, who may be in the middle of something. */
export function takeOver(surroundings: Surroundings, { clip, holder }: Extract<Dialog, { kind: "take-over" }>): DialogBody {
  const busy = element("p", {}, element("b", {}, holder.reviewer), ` holds clip ${clip.ref} and has done nothing for ${idle(holder.idle_seconds)}.`);
  const told = element("p", { class: "hb-quiet" }, `${holder.reviewer} is told at once that you have it. Decisions already made stay.`);
  const asking = { content: [busy, told], yes: { text: "Take it over", key: "Y" }, no: { text: "Leave it", key: "Esc" }, enter: "no" } as const;
  return question(surroundings, { title: `Take ${clip.ref} over from ${holder.reviewer}?`, ...asking, content: [...asking.content] });
}

export function fast(surroundings: Surroundings, { keys }: BoardState): DialogBody {
  const [letter, enter, undo] = [keyOf(keys, "approve"), keyOf(keys, "commit"), keyOf(keys, "undo")];
  const held = element("p", {}, element("b", {}, "Hold and Enter: "), `hold ${letter}, the picture shows what would happen, ${enter} does it. Two hands, no slips.`);
  const one = element("p", {}, element("b", {}, "Fast: "), `${letter} alone approves and goes on. Half the keys; ${undo} takes a slip back.`);
  const later = element("p", { class: "hb-quiet" }, "Asked once and kept for you. The switch in the header changes it at any time.");
  const [yes, no] = [{ text: "Fast: one key", key: "Y" }, { text: "Hold and Enter", key: "N" }];
  return question(surroundings, { title: "How do you want to decide?", content: [held, one, later], yes, no, enter: "no" });
}
