import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { BytesFault } from "../src/bytes/byteSource.ts";
import { HttpSource } from "../src/bytes/http.ts";
import { Ladder } from "../src/bytes/ladder.ts";
import { FilmServer, makeFilm } from "./film_server.ts";

const never = new AbortController().signal;
const PART = { start: 100, end: 1_100 };

async function steps(t: TestContext, count: number, elsewhere = false) {
  const servers = await Promise.all(Array.from({ length: count }, () => new FilmServer(makeFilm()).start()));
  const said: (string | null)[] = [];
  const ways: { name: string; passed: readonly string[] }[] = [];
  const sources = servers.map(
    (server, at) => new HttpSource(`step ${at}`, { proxy: server.url, audio: null }, elsewhere && at === 0),
  );
  const ladder = new Ladder(sources, (message) => said.push(message), ({ name }, passed) => ways.push({ name, passed }));
  t.after(async () => {
    ladder.dispose();
    await Promise.all(servers.map((server) => server.stop()));
  });
  return { servers, ladder, said, ways, right: servers[0]!.film.bytes.slice(PART.start, PART.end) };
}

test("one small probe, then the first way is used for everything", async (t) => {
  const { servers, ladder, right } = await steps(t, 2);
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  await ladder.read("proxy", PART, never);
  assert.deepEqual(servers[0]!.asked, [[0, 12], [100, 1_100], [100, 1_100]]);
  assert.deepEqual(servers[1]!.asked, []);
});

for (const fault of ["whole", "login", 403, 404] as const) {
  test(`a way that answers with ${fault} is passed over`, async (t) => {
    const { servers, ladder, right } = await steps(t, 2);
    servers[0]!.fault = fault;
    assert.deepEqual(await ladder.read("proxy", PART, never), right);
    assert.equal(ladder.source?.name, "step 1");
    assert.equal(servers[0]!.asked.length, 1);
  });
}

test("a way that is not there is passed over while another one answers", async (t) => {
  const { servers, ladder, right, said } = await steps(t, 2);
  await servers[0]!.stop();
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  assert.equal(ladder.source?.name, "step 1");
  assert.deepEqual(said, []);
});

test("other bytes than those of a film are refused", async (t) => {
  const { servers, ladder } = await steps(t, 2);
  servers[0]!.film.bytes.fill(0, 0, 12);
  await ladder.read("proxy", PART, never);
  assert.equal(ladder.source?.name, "step 1");
});

test("a way that refuses later is left for the next", async (t) => {
  const { servers, ladder, right } = await steps(t, 2);
  await ladder.read("proxy", PART, never);
  servers[0]!.fault = 403;
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  assert.equal(ladder.source?.name, "step 1");
});

test("when all refuse, a sentence says why, and the next read tries again", async (t) => {
  const { servers, ladder, right } = await steps(t, 2);
  for (const server of servers) server.fault = 404;
  await assert.rejects(
    ladder.read("proxy", PART, never),
    (error) => error instanceof BytesFault && error.kind === "refused" && /step 0.*404.*step 1.*404/.test(error.message),
  );
  for (const server of servers) server.fault = "";
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
});

test("a broken answer is asked for once more, then thrown", async (t) => {
  const { servers, ladder, right } = await steps(t, 1);
  await ladder.read("proxy", PART, never);
  Object.assign(servers[0]!, { fault: "short", times: 1 });
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  servers[0]!.times = Infinity;
  servers[0]!.asked.length = 0;
  const broken = (error: unknown) => error instanceof BytesFault && error.kind === "broken";
  await assert.rejects(ladder.read("proxy", PART, never), broken);
  assert.equal(servers[0]!.asked.length, 2);
});

test("a server that stops is told, and the read ends well when it is back", async (t) => {
  const { servers, ladder, said, right } = await steps(t, 1);
  await ladder.read("proxy", PART, never);
  await servers[0]!.stop();
  const read = ladder.read("proxy", PART, never);
  await sleep(1_500);
  assert.equal(said.length, 1);
  assert.notEqual(said[0], null);
  await servers[0]!.start();
  assert.deepEqual(await read, right);
  assert.equal(said.length, 2);
  assert.equal(said[1], null);
});

test("an outage ends also when nobody waits for bytes any more", async (t) => {
  const { servers, ladder, said } = await steps(t, 1);
  await ladder.read("proxy", PART, never);
  await servers[0]!.stop();
  const controller = new AbortController();
  const read = ladder.read("proxy", PART, controller.signal);
  while (!said.length) await sleep(50);
  controller.abort(new Error("enough"));
  await assert.rejects(read, /enough/);
  await servers[0]!.start();
  while (said.length < 2) await sleep(50);
  assert.equal(said[1], null);
});

test("a server that keeps silent is told", async (t) => {
  const { servers, ladder, said } = await steps(t, 1);
  await ladder.read("proxy", PART, never);
  servers[0]!.fault = "mute";
  const controller = new AbortController();
  const read = ladder.read("proxy", PART, controller.signal);
  await sleep(3_000);
  assert.deepEqual(said, ["no answer from the step 0"]);
  controller.abort(new Error("enough"));
  await assert.rejects(read, /enough/);
});

test("a short silence is not worth a word", async (t) => {
  const { servers, ladder, said, right } = await steps(t, 1);
  await ladder.read("proxy", PART, never);
  Object.assign(servers[0]!, { fault: 503, times: 2 });
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  assert.deepEqual(said, []);
});

test("another site that falls silent is left for the server below, and why is told", async (t) => {
  const { servers, ladder, right, ways } = await steps(t, 2, true);
  await ladder.read("proxy", PART, never);
  assert.deepEqual(ways, [{ name: "step 0", passed: [] }]);
  await servers[0]!.stop();
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  assert.equal(ladder.source?.name, "step 1");
  assert.equal(ways.length, 2);
  assert.match(ways[1]!.passed.join(), /^step 0: it does not answer, or its CORS rules/);
});

test("another site that is not there at first is passed over, and why is told", async (t) => {
  const { servers, ladder, right, ways } = await steps(t, 2, true);
  await servers[0]!.stop();
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  assert.deepEqual([ways[0]!.name, ways[0]!.passed.length], ["step 1", 1]);
});

test("another site that hiccups is waited for", async (t) => {
  const { servers, ladder, right } = await steps(t, 2, true);
  await ladder.read("proxy", PART, never);
  Object.assign(servers[0]!, { fault: 503, times: 2 });
  assert.deepEqual(await ladder.read("proxy", PART, never), right);
  assert.equal(ladder.source?.name, "step 0");
});

test("our own server that falls silent is waited for, whatever another site does", async (t) => {
  const { servers, ladder, right, said } = await steps(t, 3, true);
  servers[0]!.fault = 404;
  await ladder.read("proxy", PART, never);
  await servers[1]!.stop();
  const read = ladder.read("proxy", PART, never);
  while (!said.length) await sleep(50);
  await sleep(1_500);
  await servers[1]!.start();
  assert.deepEqual(await read, right);
  assert.equal(ladder.source?.name, "step 1");
});

test("disposing ends what still waits", async (t) => {
  const { servers, ladder } = await steps(t, 1);
  await servers[0]!.stop();
  const read = ladder.read("proxy", PART, never);
  await sleep(50);
  ladder.dispose();
  await assert.rejects(read, { name: "AbortError" });
});
