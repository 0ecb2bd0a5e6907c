/** The sound of a source: one audio element on the proxy's sound alone. Its time 0 is the source's first frame. */

import { load, type MediaAddress } from "../bytes/mediaFile.ts";
import { Idle } from "./idle.ts";

const STARTS_MS = 1_500;
const IDLE_MS = 60_000;

export class Sound {
  readonly #load: (signal: AbortSignal) => Promise<MediaAddress>;
  readonly #refused: () => void;
  readonly #closed = new AbortController();
  readonly #idle = new Idle(IDLE_MS, () => this.#unload());
  #element: HTMLAudioElement | null = null;
  #loading: Promise<HTMLAudioElement> | null = null;
  #file: MediaAddress | null = null;
  #muted = false;
  #turn = 0;

  /** `load` is called when sound is first wanted; `refused` where the browser wants a click before it lets sound play. */
  constructor(load: (signal: AbortSignal) => Promise<MediaAddress>, refused: () => void) {
    this.#load = load;
    this.#refused = refused;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#element) this.#element.muted = muted;
  }

  /** Settles when the load that is under way has come to its end; null where none is. */
  get late(): Promise<unknown> | null {
    return this.#loading;
  }

  /** Play from a time in seconds. False where there will be no sound this time, or it is `late`. */
  async start(at: number, speed: number): Promise<boolean> {
    const turn = ++this.#turn;
    this.#idle.busy();
    if (this.failed || (this.#file && this.#file.until <= Date.now())) this.#unload();
    try {
      const element = await withinTime(this.#ready(), STARTS_MS);
      if (turn !== this.#turn) return false;
      this.#idle.busy();
      element.currentTime = at;
      element.playbackRate = speed;
      element.preservesPitch = true;
      element.muted = this.#muted;
      await withinTime(element.play(), STARTS_MS);
      return turn === this.#turn;
    } catch (error) {
      if (turn !== this.#turn) return false;
      this.#element?.pause();
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#refused();
      else this.#unload();
      return false;
    }
  }

  /** Seconds from the source's first frame, while it plays; null where it can't be the clock (any more). */
  get time(): number | null {
    const element = this.#element;
    if (!element || element.paused || element.ended || element.error) return null;
    return element.currentTime;
  }

  /** It broke off, as it does when its address has expired; to start again loads it anew. */
  get failed(): boolean {
    return this.#element?.error != null;
  }

  jump(at: number): void {
    if (this.#element) this.#element.currentTime = at;
  }

  stop(): void {
    this.#turn++;
    this.#element?.pause();
    if (this.#element) this.#idle.rest();
  }

  dispose(): void {
    this.stop();
    this.#idle.busy();
    this.#closed.abort(new DOMException("closed", "AbortError"));
    this.#unload();
  }

  /** One load, however often somebody starts and stops meanwhile: without a server the whole file comes through the kernel. */
  #ready(): Promise<HTMLAudioElement> {
    if (this.#element) return Promise.resolve(this.#element);
    return (this.#loading ??= this.#bring().finally(() => (this.#loading = null)));
  }

  async #bring(): Promise<HTMLAudioElement> {
    const { signal } = this.#closed;
    const file = await this.#load(signal);
    if (signal.aborted) file.release();
    signal.throwIfAborted();
    this.#file = file;
    this.#element = new Audio();
    load(this.#element, file);
    this.#idle.rest();
    return this.#element;
  }

  /** Elements that are only forgotten keep their connections; a page has six for each host. */
  #unload(): void {
    this.#element?.pause();
    this.#element?.removeAttribute("src");
    this.#element?.load();
    this.#element = null;
    this.#file?.release();
    this.#file = null;
  }
}

function withinTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the sound does not start")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
