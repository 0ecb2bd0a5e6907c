/** What the kernel and the review board say to each other. Its Python twin is `heaters/ui/board_messages.py`. */

import type { Hotkey, Show } from "../protocol.ts";

export type ClipState =
  | "pending" | "approved" | "skipped" | "archived" | "exporting" | "exported" | "export_failed";

/** A live clip of the source, as `heaters clips --json` shows it. */
export interface ClipRow {
  id: number;
  /** Such as `12.47`. */
  ref: string;
  clip_no: number;
  /** `[start_frame, end_frame)` of the source. */
  start_frame: number;
  end_frame: number;
  state: ClipState;
  version: number;
  group_id: number | null;
  label: string | null;
  tags: string[];
  note: string | null;
  /** Who touched it last; null while no human has. */
  reviewer: string | null;
  /** ISO 8601, UTC. */
  decided_at: string | null;
  origin: "auto" | "human" | "import";
  /** Score of the cut at `start_frame`, 0 to 1 of what the detector asks for and more; null where none is stored. */
  score: number | null;
}

/** A clip that another session holds. */
export interface Holder {
  clip_id: number;
  reviewer: string;
  /** Seconds since that session last did something. */
  idle_seconds: number;
}

/** One event of the source's log, newest first in lists. */
export interface EventRow {
  seq: number;
  ts: string;
  reviewer: string;
  action: string;
  refs: string[];
  frame: number | null;
  undone: boolean;
}

export type Counts = Record<ClipState, number>;

/** Where this session stands; part of most answers. */
export interface Place {
  /** Clips that this session holds, in the order of the source. */
  held: number[];
  others: Holder[];
  /** Number of the last event that this answer knows of. */
  seq: number;
  counts: Counts;
  /** Newest first. */
  history: EventRow[];
}

/** A row of the list of sources in the header. */
export interface SourceChoice {
  id: number;
  title: string;
  clips: number;
  pending: number;
}

/** Kept for a reviewer on the server. */
export interface Preferences {
  /** One key decides. Null: not asked yet. */
  fast: boolean | null;
  speed: number;
  muted: boolean;
  /** Name of a preset of keys. */
  preset: string;
  /** Action → key, where it differs from the preset, written like `Shift+x`. */
  keys: Record<string, string>;
}

/** The answer to `begin`. Buffers: the avcC, then the rows of `[rows_first, rows_end)` around the first clip. */
export interface Begun extends Place {
  kind: "begun";
  id: number;
  show: Omit<Show, "kind" | "clip">;
  reviewer: string;
  session: string;
  clips: ClipRow[];
  /** The clip to show first; null where nothing of this source is left to decide. */
  current: number | null;
  sources: SourceChoice[];
  preferences: Preferences;
  /** Rows of `heaters/ui/hotkeys.py` by preset. */
  presets: Record<string, BoardKey[]>;
}

export interface BoardKey extends Hotkey {
  /** Heading under which help lists it. */
  section: string;
  /** Modes in which it is valid; empty: in all. */
  modes: Mode[];
  /** Ctrl, or Cmd on a Mac. */
  ctrl: boolean;
}

export type Mode = "watch" | "split" | "picker" | "range";

/** A decision was carried out, or some were taken back. */
export interface Decided extends Place {
  kind: "decided";
  id: number;
  op_id: string;
  action: string;
  /** What `undo` and `redo` acted on. */
  undid?: string;
  redid?: string;
  /** Rows as they are now; those that are gone are in `gone`. */
  clips: ClipRow[];
  gone: number[];
  /** The clip to show after an undo or redo; null: the page knows better. */
  shown: number | null;
}

/** The answer to a beat: what others did since. */
export interface Beaten extends Place {
  kind: "beaten";
  id: number;
  clips: ClipRow[];
  gone: number[];
  /** Clips that this session held until somebody took them over. */
  lost: { clip_id: number; reviewer: string }[];
  /** What others did, newest first. */
  news: EventRow[];
}

/** The end of the queue: totals of this source, and where to go on. */
export interface Finished {
  kind: "finished";
  id: number;
  counts: Counts;
  /** Decisions of this reviewer on this source, and the minutes from the first to the last. */
  decisions: number;
  minutes: number;
  next: SourceChoice | null;
}

/** Buffer: one byte a frame, the score of a cut there; 128 is what the detector asks for. */
export interface Scores {
  kind: "scores";
  id: number;
}

export interface Saved {
  kind: "saved";
  id: number;
}

/** Refused, in a sentence for the user. */
export interface Refused {
  kind: "refused";
  id: number;
  /** Name of the error's class, such as `ClipLeased`. */
  type: string;
  message: string;
  /** Who holds the clip, where that is why. */
  holder: string | null;
  /** Rows as they are now of the clips concerned. */
  clips: ClipRow[];
  gone: number[];
}

export type Answer = Begun | Decided | Beaten | Finished | Scores | Saved | Refused;

/** Questions; each has an `id` that the answer repeats, and the page's `session`. */
export type Question =
  /** `clip` is a ref; `reviewer` is who the address of the page says decides, null where it says nobody. */
  | { kind: "begin"; clip: string | null; source: number | null; reviewer: string | null }
  | {
    kind: "decide"; op_id: string; action: string; clip_ids: number[]; versions: Record<string, number>;
    frame: number | null; values: Record<string, unknown>;
  }
  | { kind: "undo" | "redo"; op_id: string }
  | { kind: "undo_to"; op_id: string; down_to: number }
  /** `active`: the reviewer did something since the last one. Answered by `beaten`. */
  | { kind: "beat"; shown: number | null; active: boolean }
  /** Answered by `beaten`, or refused. */
  | { kind: "take_over"; clip_id: number }
  /** Is the kernel there? Costs it nothing; any answer will do, such as `saved`. */
  | { kind: "ping" }
  | { kind: "prefer"; preferences: Preferences }
  | { kind: "finish" }
  | { kind: "scores" }
  | { kind: "leave" };

/**
 * `seq` is the highest that an answer has brought to the page: whatever changed after it belongs into `clips` and `gone`
 * of the answer, so that an answer that is lost loses no news.
 */
export type Asked = Question & { id: number; session: string; seq: number };
