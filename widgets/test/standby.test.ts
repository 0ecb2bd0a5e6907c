import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { Standby } from "../src/player/standby.ts";

/** Pictures that are open, by frame; node has none of its own. */
function standby() {
  const [lent, kept, asked]: [Set<number>, Set<number>, number[]] = [new Set(), new Set(), []];
  globalThis.createImageBitmap = (async (picture: { frame: number }) => {
    kept.add(picture.frame);
    return { close: () => kept.delete(picture.frame) };
  }) as unknown as typeof createImageBitmap;
  const decode = async (frame: number, signal: AbortSignal) => {
    asked.push(frame);
    await sleep(5, undefined, { signal });
    if (frame === 13) throw new Error("broken");
    lent.add(frame);
    return { frame, close: () => lent.delete(frame) } as unknown as VideoFrame;
  };
  return { lent, kept, asked, standby: new Standby(decode) };
}

test("expected pictures are decoded once and lent pictures given back at once", async () => {
  const { lent, kept, asked, standby: ready } = standby();
  ready.expect([7, 9]);
  ready.expect([9, 7]);
  await sleep(20);
  assert.deepEqual([asked, lent.size, [...kept]], [[7, 9], 0, [7, 9]]);
  (await ready.take(7))?.close();
  assert.deepEqual([[...kept], await ready.take(7), await ready.take(8)], [[9], null, null]);
});

test("a picture that is still coming is waited for; one that fails is left to who wants it", async () => {
  const { standby: ready } = standby();
  ready.expect([7, 13]);
  assert.notEqual(await ready.take(7), null);
  assert.equal(await ready.take(13), null);
});

test("what is expected no more is closed, also where it comes later", async () => {
  const { lent, kept, standby: ready } = standby();
  ready.expect([7]);
  await sleep(20);
  ready.expect([8]);
  await sleep(1);
  ready.expect([]);
  await sleep(20);
  assert.deepEqual([lent.size, kept.size], [0, 0]);
});
