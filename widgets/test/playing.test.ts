import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { following, isAfter, runsOf, within } from "../src/player/loopPlan.ts";
import type { PlayerState } from "../src/player/player.ts";
import { Stride } from "../src/player/scrub.ts";
import { Status } from "../src/player/status.ts";

test("a loop holds exactly the frames of its range", () => {
  const range = { start: 7, end: 10 };
  const places = [{ lap: 0, frame: 8 }];
  for (let step = 0; step < 5; step++) places.push(following(places.at(-1)!, range));
  assert.deepEqual(places.map(({ frame }) => frame), [8, 9, 7, 8, 9, 7]);
  assert.deepEqual(places.map(({ lap }) => lap), [0, 0, 1, 1, 1, 2]);
  for (const [at, place] of places.entries()) {
    for (const [other, earlier] of places.entries()) assert.equal(isAfter(place, earlier), at > other);
  }
});

test("neighbours are fetched together, what is wanted first comes first", () => {
  assert.deepEqual(runsOf([50, 51, 52, 7, 8, 51, 90]), [{ start: 50, end: 53 }, { start: 7, end: 9 }, { start: 90, end: 91 }]);
  assert.deepEqual(runsOf([]), []);
});

test("a range lies within the source and holds a frame", () => {
  assert.deepEqual(within({ start: -4, end: 900 }, 100), { start: 0, end: 100 });
  assert.deepEqual(within({ start: 30, end: 30 }, 100), { start: 30, end: 31 });
  assert.deepEqual(within({ start: 200, end: 300 }, 100), { start: 99, end: 100 });
});

test("only steady steps are foreseen", () => {
  const stride = new Stride();
  const noted = [100, 103, 50, 51, 52, 53, 52, 51, 61, 71, 111, 151].map((frame) => stride.note(frame));
  assert.deepEqual(noted, [0, 0, 0, 0, 1, 1, 0, -1, 0, 10, 0, 0]);
});

test("of several troubles the worst is told, and each change once", async () => {
  const said: PlayerState[] = [];
  const status = new Status((state) => said.push(state));
  status.wants();
  status.painted();
  status.lost("bytes", "no answer");
  status.lost("bytes", "no answer");
  status.failed("broken");
  status.painted();
  status.lost("bytes", null);
  status.wants();
  await sleep(250);
  status.painted();
  assert.deepEqual(said.map(({ state }) => state), ["ready", "lost", "failed", "lost", "ready", "loading", "ready"]);
});
