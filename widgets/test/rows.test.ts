import assert from "node:assert/strict";
import { test } from "node:test";
import { BytesFault } from "../src/bytes/byteSource.ts";
import { RowStore } from "../src/bytes/rowStore.ts";
import { FrameRows, ROW_BYTES, seconds } from "../src/frames.ts";

const FRAMES = 2_500;
const never = new AbortController().signal;
/** Uneven times: frame n is shown from 10 n + n mod 3. */
const ptsOf = (frame: number) => 10 * frame + (frame % 3);

function columns(first: number, end: number, shift = 0): DataView {
  const n = end - first;
  const view = new DataView(new ArrayBuffer(ROW_BYTES * n + 8 + shift), shift);
  for (let at = 0; at <= n; at++) view.setFloat64(8 * at, ptsOf(first + at), true);
  for (let at = 0; at < n; at++) {
    view.setFloat64(8 * (n + 1 + at), 2 ** 33 + 100 * (first + at), true);
    view.setUint32(16 * n + 8 + 4 * at, 50 + at, true);
    view.setUint32(20 * n + 8 + 4 * at, 2 ** 32 - 1 - at, true);
  }
  return view;
}

test("rows are read from anywhere in a message", () => {
  for (const shift of [0, 1, 3, 8]) {
    const rows = new FrameRows(40, 45, columns(40, 45, shift));
    const row = { frame: 41, pts: ptsOf(41), end_pts: ptsOf(42), offset: 2 ** 33 + 4_100, size: 51, crc32: 2 ** 32 - 2 };
    assert.deepEqual(rows.row(41), row);
    assert.deepEqual([rows.row(39), rows.row(45)], [undefined, undefined]);
  }
  assert.throws(() => new FrameRows(0, 3, columns(0, 2)), /rows of frames 0 to 3/);
});

test("a time belongs to the last frame that starts at or before it", () => {
  const rows = new RowStore(FRAMES, async (first, end) => columns(first, end));
  rows.add(new FrameRows(0, 30, columns(0, 30)));
  rows.add(new FrameRows(100, 130, columns(100, 130)));
  for (const frame of [0, 1, 2, 28, 29, 100, 101, 128]) {
    assert.equal(rows.at(ptsOf(frame)), frame);
    assert.equal(rows.at(ptsOf(frame + 1) - 0.5), frame);
  }
  assert.equal(rows.at(ptsOf(50)), undefined);
  assert.equal(rows.at(-5), undefined);
});

test("missing rows are asked for in blocks, once, also by many at a time", async () => {
  const asked: [number, number][] = [];
  const rows = new RowStore(FRAMES, async (first, end) => {
    asked.push([first, end]);
    return columns(first, end);
  });
  const found = await Promise.all([2_499, 2_000, 2_100].map((frame) => rows.row(frame, never)));
  assert.deepEqual(found.map((row) => row.frame), [2_499, 2_000, 2_100]);
  assert.equal((await rows.rows(990, 1_010, never)).length, 20);
  assert.deepEqual(asked, [[2_000, 2_500], [0, 1_000], [1_000, 2_000]]);
  await assert.rejects(rows.row(FRAMES, never), /no frame 2500 among 2500/);
});

test("a silent kernel is asked again, a refusal is thrown", async () => {
  let times = 0;
  const rows = new RowStore(FRAMES, async (first, end) => {
    if (times++ === 0) throw new BytesFault("lost", "busy");
    if (times === 3) throw new BytesFault("refused", "no such source");
    return columns(first, end);
  });
  assert.equal((await rows.row(5, never)).frame, 5);
  await assert.rejects(rows.row(1_005, never), /no such source/);
  assert.equal((await rows.row(1_005, never)).frame, 1_005);
});

test("seconds are exact for the usual time bases", () => {
  assert.equal(seconds(30_000, [1_001, 30_000]), 1_001);
  assert.equal(seconds(90_000, [1, 90_000]), 1);
});
