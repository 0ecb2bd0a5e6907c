/** How a state and a decision look wherever they are shown: a glyph, a word and a colour, so that no colour stands alone. */

import { drawn } from "../../view/icons.ts";
import type { ClipState } from "../protocol.ts";
import type { DecisionLetter } from "../state.ts";

const PATHS = {
  ring: "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zm0 1.800a3.700 3.700 0 1 1 0 7.400 3.700 3.700 0 0 1 0-7.400z",
  check: "M6.400 13 1.900 8.500l1.700-1.700 2.800 2.800 6-6L14.100 5.300z",
  skip: "M2.500 3v10L8 8zM8 3v10l5.500-5z",
  box: "M2 2.500h12v3.500H2zM3 7h10v6.500H3zm3 1.500V10h4V8.500z",
  rising: "M8 1.500 12.500 6H9.700v5H6.300V6H3.500zM3 12.500h10v1.800H3z",
  done: "M3 2h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1zm3.900 9.600 5.300-5.300-1.400-1.400-3.900 3.900-1.900-1.900-1.400 1.400z",
  warning: "M8 1.500 15.500 14.500H.5zM7.100 6v4.300h1.800V6zm0 5.300v1.700h1.800v-1.700z",
  merge: "M.5 7.100h3.700V4.700L7.600 8l-3.400 3.300V8.900H.5zM15.500 7.100h-3.700V4.700L8.400 8l3.400 3.300V8.900h3.700z",
  split: "M6.500 7.100H4V4.700L.6 8 4 11.300V8.900h2.500zM9.500 7.100H12V4.700L15.400 8 12 11.300V8.900H9.500zM7.300 2h1.400v12H7.300z",
  group: "M1.500 1.500h8v3H8v-1.500H3V8h1.500v1.500h-3zM6 6h8.500v8.500H6z",
  person: "M8 1.500a3.200 3.200 0 1 1 0 6.400 3.200 3.200 0 0 1 0-6.400zM2 14.500c0-3.300 2.600-5.400 6-5.400s6 2.100 6 5.400z",
  undo: "M6.300 2.500v3H10a4.300 4.300 0 0 1 0 8.600H4.500v-1.900H10a2.400 2.400 0 0 0 0-4.800H6.300v3L1.700 6.500z",
  redo: "M9.700 2.500v3H6a4.300 4.300 0 0 0 0 8.600h5.500v-1.900H6a2.400 2.400 0 0 1 0-4.800h3.700v3l4.600-3.900z",
  close: "M4 2.600 8 6.600l4-4L13.400 4l-4 4 4 4-1.400 1.400-4-4-4 4L2.600 12l4-4-4-4z",
  pen: "M2 11.400V14h2.600l7.100-7.100-2.600-2.600zM10 3.400 12.600 6l1.600-1.600-2.600-2.600z",
  news: "M2 3h12v8H8.500L5 14v-3H2z",
  move: "M7.200 2h1.600v12H7.200zM5.800 5v6L2 8zM10.200 5v6L14 8z",
} as const;

export type GlyphName = keyof typeof PATHS;

export interface Mark {
  glyph: GlyphName;
  word: string;
  /** The name of a colour of board.css, such as `approved`. */
  colour: string;
}

export const STATES: Record<ClipState, Mark> = {
  pending: { glyph: "ring", word: "pending", colour: "pending" },
  approved: { glyph: "check", word: "approved", colour: "approved" },
  skipped: { glyph: "skip", word: "skipped", colour: "skipped" },
  archived: { glyph: "box", word: "archived", colour: "archived" },
  exporting: { glyph: "rising", word: "exporting", colour: "exported" },
  exported: { glyph: "done", word: "exported", colour: "exported" },
  export_failed: { glyph: "warning", word: "export failed", colour: "bad" },
};

export const LETTERS: Record<DecisionLetter, Mark> = {
  approve: { glyph: "check", word: "approve", colour: "approved" },
  skip: { glyph: "skip", word: "skip", colour: "skipped" },
  archive: { glyph: "box", word: "archive", colour: "archived" },
  merge: { glyph: "merge", word: "merge with previous", colour: "merged" },
  group: { glyph: "group", word: "group with previous", colour: "grouped" },
};

/** Actions of the event log, beside the letters. */
const EVENTS: Record<string, GlyphName> = {
  reset: "ring", split: "split", "move-cut": "move", ungroup: "group", annotate: "pen", undo: "undo", redo: "redo",
};

/** How an action of the event log is shown. */
export function eventMark(action: string): Mark {
  const letter = Object.entries(LETTERS).find(([name]) => name === action)?.[1];
  return { glyph: letter?.glyph ?? EVENTS[action] ?? "ring", word: action.replace("-", " "), colour: letter?.colour ?? "quiet" };
}

export function glyph(name: GlyphName): SVGSVGElement {
  const made = drawn(PATHS[name]);
  made.classList.add("hb-glyph");
  return made;
}

/** The outline of a glyph in a square of 16 by 16, for a canvas. */
export function outline(name: GlyphName): Path2D {
  return new Path2D(PATHS[name]);
}

/** CSS that colours an element by a mark: rules of board.css use `--c`. */
export function coloured(mark: Mark): string {
  return `--c: var(--hb-${mark.colour})`;
}
