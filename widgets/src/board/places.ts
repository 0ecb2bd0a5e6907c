/** What a reviewer types to go somewhere: a ref, a frame or a timecode. Pure. */

import type { Ratio } from "../protocol.ts";
import { nominalRate, takesDropFrame } from "../timecode.ts";

export type Destination = { ref: string } | { frame: number } | null;

/** Null where the text says none of these. */
export function destination(text: string, fps: Ratio): Destination {
  const typed = text.trim();
  if (/^\d+\.\d+$/.test(typed)) return { ref: typed };
  if (/^\d+$/.test(typed)) return { frame: Number(typed) };
  const frame = frameOf(typed, fps);
  return frame === null ? null : { frame };
}

/** The frame of a timecode such as `00:01:02:03` or `1:02;03`; the inverse of `timecode`. */
export function frameOf(text: string, fps: Ratio): number | null {
  if (!/^\d+([:;.]\d+){1,3}$/.test(text)) return null;
  const [frames = 0, seconds = 0, minutes = 0, hours = 0] = text.split(/[:;.]/).map(Number).reverse();
  const nominal = nominalRate(fps);
  if (frames >= nominal || seconds > 59 || minutes > 59) return null;
  const allMinutes = hours * 60 + minutes;
  const number = (allMinutes * 60 + seconds) * nominal + frames;
  // Drop-frame timecode leaves numbers out at each minute but every tenth.
  return takesDropFrame(fps) ? number - (nominal / 15) * (allMinutes - Math.floor(allMinutes / 10)) : number;
}
