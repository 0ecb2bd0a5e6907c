import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { BytesFault } from "../src/bytes/byteSource.ts";
import { ByteCache } from "../src/bytes/cache.ts";
import { FrameBytes } from "../src/bytes/frameBytes.ts";
import { HttpSource } from "../src/bytes/http.ts";
import { RowStore } from "../src/bytes/rowStore.ts";
import { FrameRows } from "../src/frames.ts";
import { FilmServer, makeFilm, SIZES } from "./film_server.ts";

const never = new AbortController().signal;

async function film(t: TestContext, capacity = 1e6) {
  const server = await new FilmServer(makeFilm()).start();
  t.after(() => server.stop());
  const source = new HttpSource("server", { proxy: server.url, audio: null });
  const rows = new RowStore(SIZES.length, async () => server.film.rows);
  rows.add(new FrameRows(0, SIZES.length, server.film.rows));
  const read = (range: { start: number; end: number }, signal: AbortSignal) => source.read("proxy", range, signal);
  const frames = new FrameBytes(read, rows, new ByteCache(capacity), "v");
  const right = (frame: number) => {
    const offset = server.film.offsets[frame]!;
    return server.film.bytes.slice(offset, offset + SIZES[frame]!);
  };
  return { server, frames, right };
}

test("a cold frame is one request of exactly its size, a cached one none", async (t) => {
  const { server, frames, right } = await film(t);
  for (const frame of [4, 2, 7, 0, 3, 4, 2]) assert.deepEqual(await frames.get(frame, never), right(frame));
  const expected = [4, 2, 7, 0, 3].map((frame) => [server.film.offsets[frame], server.film.offsets[frame]! + SIZES[frame]!]);
  assert.deepEqual(server.asked, expected);
});

test("neighbours come in one request, and only those that are missing", async (t) => {
  const { server, frames, right } = await film(t);
  await frames.get(3, never);
  server.asked.length = 0;
  await frames.fetchRun(1, 7, never);
  assert.equal(server.asked.length, 1);
  for (const frame of [1, 2, 3, 4, 5, 6]) assert.deepEqual(await frames.get(frame, never), right(frame));
  assert.equal(server.asked.length, 1);
});

test("callers of the same frame share a request; it lives as long as one of them", async (t) => {
  const { server, frames, right } = await film(t);
  const leaver = new AbortController();
  const left = frames.get(2, leaver.signal);
  const stayed = frames.get(2, never);
  leaver.abort(new Error("left"));
  await assert.rejects(left, /left/);
  assert.deepEqual(await stayed, right(2));
  assert.equal(server.asked.length, 1);
});

test("a frame that nobody wants any more can be asked for anew", async (t) => {
  const { server, frames, right } = await film(t);
  server.fault = "mute";
  const leaver = new AbortController();
  const left = frames.get(2, leaver.signal);
  leaver.abort(new Error("left"));
  await assert.rejects(left, /left/);
  server.fault = "";
  assert.deepEqual(await frames.get(2, never), right(2));
});

test("a flipped bit is seen, and the frame asked for once more", async (t) => {
  const { server, frames, right } = await film(t);
  Object.assign(server, { fault: "flipped", times: 1 });
  assert.deepEqual(await frames.get(5, never), right(5));
  assert.equal(server.asked.length, 2);
});

test("a frame that stays damaged is broken, is not kept, and spoils no other", async (t) => {
  const { server, frames, right } = await film(t);
  server.fault = "flipped";
  await frames.fetchRun(4, 7, never);
  await assert.rejects(frames.get(6, never), (error) => error instanceof BytesFault && error.kind === "broken");
  assert.deepEqual([4, 5, 6].map((frame) => frames.has(frame)), [true, true, false]);
  server.fault = "";
  assert.deepEqual(await frames.get(6, never), right(6));
});

test("the least recently used frames leave the cache first", async () => {
  const cache = new ByteCache(100);
  cache.set("a", new Uint8Array(40));
  cache.set("b", new Uint8Array(40));
  cache.get("a");
  cache.set("c", new Uint8Array(40));
  assert.deepEqual(["a", "b", "c"].map((key) => cache.has(key)), [true, false, true]);
  cache.set("huge", new Uint8Array(101));
  cache.set("a", new Uint8Array(10));
  assert.deepEqual([cache.has("huge"), cache.size], [false, 50]);
});
