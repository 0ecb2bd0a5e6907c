/** Which frames will be wanted: those of the clips that come up next, and those of the cut check. Pure. */

import { placeOf, upcoming, type Clips, type Hands } from "./clips.ts";
import type { ClipRow } from "./protocol.ts";

const AHEAD = 6;
const REFILL = 3;
const BACK = 5;
/** Frames with which playing starts. */
const OPENING = 8;

/** Previous clip's last frame and this clip's first one, this clip's last and the next one's first. */
export function cutFrames({ start_frame, end_frame }: ClipRow, frames: number): number[] {
  return [start_frame - 1, start_frame, end_frame - 1, end_frame].filter((frame) => frame >= 0 && frame < frames);
}

/** First frames of the clips that the next key is most likely to bring up: the next one, and the previous one to merge with. */
export function expected(clips: Clips, current: ClipRow, hands: Hands): number[] {
  const next = upcoming(clips, current.end_frame, hands, hands.held.has(current.id), 2).find((clip) => clip.id !== current.id);
  return [next, clips[placeOf(clips, current) - 1]].flatMap((clip) => (clip ? [clip.start_frame] : []));
}

export class Prefetch {
  #asked: ReadonlySet<number> = new Set();

  /** Frames to fetch for who is at this clip, most urgent first; null while enough of them has been asked for. */
  look(clips: Clips, current: ClipRow, hands: Hands): number[] | null {
    const frames = clips.at(-1)?.end_frame ?? 0;
    const next = upcoming(clips, current.end_frame, hands, hands.held.has(current.id), AHEAD + 1);
    const ahead = next.filter((clip) => clip.id !== current.id).slice(0, AHEAD);
    const urgent = [...cutFrames(current, frames), ...ahead.slice(0, REFILL).map((clip) => clip.start_frame)];
    if (urgent.every((frame) => this.#asked.has(frame))) return null;
    const place = placeOf(clips, current);
    const around = [...clips.slice(Math.max(0, place - BACK), place).reverse(), ...clips.slice(place + 1, place + 3)];
    const wanted = [
      ...urgent,
      ...[...ahead, ...around].map((clip) => clip.start_frame),
      ...ahead.flatMap((clip) => cutFrames(clip, frames)),
      ...ahead.flatMap(opening),
    ];
    this.#asked = new Set(wanted);
    return [...this.#asked];
  }

  /** Nothing is there any more, or another source is. */
  forget(): void {
    this.#asked = new Set();
  }
}

function opening({ start_frame, end_frame }: ClipRow): number[] {
  return Array.from({ length: Math.min(OPENING, end_frame - start_frame) }, (_, at) => start_frame + at);
}
