/** What the board shows, as one value: made by `board.ts`, drawn by the regions, changed by nobody else. */

import type { PlayerState } from "../player/player.ts";
import type { SourceFacts } from "../protocol.ts";
import type { BoardKey, ClipRow, Counts, EventRow, Finished, Holder, Mode, Preferences, SourceChoice } from "./protocol.ts";

export type DecisionLetter = "approve" | "skip" | "archive" | "merge" | "group";

export interface Toast {
  id: number;
  kind: "done" | "news" | "refused";
  text: string;
}

/** A dialog over the board; at most one at a time. It has the focus and keeps its keys: the board hears none while it is open. */
export type Dialog =
  | { kind: "help" }
  | { kind: "goto"; message: string }
  | { kind: "remap"; clash: string }
  | { kind: "fast" }
  | { kind: "bulk"; action: DecisionLetter; clips: readonly ClipRow[]; decidedBefore: { reviewer: string; count: number }[] }
  | { kind: "take-over"; clip: ClipRow; holder: Holder }
  | null;

export interface BoardState {
  /** Why there is nothing to show, for a reviewer, with commands in backticks; null while loading and while all is well. */
  notice: string | null;
  /** Null before the first `begun`. */
  source: SourceFacts | null;
  sources: readonly SourceChoice[];
  /** Live clips of the source in order, with decisions that are on their way already applied. */
  clips: readonly ClipRow[];
  /** Null where nothing is left to decide and none is chosen. */
  current: ClipRow | null;
  /** Place of `current` in `clips`; -1 without one. */
  place: number;
  /** The frame on the canvas; -1 before the first. */
  frame: number;
  /** The frame with which `current` came up is on the canvas: from now on keys decide on it. */
  ready: boolean;
  playing: boolean;
  mode: Mode;
  /** The letter that Enter would commit. */
  armed: DecisionLetter | null;
  /** Both ends of the chosen range as places in `clips`, inclusive; null without one. */
  range: readonly [first: number, last: number] | null;
  /** The sibling picker: places that are picked. */
  picked: ReadonlySet<number>;
  /** The place that the picker's next key is for; -1 outside the picker. */
  cursor: number;
  dialog: Dialog;
  counts: Counts;
  held: ReadonlySet<number>;
  others: readonly Holder[];
  history: readonly EventRow[];
  reviewer: string;
  preferences: Preferences;
  /** Names of the presets of keys. */
  presets: readonly string[];
  /** What the keys 1 to 9 write, in this order; shorter where fewer are known. */
  labels: readonly string[];
  /** The table in force, remapped. */
  keys: readonly BoardKey[];
  /** Decisions on their way; 0 is `saved`. */
  unsaved: number;
  /** Since when no answer comes, in words; null while all is well. */
  offline: string | null;
  finished: Finished | null;
  toasts: readonly Toast[];
  /** The player in words, such as `WebCodecs · server`, and why it was chosen. */
  player: { kind: string; why: string };
  /** What the player says of its picture. */
  picture: PlayerState;
  /** The browser refuses sound until somebody clicks; any `mute` takes the offer. */
  soundBlocked: boolean;
  /** One byte a frame; null before it is there. */
  scores: Uint8Array | null;
}

/** What the regions ask of the board. Everything that a mouse can do has a key that does the same. */
export interface BoardActs {
  /** An action of the table of keys. */
  act(action: string): void;
  show(clipId: number, frame?: number): void;
  seek(frame: number): void;
  moveCut(clipId: number, frame: number): void;
  undoTo(seq: number): void;
  /** The clip is named, since the words may be finished after another clip has come. */
  annotate(values: { label?: string | null; tags?: string[]; note?: string | null }, clipId: number): void;
  openSource(id: number): void;
  goTo(text: string): void;
  pick(place: number): void;
  prefer(change: Partial<Preferences>): void;
  answer(dialog: "yes" | "no"): void;
  takeOver(clipId: number): void;
  dismiss(toast: number): void;
}
