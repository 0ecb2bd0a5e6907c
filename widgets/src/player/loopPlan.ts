/** Ranges of frames, and their order in playing: over and over. Pure. */

import type { FrameRange } from "./player.ts";

/** A frame in a round of the loop. */
export interface Place {
  lap: number;
  frame: number;
}

export function isAfter(a: Place, b: Place): boolean {
  return a.lap > b.lap || (a.lap === b.lap && a.frame > b.frame);
}

/** The place after this one. */
export function following({ lap, frame }: Place, { start, end }: FrameRange): Place {
  return frame + 1 < end ? { lap, frame: frame + 1 } : { lap: lap + 1, frame: start };
}

/** The range within the source, and never empty. */
export function within({ start, end }: FrameRange, frames: number): FrameRange {
  const first = Math.min(Math.max(0, start), frames - 1);
  return { start: first, end: Math.min(Math.max(first + 1, end), frames) };
}

/** Frames as ranges of neighbours, in the order in which their first ones are wanted. */
export function runsOf(frames: readonly number[]): FrameRange[] {
  const left = new Set(frames);
  const runs: FrameRange[] = [];
  for (const frame of frames) {
    if (!left.has(frame)) continue;
    const run = { start: frame, end: frame };
    while (left.delete(run.end)) run.end++;
    runs.push(run);
  }
  return runs;
}
