/** Holds the board's state as immutable snapshots and tells when there is a new one. */

import type { BoardState } from "./state.ts";

export type Hear = (state: BoardState) => void;

const NONE = { pending: 0, approved: 0, skipped: 0, archived: 0, exporting: 0, exported: 0, export_failed: 0 };

export const EMPTY: BoardState = {
  notice: null, source: null, sources: [], clips: [], current: null, place: -1, frame: -1, ready: false, playing: false,
  mode: "watch", armed: null, range: null, picked: new Set(), cursor: -1, dialog: null, counts: NONE, held: new Set(), others: [],
  history: [], reviewer: "", preferences: { fast: null, speed: 1, muted: false, preset: "heaters", keys: {} }, presets: [],
  labels: [], keys: [], unsaved: 0, offline: null, finished: null, toasts: [], player: { kind: "", why: "" },
  picture: { state: "loading" }, soundBlocked: false, scores: null,
};

export class Store {
  #state = EMPTY;
  #told = EMPTY;
  #waiting = false;
  readonly #hearers = new Set<Hear>();

  get state(): BoardState {
    return this.#state;
  }

  /** Hear each new state, once for all changes of one turn; ends when what is returned is called. */
  subscribe(hear: Hear): () => void {
    this.#hearers.add(hear);
    hear(this.#state);
    return () => this.#hearers.delete(hear);
  }

  patch(change: Partial<BoardState>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#waiting = false;
    if (this.#told === this.#state) return;
    this.#told = this.#state;
    for (const hear of this.#hearers) hear(this.#state);
  }
}
