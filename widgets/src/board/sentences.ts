/** What the board says in toasts and banners. */

import type { Op } from "./outbox.ts";
import type { ClipRow } from "./protocol.ts";
import { timeOfDay } from "./regions/words.ts";

const DONE: Readonly<Record<string, string>> = {
  merge: "Merged into", split: "Split", group: "Grouped", ungroup: "Taken out of its group:", reset: "Pending again:",
  approve: "Approved", skip: "Skipped", archive: "Archived",
};

/** A sentence of the kernel, as a sentence. */
export function sentence(text: string): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}

/** What was done to several clips, or to cuts; null where the screen says enough. */
export function done({ action, clip_ids }: Op, rows: readonly ClipRow[]): string | null {
  const [first] = rows;
  const isPlain = ["approve", "skip", "archive"].includes(action) && rows.length < 2;
  if (!first || isPlain || DONE[action] === undefined) return null;
  const many = clip_ids.length > 1 && action !== "merge";
  return `${DONE[action]} ${many ? `${clip_ids.length} clips` : first.ref}.`;
}

/** What was undone, and to which clip, or what was done again: then another clip is shown. */
export function wentBack(kind: Op["kind"], action: string | undefined, shown: ClipRow | undefined): string {
  if (kind === "redo") return `Done again: ${action ?? "the last decision"}.`;
  return `Undone: ${[action, shown?.ref].filter((word) => word !== undefined).join(" ")}.`;
}

/** Why the board has gone back, and what fell with it. */
export function takenBack(op: Op, message: string, fallen: readonly Op[]): string {
  const words = op.action === "annotate" ? ` Not written: ${Object.values(op.values).flat().join(", ")}.` : "";
  const decisions = fallen.filter((one) => one.kind === "decide").length;
  const more = decisions === 1 ? " The decision after it was made on its result and is taken back too."
    : decisions > 1 ? ` ${decisions} decisions after it were made on its result and are taken back too.` : "";
  return `Not done: ${message.replace(/\.$/, "")}.${words}${more}`;
}

/** Somebody else has changed the clip on screen. */
export function changedMeanwhile(seen: ClipRow, now: ClipRow | undefined): string {
  const who = now?.reviewer ?? "Somebody else";
  const what = now === undefined ? "it has been merged or replaced" : now.state === seen.state ? "it has other cuts or words"
    : `it is ${now.state.replace("_", " ")} now`;
  return `${who} has changed ${seen.ref}: ${what}. You still see it as it was.`;
}

export function lookAgain(seen: ClipRow): string {
  return `${seen.ref} has changed while you looked at it. This is how it is now: decide again.`;
}

export function askedAnew(): string {
  return "Somebody has changed these clips since you were asked. This is how they are now: answer again.";
}

export function takenOver(refs: readonly string[], reviewer: string): string {
  return `${reviewer} has taken over ${refs.length === 1 ? refs[0] : `${refs.length} clips of yours`}.`;
}

export function offline(since: Date, lasts: boolean): string {
  return `No answer since ${timeOfDay(since, true)}.${lasts ? " If it stays like this, reload the page." : ""}`;
}

/** Who decided before on clips, and how often; most first. */
export function decidedBefore(clips: readonly ClipRow[]): { reviewer: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { state, reviewer } of clips) {
    if (state !== "pending" && reviewer !== null) counts.set(reviewer, (counts.get(reviewer) ?? 0) + 1);
  }
  return [...counts].map(([reviewer, count]) => ({ reviewer, count })).sort((one, other) => other.count - one.count);
}
