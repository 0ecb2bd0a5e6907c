/** The widget's model as anywidget hands it over, and the traits of `heaters.ui.player.ReviewPlayer`. */

import type { FromKernel, Hotkey, ToKernel } from "../protocol.ts";

export interface Traits {
  frame: number;
  playing: boolean;
  speed: number;
  muted: boolean;
  fps_shown: number;
  dropped: number;
  player_kind: string;
  status: string;
  error: string;
  bytes_from: string;
  _hotkeys: Hotkey[];
  _player_id: string;
}

export interface Model {
  get<K extends keyof Traits>(name: K): Traits[K];
  set<K extends keyof Traits>(name: K, value: Traits[K]): void;
  save_changes(): void;
  send(message: ToKernel): void;
  on(event: "msg:custom", heard: (message: FromKernel, buffers: DataView[]) => void): void;
  off(event: string, heard: (...all: never[]) => void): void;
}

/** What all views of one player share. */
export interface Shared<View> {
  /** In the order in which they came; only the first one is heard. */
  readonly views: Set<View>;
  playing: boolean;
  speed: number;
  muted: boolean;
}

const EVERY_MS = 100;

/** Tells Python of traits, at most ten times a second; the last values always get there. */
export class Reporter {
  readonly #model: Model;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #last = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  report<K extends keyof Traits>(name: K, value: Traits[K]): void {
    if (this.#model.get(name) === value) return;
    this.#model.set(name, value);
    const wait = EVERY_MS - (performance.now() - this.#last);
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, wait));
  }

  flush(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#last = performance.now();
    this.#model.save_changes();
  }
}
