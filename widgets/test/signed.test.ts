import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { BytesFault } from "../src/bytes/byteSource.ts";
import { SignedSource } from "../src/bytes/signed.ts";
import type { Urls } from "../src/protocol.ts";
import { FilmServer, makeFilm } from "./film_server.ts";

const never = new AbortController().signal;
const PART = { start: 100, end: 1_100 };
const SECONDS = 100;

/** A storage that takes the newest key only, and a kernel that signs with it. Time goes by `later` alone. */
async function storage(t: TestContext, kernel: "answers" | "refuses" | "silent" = "answers") {
  const server = await new FilmServer(makeFilm()).start();
  t.after(() => server.stop());
  let now = Date.now();
  t.mock.method(Date, "now", () => now);
  server.key = "1";
  let asked = 0;
  const sign = (key: string): Urls => ({ from: "s3", proxy: `${server.url}?key=${key}`, audio: null, seconds: SECONDS });
  const source = new SignedSource(sign("1"), async () => {
    asked++;
    if (kernel === "silent") return await new Promise<Urls>(() => undefined);
    if (kernel === "refuses") throw new BytesFault("refused", "no such source");
    return sign(server.key ?? "");
  });
  const read = () => source.read("proxy", PART, never);
  const right = server.film.bytes.slice(PART.start, PART.end);
  return { server, source, sign, read, right, asked: () => asked, later: (seconds: number) => void (now += 1_000 * seconds) };
}

test("an address that works is all that is needed", async (t) => {
  const { read, right, asked, later } = await storage(t);
  assert.deepEqual(await read(), right);
  later(49);
  assert.deepEqual(await read(), right);
  assert.equal(asked(), 0);
});

test("in the second half of its life the next one is fetched, and nobody waits for that", async (t) => {
  const { server, read, right, asked, later } = await storage(t);
  later(51);
  assert.deepEqual(await Promise.all([read(), read()]), [right, right]);
  assert.equal(asked(), 1);
  server.key = "2";
  later(51);
  await read();
  assert.deepEqual([asked(), server.refused], [2, 1], "the second one was signed before the key was changed");
  assert.deepEqual(await read(), right);
  assert.deepEqual([asked(), server.refused], [2, 1]);
});

test("one that has expired is not tried any more", async (t) => {
  const { server, read, right, asked, later } = await storage(t);
  server.key = "2";
  later(99);
  assert.deepEqual(await Promise.all([read(), read(), read()]), [right, right, right]);
  assert.deepEqual([asked(), server.refused], [1, 0]);
});

test("one that expired before its time is renewed once, and the same bytes are read", async (t) => {
  const { server, read, right, asked, later } = await storage(t);
  server.key = "2";
  later(5);
  assert.deepEqual(await Promise.all([read(), read(), read()]), [right, right, right]);
  assert.equal(asked(), 1);
  assert.ok(server.refused <= 3);
});

test("one that was just made and is refused is not renewed: it is not its age", async (t) => {
  const { server, read, asked } = await storage(t);
  server.key = "2";
  await assert.rejects(read(), { kind: "refused" });
  assert.equal(asked(), 0);
});

test("what a new address does not mend is refused", async (t) => {
  const { server, read, asked, later } = await storage(t);
  server.fault = 403;
  later(5);
  await assert.rejects(read(), { kind: "refused" });
  assert.equal(asked(), 1);
});

test("damage is no matter of addresses", async (t) => {
  const { server, read, asked, later } = await storage(t);
  server.fault = "short";
  later(5);
  await assert.rejects(read(), { kind: "broken" });
  assert.equal(asked(), 0);
});

test("a storage that is silent late in an address' life may be one that refuses it without a word", async (t) => {
  const { server, read, right, asked, later } = await storage(t);
  Object.assign(server, { fault: 503, times: 1 });
  later(60);
  assert.deepEqual(await read(), right);
  assert.equal(asked(), 1);
});

test("a kernel that makes no new address in time is lost", async (t) => {
  const { read, later } = await storage(t, "silent");
  later(99);
  await assert.rejects(read(), { kind: "lost" });
});

test("addresses that came with another clip are used at once", async (t) => {
  const { server, source, sign, read, right, asked, later } = await storage(t);
  server.key = "2";
  later(60);
  source.take(sign("2"));
  assert.deepEqual(await read(), right);
  assert.deepEqual([asked(), server.refused], [0, 0]);
});

test("an element is given an address that lasts, and is told until when", async (t) => {
  const { server, source, asked, later } = await storage(t);
  const first = await source.url("proxy", never);
  assert.deepEqual([first?.url, (first?.until ?? 0) - Date.now()], [`${server.url}?key=1`, 50_000]);
  assert.equal(await source.url("audio", never), null);
  server.key = "2";
  later(51);
  const second = await source.url("proxy", never);
  assert.deepEqual([second?.url, asked()], [`${server.url}?key=2`, 1]);
  assert.equal((second?.until ?? 0) - Date.now(), 50_000);
});

test("an element is given the old address where there is no new one", async (t) => {
  const { server, source, later } = await storage(t, "refuses");
  later(51);
  const found = await source.url("proxy", never);
  assert.equal(found?.url, `${server.url}?key=1`);
  assert.ok((found?.until ?? 0) > Date.now(), "and not asked for again at once");
});
