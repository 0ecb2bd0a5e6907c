import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import type { FrameBytes } from "../src/bytes/frameBytes.ts";
import type { PictureDecoder } from "../src/player/decoder.ts";
import { Pictures } from "../src/player/pictures.ts";

/** Pictures that are open, and frames that were decoded; the first `faults` decodings fail. */
function pictures(faults = 0) {
  const [open, decoded]: [Set<number>, number[]] = [new Set(), []];
  const bytes = { get: async (frame: number) => new Uint8Array([frame]) } as unknown as FrameBytes;
  const decode = async ([frame = -1]: Uint8Array) => {
    await sleep(2);
    decoded.push(frame);
    if (decoded.length <= faults) throw new Error("the decoder was taken away");
    open.add(frame);
    return { close: () => open.delete(frame) } as unknown as VideoFrame;
  };
  return { open, decoded, pictures: new Pictures(bytes, { decode } as unknown as PictureDecoder) };
}

test("who has given up before, or while it came, leaves no picture open", async () => {
  const { open, decoded, pictures: made } = pictures();
  await assert.rejects(made.take(3, AbortSignal.abort(new Error("gone before"))), /gone before/);
  const leaves = new AbortController();
  const taken = made.take(4, leaves.signal);
  await sleep(0);
  leaves.abort(new Error("gone meanwhile"));
  await assert.rejects(taken, /gone meanwhile/);
  assert.deepEqual([decoded, open.size], [[4], 0]);
});

test("what failed ahead of its time is tried again when it is wanted", async () => {
  const { open, decoded, pictures: made } = pictures(1);
  made.ahead([7]);
  await sleep(10);
  const picture = await made.take(7, new AbortController().signal);
  assert.deepEqual([decoded, [...open]], [[7, 7], [7]]);
  picture.close();
});

test("frames that are not wanted ahead any more are closed", async () => {
  const { open, pictures: made } = pictures();
  made.ahead([1, 2, 3]);
  await sleep(10);
  made.ahead([3]);
  assert.deepEqual([...open], [3]);
});
