/** Pictures on their way from bytes to the canvas: few, and each one closed. */

import type { FrameBytes } from "../bytes/frameBytes.ts";
import type { PictureDecoder } from "./decoder.ts";

/** One frame being fetched and decoded. */
export class ComingPicture {
  readonly frame: number;
  /** Null until it is decoded, and after `take` or `drop`. */
  picture: VideoFrame | null = null;
  error: unknown = null;
  /** Time at which its bytes went into the decoder, by `performance.now`. */
  decoding: number | null = null;
  readonly done: Promise<void>;
  readonly #controller = new AbortController();

  constructor(frame: number, bytes: FrameBytes, decoder: PictureDecoder) {
    this.frame = frame;
    this.done = this.#bring(bytes, decoder);
  }

  /** The picture, to be closed by the caller; null where it has not come. */
  take(): VideoFrame | null {
    const picture = this.picture;
    this.picture = null;
    return picture;
  }

  drop(): void {
    this.#controller.abort(new DOMException("not wanted any more", "AbortError"));
    this.take()?.close();
  }

  async #bring(bytes: FrameBytes, decoder: PictureDecoder): Promise<void> {
    const { signal } = this.#controller;
    try {
      const encoded = await bytes.get(this.frame, signal);
      signal.throwIfAborted();
      this.decoding = performance.now();
      const picture = await decoder.decode(encoded);
      if (signal.aborted) picture.close();
      else this.picture = picture;
    } catch (error) {
      this.error = error;
    }
  }
}

/** Pictures of frames that the next seeks will want. */
export class Pictures {
  readonly #bytes: FrameBytes;
  readonly #decoder: PictureDecoder;
  readonly #coming = new Map<number, ComingPicture>();

  constructor(bytes: FrameBytes, decoder: PictureDecoder) {
    this.#bytes = bytes;
    this.#decoder = decoder;
  }

  start(frame: number): ComingPicture {
    return new ComingPicture(frame, this.#bytes, this.#decoder);
  }

  /** One picture, which the caller closes. Throws the fault that kept it away, or the signal's reason. */
  async take(frame: number, signal: AbortSignal): Promise<VideoFrame> {
    signal.throwIfAborted();
    const ready = this.#coming.get(frame);
    // What went wrong ahead of its time may go right now.
    const coming = ready && !ready.error ? ready : this.start(frame);
    this.#coming.delete(frame);
    const leave = () => coming.drop();
    signal.addEventListener("abort", leave);
    await coming.done;
    signal.removeEventListener("abort", leave);
    signal.throwIfAborted();
    const picture = coming.take();
    if (!picture) throw coming.error;
    return picture;
  }

  /** Decode exactly these frames ahead; all others are dropped. */
  ahead(frames: readonly number[]): void {
    for (const [frame, coming] of this.#coming) {
      if (frames.includes(frame) && !coming.error) continue;
      coming.drop();
      this.#coming.delete(frame);
    }
    for (const frame of frames) if (!this.#coming.has(frame)) this.#coming.set(frame, this.start(frame));
  }
}
