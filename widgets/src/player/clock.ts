/** The time that playing follows: the sound's where there is sound, else the wall's. */

import type { Sound } from "./sound.ts";

/** A machine without a sound device may play sound whose time stands still (WebKitGTK 2.50). */
const STANDS_MS = 1_000;

export class Clock {
  readonly #sound: Sound | null;
  #speed = 1;
  /** Wall time (`performance.now`) at which `#at` was; null while the clock stands. */
  #since: number | null = null;
  #at = 0;
  /** The sound is the clock. */
  #leads = false;
  /** When the sound's time was last seen to move. */
  #moved = 0;
  /** Sound was refused, or failed, since `start`. */
  #silent = false;
  #turn = 0;

  constructor(sound: Sound | null) {
    this.#sound = sound;
  }

  /** Run from a time in seconds. With sound it stands until that plays, or is known not to. */
  start(at: number, speed: number): void {
    this.#speed = speed;
    this.#at = at;
    this.#silent = false;
    this.resume();
  }

  get time(): number {
    if (this.#leads) {
      const heard = this.#sound?.time ?? null;
      if (heard !== null && this.#moves(heard)) return (this.#at = heard);
      // Sound may end before the pictures do, or fail.
      if (heard !== null) this.#sound?.stop();
      this.#leads = false;
      this.#since = performance.now();
      if (this.#sound?.failed) queueMicrotask(() => this.retrySound());
    }
    return this.#since === null ? this.#at : this.#at + ((performance.now() - this.#since) / 1_000) * this.#speed;
  }

  jump(at: number): void {
    this.#at = at;
    if (this.#leads) this.#sound?.jump(at);
    else if (this.#since !== null) this.resume();
  }

  /** Stand still. */
  hold(): void {
    this.#at = this.time;
    this.#since = null;
    this.#leads = false;
    this.#turn++;
    this.#sound?.stop();
  }

  /** Go on from where it stands. */
  resume(): void {
    const turn = ++this.#turn;
    this.#leads = false;
    const sound = this.#silent ? null : this.#sound;
    this.#since = sound ? null : performance.now();
    void sound?.start(this.#at, this.#speed).then((plays) => {
      if (turn !== this.#turn) return;
      this.#leads = plays;
      this.#moved = performance.now();
      this.#silent = !plays;
      if (plays) return;
      this.#since = performance.now();
      void sound.late?.then(() => turn === this.#turn && this.retrySound(), () => undefined);
    });
  }

  /** Sound that was refused may be allowed now. */
  retrySound(): void {
    if (!this.#sound || this.#leads || this.#since === null) return;
    this.#at = this.time;
    this.#silent = false;
    this.resume();
  }

  #moves(heard: number): boolean {
    if (heard !== this.#at) this.#moved = performance.now();
    return performance.now() - this.#moved < STANDS_MS;
  }
}
