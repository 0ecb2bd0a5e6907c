/** Tells the kernel every few seconds that somebody is here, and hears what others did. */

import type { Told } from "./line.ts";
import type { Question } from "./protocol.ts";

const EVERY_MS = 5_000;
/** After so long without a key or click nobody needs to know at once that the kernel is away. */
const LIVELY_MS = 60_000;

export class Beats {
  readonly #ask: (question: Question) => Promise<Told>;
  readonly #shown: () => number | null;
  readonly #heard: (told: Told) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #acted = Date.now();
  #active = true;
  #asking = false;

  /** `shown` is the clip on screen. */
  constructor(ask: (question: Question) => Promise<Told>, shown: () => number | null, heard: (told: Told) => void, every = EVERY_MS) {
    this.#ask = ask;
    this.#shown = shown;
    this.#heard = heard;
    this.#timer = setInterval(() => this.beat(), every);
  }

  /** The reviewer did something. */
  act(): void {
    this.#acted = Date.now();
    this.#active = true;
  }

  /** Somebody sits before the page, or did a moment ago. */
  get lively(): boolean {
    return Date.now() - this.#acted < LIVELY_MS;
  }

  beat(): void {
    if (this.#asking) return;
    const active = this.#active;
    this.#active = false;
    this.#asking = true;
    void this.#ask({ kind: "beat", shown: this.#shown(), active }).then((told) => {
      this.#asking = false;
      this.#heard(told);
    });
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
