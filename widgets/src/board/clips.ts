/** The live clips of one source as a list in the order of frames. Pure. */

import type { ClipRow, Counts } from "./protocol.ts";

export type Clips = readonly ClipRow[];

/** The list with `rows` put in, in place of those with the same id, and `gone` taken out. */
export function changed(clips: Clips, rows: Iterable<ClipRow>, gone: Iterable<number>): ClipRow[] {
  const fresh = [...rows];
  const out = new Set([...fresh.map((row) => row.id), ...gone]);
  const left = clips.filter((clip) => !out.has(clip.id));
  // What is sorted but for its end is sorted fast.
  return [...left, ...fresh].sort((one, other) => one.start_frame - other.start_frame);
}

export function byId(clips: Clips, id: number | null): ClipRow | undefined {
  return clips.find((clip) => clip.id === id);
}

/** Place of the clip that covers a frame; the nearest one's outside of the source, -1 without clips. */
export function placeAt(clips: Clips, frame: number): number {
  let [low, high] = [0, clips.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((clips[middle]?.start_frame ?? Infinity) <= frame) low = middle;
    else high = middle - 1;
  }
  return high;
}

/** Where a clip stands, or the one that took its place. */
export function placeOf(clips: Clips, clip: ClipRow | null): number {
  if (clip === null) return -1;
  const place = placeAt(clips, clip.start_frame);
  if (clips[place]?.id === clip.id) return place;
  const other = clips.findIndex((one) => one.id === clip.id);
  return other < 0 ? place : other;
}

/** Whose clips are whose. */
export interface Hands {
  held: ReadonlySet<number>;
  /** In the hands of other sessions. */
  elsewhere: ReadonlySet<number>;
}

/**
 * The next clips that wait for a decision, up to `count`: from a frame on, then from the start, none that others hold.
 *
 * Who works on what was handed out to him (`keepsTo`) stays with it while there is any ahead.
 */
export function upcoming(clips: Clips, frame: number, { held, elsewhere }: Hands, keepsTo: boolean, count: number): ClipRow[] {
  const waiting = clips.filter((clip) => clip.state === "pending" && !elsewhere.has(clip.id));
  const ahead = waiting.filter((clip) => clip.start_frame >= frame);
  // What has a temporary id was made here.
  const own = keepsTo ? ahead.filter((clip) => held.has(clip.id) || clip.id < 0) : [];
  return [...new Set([...own, ...ahead, ...waiting])].slice(0, count);
}

export function countsOf(clips: Clips): Counts {
  const counts: Counts = {
    pending: 0, approved: 0, skipped: 0, archived: 0, exporting: 0, exported: 0, export_failed: 0,
  };
  for (const clip of clips) counts[clip.state]++;
  return counts;
}

/** True where a reviewer would see no difference between two rows of a clip. */
export function looksAlike(one: ClipRow, other: ClipRow): boolean {
  const look = ({ start_frame, end_frame, state, group_id, label, tags, note }: ClipRow) =>
    JSON.stringify([start_frame, end_frame, state, group_id, label, tags, note]);
  return look(one) === look(other);
}
