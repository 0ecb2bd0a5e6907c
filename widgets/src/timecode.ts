/** SMPTE timecode for people; the twin of `heaters.domain.timing.timecode`, held to it by a test. */

import type { Ratio } from "./protocol.ts";

const NTSC = 1000 / 1001;
const NTSC_TOLERANCE = 1 / 1000;

export function nominalRate(fps: Ratio): number {
  return Math.max(1, Math.floor(fps[0] / fps[1] + 0.5));
}

/** 29.97 and its multiples count without the numbers that would run ahead of the clock. */
export function takesDropFrame(fps: Ratio): boolean {
  const nominal = nominalRate(fps);
  return nominal % 30 === 0 && Math.abs(fps[0] / fps[1] - nominal * NTSC) < NTSC_TOLERANCE;
}

export function timecode(frame: number, fps: Ratio): string {
  const nominal = nominalRate(fps);
  const dropping = takesDropFrame(fps);
  const number = dropping ? numberOf(frame, nominal) : frame;
  const total = Math.floor(number / nominal);
  const digits = Math.max(2, String(nominal - 1).length);
  const fields = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const clock = fields.map((field) => String(field).padStart(2, "0")).join(":");
  return `${clock}${dropping ? ";" : ":"}${String(number % nominal).padStart(digits, "0")}`;
}

/** The frame with the numbers added that drop-frame timecode has skipped up to it. */
function numberOf(frame: number, nominal: number): number {
  const skipped = nominal / 15;
  const minute = nominal * 60 - skipped;
  const tenMinutes = minute * 10 + skipped;
  const tens = Math.floor(frame / tenMinutes);
  const rest = frame % tenMinutes;
  const shortMinutes = rest < nominal * 60 ? 0 : 1 + Math.floor((rest - nominal * 60) / minute);
  return frame + skipped * (9 * tens + shortMinutes);
}
