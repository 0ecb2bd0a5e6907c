/** How numbers and keys are written for people. */

import type { Ratio } from "../../protocol.ts";
import type { BoardKey } from "../protocol.ts";

const NAMES: Record<string, string> = {
  " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Delete: "Del", Backspace: "⌫",
};

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** How long a number of frames lasts, such as `0.08 s`, `4.0 s`, `2:05`. */
export function lasting(frames: number, fps: Ratio): string {
  const seconds = (frames * fps[1]) / fps[0];
  if (seconds < 60) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How long somebody has been idle: `12 s`, `4 min`, `2 h`. */
export function idle(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** The time of day where the reviewer sits, such as `16:05` or `16:05:09`, whatever the browser's language. */
export function timeOfDay(then: Date, exactly = false): string {
  const parts = [then.getHours(), then.getMinutes(), ...(exactly ? [then.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

/** `timeOfDay`, with the date where it is another one than `now`'s. */
export function clock(iso: string, now: Date): string {
  const then = new Date(iso);
  if (Number.isNaN(then.getTime())) return "";
  const time = timeOfDay(then);
  const day = then.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return then.toDateString() === now.toDateString() ? time : `${day} ${time}`;
}

const APPLE = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.platform);

/** The keys that have to be held and pressed, such as `["Ctrl", "Shift", "Z"]`. */
export function keyParts(key: BoardKey, apple = APPLE): string[] {
  const name = NAMES[key.key] ?? (key.key.length === 1 ? key.key.toUpperCase() : key.key);
  // A sign like `?` is what Shift makes already.
  const shift = key.shift && !/^[^\p{L}\p{N}\s]$/u.test(key.key);
  return [...(key.ctrl ? [apple ? "⌘" : "Ctrl"] : []), ...(shift ? ["Shift"] : []), name];
}

/** How the first key of an action is written; empty where it has none. */
export function keyOf(table: readonly BoardKey[], action: string): string {
  const found = table.find((one) => one.action === action);
  return found ? keyParts(found).join("+") : "";
}
