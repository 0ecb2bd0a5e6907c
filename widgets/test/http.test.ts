import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BytesFault, type FaultKind } from "../src/bytes/byteSource.ts";
import { HttpSource } from "../src/bytes/http.ts";
import { FilmServer, makeFilm, type Fault } from "./film_server.ts";

const server = new FilmServer(makeFilm());
const never = new AbortController().signal;
before(() => server.start());
after(() => server.stop());

function read(start: number, end: number, signal = never): Promise<Uint8Array> {
  return new HttpSource("server", { proxy: server.url, audio: null }).read("proxy", { start, end }, signal);
}

test("exactly the bytes asked for", async () => {
  server.fault = "";
  assert.deepEqual(await read(100, 1_100), server.film.bytes.slice(100, 1_100));
  assert.deepEqual(server.asked.at(-1), [100, 1_100]);
});

const faults: [Fault, FaultKind][] = [
  ["whole", "refused"], ["login", "refused"], ["html", "refused"], [401, "refused"], [403, "refused"], [404, "refused"],
  [416, "refused"], [500, "refused"], ["short", "broken"], ["cut", "broken"], ["elsewhere", "broken"],
  [502, "lost"], [503, "lost"], [504, "lost"],
];
for (const [fault, kind] of faults) {
  test(`an answer that is ${typeof fault === "number" ? `status ${fault}` : fault} is ${kind}`, async () => {
    server.fault = fault;
    await assert.rejects(read(100, 1_100), (error) => error instanceof BytesFault && error.kind === kind);
  });
}

test("a server that is not there is lost", async () => {
  const gone = await new FilmServer(makeFilm()).start();
  await gone.stop();
  const source = new HttpSource("server", { proxy: gone.url, audio: null });
  const asked = source.read("proxy", { start: 0, end: 8 }, never);
  await assert.rejects(asked, (error) => error instanceof BytesFault && error.kind === "lost");
});

test("a read that is given up ends at once, with the reason", async () => {
  server.fault = "mute";
  const controller = new AbortController();
  const asked = read(0, 10, controller.signal);
  const why = new Error("turned elsewhere");
  controller.abort(why);
  await assert.rejects(asked, why);
});
