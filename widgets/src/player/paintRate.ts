/** Pictures painted within the last second. */

const WINDOW_MS = 1_000;

export class PaintRate {
  #times: number[] = [];

  note(): void {
    const now = performance.now();
    this.#times = this.#times.filter((time) => time > now - WINDOW_MS);
    this.#times.push(now);
  }

  get value(): number {
    const now = performance.now();
    return this.#times.filter((time) => time > now - WINDOW_MS).length;
  }

  reset(): void {
    this.#times = [];
  }
}
