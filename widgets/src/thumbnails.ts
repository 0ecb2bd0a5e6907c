/** Small pictures of frames for hovering and strips, by the same checked bytes and a decoder of their own. */

import { Latest } from "./player/latest.ts";

/** One picture of a frame to draw from; `close` it. */
export interface FramePicture {
  source: CanvasImageSource;
  width: number;
  height: number;
  close(): void;
}

export interface PictureSupply {
  picture(frame: number, signal: AbortSignal): Promise<FramePicture>;
  dispose(): void;
}

/** Of all pictures that are kept: 48 MB. A strip on a sharp screen has pictures of half a megabyte each. */
const KEPT_PIXELS = 12 * 2 ** 20;

export class Thumbnails {
  readonly #supply: () => PictureSupply;
  readonly #latest = new Latest();
  readonly #kept = new Map<string, HTMLCanvasElement>();
  readonly #closed = new AbortController();
  #started: PictureSupply | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #pixels = 0;

  /** `supply` is called when the first picture is wanted. */
  constructor(supply: () => PictureSupply) {
    this.#supply = supply;
  }

  /** A frame `width` pixels wide; null when a newer request took its place, or there is no picture to be had. */
  async picture(frame: number, width: number): Promise<HTMLCanvasElement | null> {
    let made: HTMLCanvasElement | null = null;
    await this.#latest
      .run(async (signal) => (made = await this.#make(frame, width, signal)) !== null)
      .catch(() => false);
    return made;
  }

  /** Each of these frames in turn, for a strip; ends early when the signal is aborted. Frames without a picture are left out. */
  async each(
    frames: readonly number[], width: number, drawn: (frame: number, picture: HTMLCanvasElement) => void, signal: AbortSignal,
  ): Promise<void> {
    for (const frame of frames) {
      const picture = await this.#make(frame, width, signal).catch(() => null);
      if (signal.aborted || this.#closed.signal.aborted) return;
      if (picture) drawn(frame, picture);
    }
  }

  dispose(): void {
    this.#closed.abort(new DOMException("closed", "AbortError"));
    this.#latest.cancel();
    this.#started?.dispose();
    this.#started = null;
    this.#kept.clear();
    this.#pixels = 0;
  }

  async #make(frame: number, width: number, signal: AbortSignal): Promise<HTMLCanvasElement | null> {
    const key = `${frame}:${width}`;
    const kept = this.#find(key);
    if (kept) return kept;
    const either = AbortSignal.any([signal, this.#closed.signal]);
    // Somebody else may have asked for it before its turn came.
    const turn = this.#queue.then(async () => this.#find(key) ?? this.#keep(key, await this.#draw(frame, width, either)));
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  #find(key: string): HTMLCanvasElement | undefined {
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
    }
    return kept;
  }

  #keep(key: string, made: HTMLCanvasElement): HTMLCanvasElement {
    this.#kept.set(key, made);
    this.#pixels += made.width * made.height;
    for (const [oldest, { width, height }] of this.#kept) {
      if (this.#pixels <= KEPT_PIXELS) break;
      this.#kept.delete(oldest);
      this.#pixels -= width * height;
    }
    return made;
  }

  async #draw(frame: number, width: number, signal: AbortSignal): Promise<HTMLCanvasElement> {
    signal.throwIfAborted();
    const picture = await (this.#started ??= this.#supply()).picture(frame, signal);
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = Math.max(1, Math.round((width * picture.height) / picture.width));
    canvas.getContext("2d", { alpha: false })?.drawImage(picture.source, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas;
  }
}
