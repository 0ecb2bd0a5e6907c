/** What the score of a cut says to people. */

import type { ClipRow } from "../protocol.ts";
import type { Mark } from "./marks.ts";

export interface Strength {
  mark: Mark;
  value: string;
  /** Of the meter's length; one half is what the detector asks for. */
  part: number;
  title: string;
}

/** A cut this many times above what the detector asks for is beyond doubt: half of the meter is above it. */
const CLEAR = 2;

/** Of the cut at the clip's first frame. */
export function strengthOf({ score, origin }: Pick<ClipRow, "score" | "origin">): Strength {
  const asks = score === null ? "no score is stored here" : `${times(score)} times what the detector asks for`;
  const found = (word: string, glyph: Mark["glyph"], colour: string): Strength => ({
    mark: { glyph, word, colour }, value: `${times(score ?? 0)}×`, part: Math.min(1, (score ?? 0) / CLEAR), title: `${word}: ${asks}`,
  });
  // A decision on a clip makes it a human's with both of its cuts; where the detector asks for a cut, it is the detector's as well.
  if (origin === "human" && (score === null || score < 1)) return found("set by hand", "pen", "quiet");
  if (origin === "import") return found("imported", "rising", "quiet");
  if (score === null) return found("no score", "ring", "quiet");
  if (score < 1) return found("weak", "warning", "split");
  return score < CLEAR ? found("cut", "split", "quiet") : found("clear cut", "check", "approved");
}

function times(score: number): string {
  return score >= 10 ? score.toFixed(0) : score.toFixed(1);
}
