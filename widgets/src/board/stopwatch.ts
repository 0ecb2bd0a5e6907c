/** Measures from a key to the picture that it brings: `performance.getEntriesByName("heaters:key-to-picture")`. */

export const KEY_TO_PICTURE = "heaters:key-to-picture";

export class Stopwatch {
  #running: { start: number; action: string; from: string } | null = null;

  /** A key at `start` (as `KeyboardEvent.timeStamp`) did something to the clip `from`. */
  start(start: number, action: string, from: string): void {
    this.#running = { start, action, from };
  }

  /** The first frame of the clip `to` is on the canvas. */
  stop(to: string): void {
    const running = this.#running;
    this.#running = null;
    if (!running) return;
    const { start, action, from } = running;
    performance.measure(KEY_TO_PICTURE, { start, end: performance.now(), detail: { action, from, to } });
  }
}
