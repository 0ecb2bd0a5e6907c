/** Which part of a source the timeline shows, and where its ticks stand: plain arithmetic. */

import type { FrameRange } from "../../player/player.ts";
import type { Ratio } from "../../protocol.ts";
import type { ClipRow } from "../protocol.ts";

/** Seconds that the view may cover; a few fixed lengths, so that the scale does not change with every clip. */
const LENGTHS = [8, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400] as const;
/** How many times the clip's own length the view has to hold. */
const ROOM = 3;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600] as const;

/** The view around a clip: it has room on both sides and stays inside `[0, frames)`. */
export function viewAround(clip: FrameRange, frames: number, fps: Ratio): FrameRange {
  const rate = fps[0] / fps[1];
  const wanted = (ROOM * (clip.end - clip.start)) / rate;
  const seconds = LENGTHS.find((one) => one >= wanted) ?? wanted;
  const length = Math.min(frames, Math.max(1, Math.round(seconds * rate)));
  const middle = (clip.start + clip.end) / 2;
  const start = Math.min(Math.max(0, Math.round(middle - length / 2)), frames - length);
  return { start, end: start + length };
}

/** Frames at whole seconds, at most `most` of them. */
export function ticks(view: FrameRange, fps: Ratio, most: number): number[] {
  const rate = fps[0] / fps[1];
  const seconds = (view.end - view.start) / rate;
  const step = STEPS.find((one) => seconds / one <= most) ?? 7200;
  const first = Math.ceil(view.start / rate / step);
  const last = Math.floor((view.end - 1) / rate / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => Math.round((first + place) * step * rate));
}

/** Where a frame's first edge lies, from 0 to 1. */
export function partOf(frame: number, view: FrameRange): number {
  return (frame - view.start) / (view.end - view.start);
}

/** The frame under a part of the view. */
export function frameAt(part: number, view: FrameRange): number {
  const frame = view.start + Math.floor(part * (view.end - view.start));
  return Math.min(Math.max(view.start, frame), view.end - 1);
}

/** Place of the clip that holds a frame; clips tile the source. -1 where there is none. */
export function placeOf(clips: readonly Pick<ClipRow, "start_frame" | "end_frame">[], frame: number): number {
  let [low, high] = [0, clips.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const clip = clips[middle];
    if (clip === undefined) return -1;
    if (frame < clip.start_frame) high = middle - 1;
    else if (frame >= clip.end_frame) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** Frames to which the cut at the start of the clip at `place` may be moved: `[start, end)`; null where there is no cut. */
export function cutRange(clips: readonly Pick<ClipRow, "start_frame" | "end_frame">[], place: number): FrameRange | null {
  const [before, after] = [clips[place - 1], clips[place]];
  return before && after ? { start: before.start_frame + 1, end: after.end_frame } : null;
}
