import assert from "node:assert/strict";
import { test } from "node:test";
import { PictureDecoder } from "../src/player/decoder.ts";

/** Stands for the browser's: it gives pictures by itself, or only when it is flushed. */
function browser(givesByItself: boolean): { flushes: number } {
  const seen = { flushes: 0 };
  class Decoder {
    state = "unconfigured";
    readonly #output: (picture: VideoFrame) => void;
    #held: VideoFrame[] = [];

    constructor({ output }: { output: (picture: VideoFrame) => void }) {
      this.#output = output;
    }

    configure(): void {
      this.state = "configured";
    }

    decode({ timestamp }: { timestamp: number }): void {
      this.#held.push({ timestamp, close: () => undefined } as unknown as VideoFrame);
      if (givesByItself) setTimeout(() => this.#give(), 1);
    }

    async flush(): Promise<void> {
      seen.flushes++;
      this.#give();
    }

    close(): void {
      this.state = "closed";
    }

    #give(): void {
      for (const picture of this.#held.splice(0)) this.#output(picture);
    }
  }
  Object.assign(globalThis, { VideoDecoder: Decoder, EncodedVideoChunk: class { timestamp: number; constructor(chunk: { timestamp: number }) { this.timestamp = chunk.timestamp; } } });
  return seen;
}

const BYTES = new Uint8Array(1);
const config = { codec: "avc1.64001f" };

test("a browser that gives pictures by itself is not flushed", async () => {
  const seen = browser(true);
  const decoder = new PictureDecoder(config);
  for (let count = 0; count < 5; count++) await Promise.all([decoder.decode(BYTES), decoder.decode(BYTES)]);
  assert.equal(seen.flushes, 0);
  decoder.dispose();
});

test("one that holds pictures back is flushed: after a while at first, then at once", async () => {
  const seen = browser(false);
  const decoder = new PictureDecoder(config);
  const took: number[] = [];
  for (let count = 0; count < 6; count++) {
    const began = performance.now();
    await decoder.decode(BYTES);
    took.push(performance.now() - began);
  }
  assert.equal(seen.flushes, 6);
  assert.ok(Math.max(...took.slice(3)) < Math.min(...took.slice(0, 3)), took.join());
  decoder.dispose();
});

test("what is open when it is closed is given up", async () => {
  browser(false);
  const decoder = new PictureDecoder(config);
  const waits = decoder.decode(BYTES);
  decoder.dispose();
  await assert.rejects(waits, { name: "AbortError" });
});
