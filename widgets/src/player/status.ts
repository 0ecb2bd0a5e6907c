/** What a player says of itself: of several troubles the worst one, and only when it changes. */

import type { PlayerState } from "./player.ts";

const LOADING_MS = 150;

export class Status {
  #tell: (state: PlayerState) => void;
  readonly #lost = new Map<string, string>();
  #failed: string | null = null;
  #loading = false;
  #said = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (state: PlayerState) => void) {
    this.#tell = tell;
  }

  /** Something does not answer (`message`), or answers again (null); `what` names it. */
  lost(what: string, message: string | null): void {
    if (message === null) this.#lost.delete(what);
    else this.#lost.set(what, message);
    this.#say();
  }

  failed(message: string): void {
    clearTimeout(this.#timer);
    this.#failed = message;
    this.#say();
  }

  /** A picture is wanted. What comes at once is not worth a word. */
  wants(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#loading = true;
      this.#say();
    }, LOADING_MS);
  }

  /** It is on the canvas, or not wanted any more. */
  settled(): void {
    clearTimeout(this.#timer);
    this.#loading = false;
    this.#say();
  }

  painted(): void {
    this.#failed = null;
    this.settled();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#tell = () => undefined;
  }

  #say(): void {
    const state = this.#state();
    const said = JSON.stringify(state);
    if (said === this.#said) return;
    this.#said = said;
    this.#tell(state);
  }

  #state(): PlayerState {
    if (this.#failed !== null) return { state: "failed", message: this.#failed };
    const [lost] = this.#lost.values();
    if (lost !== undefined) return { state: "lost", message: lost };
    return { state: this.#loading ? "loading" : "ready" };
  }
}
