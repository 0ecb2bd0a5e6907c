/** Steady stepping: sees which way a user goes, and has the next frames ready. */

import type { FrameBytes } from "../bytes/frameBytes.ts";
import type { Pictures } from "./pictures.ts";

const STEADY = 2;
const FARTHEST_STEP = 16;
/** So many steps ahead bytes are fetched, and pictures decoded. */
const BYTES_AHEAD = 24;
const PICTURES_AHEAD = 3;
/** Fetch again when fewer than this of the next frames are here. */
const REFILL = 10;
/** These come first, in a request of their own: the whole run would keep them waiting for its last frame. */
const SOON = 3;

/** Tells a steady step from jumps. */
export class Stride {
  #last = -1;
  #step = 0;
  #steady = 0;

  /** Note a wanted frame; the step that goes on from here, or 0 where there is no steady way. */
  note(frame: number): number {
    const step = this.#last < 0 ? 0 : frame - this.#last;
    this.#steady = step !== 0 && step === this.#step ? this.#steady + 1 : 1;
    this.#step = step;
    this.#last = frame;
    return this.#steady >= STEADY && Math.abs(step) <= FARTHEST_STEP ? step : 0;
  }
}

export class StepsAhead {
  readonly #bytes: FrameBytes;
  readonly #pictures: Pictures;
  #fetching: { first: number; last: number; controller: AbortController } | null = null;

  constructor(bytes: FrameBytes, pictures: Pictures) {
    this.#bytes = bytes;
    this.#pictures = pictures;
  }

  /** Have ready what follows a frame in steps of `step`; with 0 nothing is wanted any more. */
  look(frame: number, step: number): void {
    const wanted = Array.from({ length: step ? BYTES_AHEAD : 0 }, (_, at) => frame + step * (at + 1));
    const next = wanted.filter((one) => one >= 0 && one < this.#bytes.rows.frames);
    this.#giveUpElsewhere(next);
    if (!this.#fetching && !next.slice(0, REFILL).every((one) => this.#bytes.has(one))) void this.#fetch(next);
    this.#pictures.ahead(next.slice(0, PICTURES_AHEAD).filter((one) => this.#bytes.has(one)));
  }

  #giveUpElsewhere([next]: readonly number[]): void {
    const run = this.#fetching;
    if (!run || (next !== undefined && next >= run.first && next <= run.last)) return;
    run.controller.abort(new DOMException("turned elsewhere", "AbortError"));
    this.#fetching = null;
  }

  async #fetch(frames: readonly number[]): Promise<void> {
    const controller = new AbortController();
    const run = { first: Math.min(...frames), last: Math.max(...frames), controller };
    this.#fetching = run;
    try {
      await this.#bring(frames.slice(0, SOON), controller.signal);
      await this.#bring(frames.slice(SOON), controller.signal);
    } catch {
      // Whoever needs one of these frames hears of the fault.
    } finally {
      if (this.#fetching === run) this.#fetching = null;
    }
  }

  async #bring(frames: readonly number[], signal: AbortSignal): Promise<void> {
    if (frames.length === 0) return;
    const [first, last] = [Math.min(...frames), Math.max(...frames)];
    if (last - first < frames.length) await this.#bytes.fetchRun(first, last + 1, signal);
    else await Promise.all(frames.map((frame) => this.#bytes.get(frame, signal)));
  }
}
