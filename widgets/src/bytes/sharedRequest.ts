/** One request that several callers wait for; it is aborted when the last of them has left. */

import { orAborted } from "./pause.ts";

export class SharedRequest<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  readonly #over: () => void;
  #users = 0;

  /** `over` is called once: when the request has an outcome, or is aborted. */
  constructor(start: (signal: AbortSignal) => Promise<T>, over: () => void) {
    let called = false;
    this.#over = () => {
      if (!called) over();
      called = true;
    };
    this.#result = start(this.#controller.signal).finally(() => this.#over());
    // Whoever still waits hears of it by `join`.
    this.#result.catch(() => undefined);
  }

  async join(signal: AbortSignal): Promise<T> {
    this.#users++;
    try {
      return await orAborted(this.#result, signal);
    } finally {
      if (--this.#users === 0) {
        this.#over();
        this.#controller.abort(new DOMException("nobody waits any more", "AbortError"));
      }
    }
  }
}
