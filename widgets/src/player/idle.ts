/** Lets go of what nobody has used for a while: media elements hold connections, and a page has six for each host. */

export class Idle {
  readonly #ms: number;
  readonly #letGo: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, letGo: () => void) {
    this.#ms = ms;
    this.#letGo = letGo;
  }

  /** It is in use. */
  busy(): void {
    clearTimeout(this.#timer);
  }

  /** It is not in use from now on. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#letGo, this.#ms);
  }
}

/** Resolve as soon as the page can be seen: browsers paint no pictures in hidden ones. */
export function untilVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", look);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
  });
}
