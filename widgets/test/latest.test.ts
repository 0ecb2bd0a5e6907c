import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { Latest } from "../src/player/latest.ts";

function job(name: string, log: string[], ms = 5) {
  return async (signal: AbortSignal) => {
    log.push(`${name} starts`);
    await sleep(ms, undefined, { signal });
    log.push(`${name} ends`);
    return true;
  };
}

test("one runs, one waits, the newest wins", async () => {
  const [latest, log] = [new Latest(), [] as string[]];
  const outcomes = await Promise.all(["a", "b", "c", "d"].map((name) => latest.run(job(name, log))));
  assert.deepEqual(outcomes, [true, false, false, true]);
  assert.deepEqual(log, ["a starts", "a ends", "d starts", "d ends"]);
});

test("after a fault the one that waits runs", async () => {
  const [latest, log] = [new Latest(), [] as string[]];
  const faulty = latest.run(() => Promise.reject(new Error("no")));
  const next = latest.run(job("next", log));
  await assert.rejects(faulty, /no/);
  assert.equal(await next, true);
});

test("what does not come through is given up for a newer one", async () => {
  const [latest, log] = [new Latest(), [] as string[]];
  const stuck = latest.run(job("stuck", log, 60_000));
  const next = latest.run(job("next", log));
  assert.equal(await stuck, false);
  assert.equal(await next, true);
});

test("cancel ends both", async () => {
  const [latest, log] = [new Latest(), [] as string[]];
  const both = Promise.all([latest.run(job("a", log, 60_000)), latest.run(job("b", log))]);
  latest.cancel();
  assert.deepEqual(await both, [false, false]);
  assert.equal(await latest.run(job("c", log)), true);
});
