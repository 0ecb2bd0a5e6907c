/** Fetches the bytes of frames that playing will want, in runs, one request at a time. */

import type { FrameBytes } from "../bytes/frameBytes.ts";
import type { FrameRange } from "./player.ts";

const LOOK = 100;
const NEAR = 75;
const RUN = 25;
const AFTER_FAULT_MS = 1_000;

export class ReadAhead {
  readonly #bytes: FrameBytes;
  readonly #range: FrameRange;
  readonly #controller = new AbortController();
  #busy = false;

  constructor(bytes: FrameBytes, range: FrameRange) {
    this.#bytes = bytes;
    this.#range = range;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** See that the frames from this one on are coming; after the range's end follows its start. */
  from(frame: number): void {
    if (this.#busy) return;
    const { start, end } = this.#range;
    for (let step = 0; step < Math.min(NEAR, end - start); step++) {
      const next = start + ((frame - start + step) % (end - start));
      if (this.#bytes.has(next)) continue;
      return void this.#fetch(next, Math.min(next + RUN, frame + LOOK, end));
    }
  }

  stop(): void {
    this.#controller.abort(new DOMException("not wanted any more", "AbortError"));
  }

  async #fetch(first: number, end: number): Promise<void> {
    this.#busy = true;
    try {
      await this.#bytes.fetchRun(first, Math.max(first + 1, end), this.signal);
    } catch {
      // Whoever needs one of these frames hears of the fault.
      await new Promise((resolve) => setTimeout(resolve, AFTER_FAULT_MS));
    } finally {
      this.#busy = false;
    }
  }
}
