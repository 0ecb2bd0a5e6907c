/** Pictures that are painted at once when they are asked for: decoded ahead, and freed of the decoder, which lends few. */

type Decode = (frame: number, signal: AbortSignal) => Promise<VideoFrame>;

interface Kept {
  readonly controller: AbortController;
  /** Null where it did not come. */
  readonly picture: Promise<ImageBitmap | null>;
}

export class Standby {
  readonly #decode: Decode;
  readonly #kept = new Map<number, Kept>();

  constructor(decode: Decode) {
    this.#decode = decode;
  }

  /** Have just these frames ready. Few: each takes the memory of a whole picture. */
  expect(frames: readonly number[]): void {
    for (const [frame, kept] of this.#kept) {
      if (frames.includes(frame)) continue;
      this.#kept.delete(frame);
      drop(kept);
    }
    for (const frame of frames) if (!this.#kept.has(frame)) this.#kept.set(frame, this.#start(frame));
  }

  /** The picture, which the caller closes; null where it is not expected, or did not come. */
  async take(frame: number): Promise<ImageBitmap | null> {
    const kept = this.#kept.get(frame);
    this.#kept.delete(frame);
    return (await kept?.picture) ?? null;
  }

  #start(frame: number): Kept {
    const controller = new AbortController();
    // Whoever wants the frame decodes it himself then, and hears of the fault.
    return { controller, picture: this.#bring(frame, controller.signal).catch(() => null) };
  }

  async #bring(frame: number, signal: AbortSignal): Promise<ImageBitmap> {
    const picture = await this.#decode(frame, signal);
    try {
      return await createImageBitmap(picture);
    } finally {
      picture.close();
    }
  }
}

function drop({ controller, picture }: Kept): void {
  controller.abort(new DOMException("not wanted any more", "AbortError"));
  void picture.then((made) => made?.close());
}
