/** Decodes single pictures. Every frame of a review proxy is an IDR picture, so any of them may come next. */

const HANGS_MS = 5_000;
/** After so long without a picture a flush brings what is held back; a decoder that holds back so often is flushed each time. */
const QUIET_MS = 100;
const OFTEN = 3;

interface Waiting {
  resolve(picture: VideoFrame): void;
  reject(error: unknown): void;
}

/** Configuration by the avcC of the file; its bytes 1 to 3 are profile, constraints and level. */
export function decoderConfig(avcc: DataView, width: number, height: number): VideoDecoderConfig {
  const hex = [1, 2, 3].map((at) => avcc.getUint8(at).toString(16).padStart(2, "0")).join("");
  const description = new Uint8Array(avcc.buffer, avcc.byteOffset, avcc.byteLength).slice();
  return { codec: `avc1.${hex}`, description, codedWidth: width, codedHeight: height, optimizeForLatency: true };
}

export class PictureDecoder {
  readonly #config: VideoDecoderConfig;
  readonly #waiting = new Map<number, Waiting>();
  #decoder: VideoDecoder | null = null;
  #next = 0;
  #flushing = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #heldBack = 0;
  #disposed = false;

  constructor(config: VideoDecoderConfig) {
    this.#config = config;
  }

  /**
   * One picture, which the caller closes. Calls that do not wait for each other are pipelined.
   *
   * Browsers take decoders away from background tabs: a failed decoder is replaced, and the frame tried once more.
   */
  async decode(bytes: Uint8Array): Promise<VideoFrame> {
    try {
      return await this.#once(bytes);
    } catch (error) {
      if (this.#disposed) throw error;
      return await this.#once(bytes);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#fail(new DOMException("closed", "AbortError"));
  }

  #once(bytes: Uint8Array): Promise<VideoFrame> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) throw new DOMException("closed", "AbortError");
      const decoder = this.#living();
      // Our own count, not the frame's time: it finds the caller again also when the same frame is asked for twice.
      const timestamp = this.#next++;
      decoder.decode(new EncodedVideoChunk({ type: "key", timestamp, data: bytes }));
      this.#waiting.set(timestamp, { resolve, reject });
      if (this.#heldBack < OFTEN) this.#flushWhenQuiet(decoder);
      else this.#flushSoon(decoder);
    });
  }

  #living(): VideoDecoder {
    if (this.#decoder?.state === "configured") return this.#decoder;
    const decoder = new VideoDecoder({
      output: (picture) => {
        this.#output(picture);
        if (this.#waiting.size > 0 && this.#heldBack < OFTEN) this.#flushWhenQuiet(decoder);
      },
      error: (error) => {
        if (this.#decoder === decoder) this.#fail(error);
      },
    });
    decoder.configure(this.#config);
    return (this.#decoder = decoder);
  }

  #output(picture: VideoFrame): void {
    this.#stir();
    const waiting = this.#waiting.get(picture.timestamp);
    if (!waiting) return picture.close();
    this.#waiting.delete(picture.timestamp);
    waiting.resolve(picture);
  }

  /** Chromium 156 needs no flush, and each one costs it a fifth of its pace; WebKitGTK 2.50 puts nothing out without one. */
  #flushWhenQuiet(decoder: VideoDecoder): void {
    this.#quiet ??= setTimeout(() => {
      this.#stir();
      this.#heldBack++;
      this.#flushSoon(decoder);
    }, QUIET_MS);
  }

  #stir(): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
  }

  /** One flush is enough for all frames that were given in one go. */
  #flushSoon(decoder: VideoDecoder): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      if (decoder.state !== "configured") return;
      const given = this.#next;
      const hangs = setTimeout(() => this.#failOf(decoder, new Error("the decoder does not answer")), HANGS_MS);
      decoder
        .flush()
        .then(() => this.#missing(given))
        .catch((error: unknown) => this.#failOf(decoder, error))
        .finally(() => clearTimeout(hangs));
    });
  }

  #missing(given: number): void {
    for (const [timestamp, { reject }] of this.#waiting) {
      if (timestamp >= given) continue;
      this.#waiting.delete(timestamp);
      reject(new Error("the decoder gave no picture"));
    }
  }

  #failOf(decoder: VideoDecoder, error: unknown): void {
    if (this.#decoder === decoder) this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#stir();
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== "closed") decoder.close();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
