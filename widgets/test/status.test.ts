import assert from "node:assert/strict";
import { test } from "node:test";
import { freshness, STALE_SECONDS } from "../src/status/freshness.ts";
import { type Channel, type Heard, Line, PATIENCE_MS } from "../src/status/line.ts";
import type { Answer, Asked, Failure, SourceLine, Status } from "../src/status/protocol.ts";
import { sorted } from "../src/status/sorting.ts";
import { overdue, summary, troubles } from "../src/status/trouble.ts";
import { bytes, length, plural, span } from "../src/status/words.ts";

const QUIET: Status = {
  workspace: "/shows", at: "2026-11-22T12:00:00Z", sources: { ready: 2 }, clips: { pending: 3, approved: 1200 }, pending: {}, run: null,
  last_run: null, next_run: { sources: 0, every_seconds: null, expected_at: null }, runs: [], failures: [], stuck: [],
  disk: { free: 1e12, allowed: 8e11, needed: 0, originals: 0, projected: {}, master_mode: "ffv1", sources: 0, fits: true },
  backlog: { pending: 3, per_hour: null, clips: 0, hours: 0, left: null, active: false, done_at: null, last_at: null },
  leases: [], reviewers: [], stages: [], files: [], source_list: [],
};

function failure(ids: number[], parked: number[]): Failure {
  return { stage: "prepare", error: "worker killed", at: QUIET.at, count: ids.length, source_ids: ids, parked_ids: parked, sources: [], refs: [] };
}

test("numbers are written for people", () => {
  assert.deepEqual([0, 999, 1500, 42e9, 123_456e9, 2.5e12].map(bytes), ["0 B", "999 B", "1.5 kB", "42.0 GB", "123 TB", "2.5 TB"]);
  assert.deepEqual([-3, 5, 89, 90, 720, 5400, 12_000, 129_600, 187_200].map(span), ["0 s", "5 s", "89 s", "2 min", "12 min", "1 h 30 min", "3 h 20 min", "1 d 12 h", "2 d 4 h"]);
  assert.deepEqual([5, 125, 3725].map(length), ["0:05", "2:05", "1:02:05"]);
  assert.deepEqual([plural(1, "clip"), plural(1200, "clip")], ["1 clip", "1,200 clips"]);
});

test("without trouble there is a summary, and what is worst comes first", () => {
  assert.deepEqual(troubles(QUIET), []);
  assert.equal(summary(QUIET), "2 sources, 2 ready · 1,203 clips, 3 to review");
  const found = troubles({
    ...QUIET, failures: [failure([4, 5], [5]), failure([6], [6])], disk: { ...QUIET.disk, fits: false },
    stuck: [{ run_id: 1, stage: "prepare", source_id: 1, ref: null, title: "x", since: QUIET.at, attempts: 1 }],
    last_run: { id: 1, verb: "run", state: "died", pid: 1, host: "h", started_at: QUIET.at, finished_at: null, done: 0, failed: 0, waiting: 0, bytes: 0 },
  });
  assert.deepEqual(found.map(({ tone, panel }) => `${tone} ${panel}`), ["bad runs", "bad disk", "bad failures", "warn failures", "warn stuck"]);
  assert.deepEqual(found.slice(2, 4).map(({ text }) => text), ["1 source failed (2 causes)", "2 parked"]);
});

test("a run is missed when it has work and half a gap too much has passed", () => {
  const next = { sources: 4, every_seconds: 3600, expected_at: "2026-11-22T11:20:00Z" };
  assert.equal(overdue({ ...QUIET, next_run: next }), 2400);
  assert.equal(overdue({ ...QUIET, next_run: { ...next, expected_at: "2026-11-22T11:40:00Z" } }), null);
  assert.equal(overdue({ ...QUIET, next_run: { ...next, sources: 0 } }), null);
  assert.equal(overdue({ ...QUIET, next_run: next, run: { id: 1, working: [] } }), null);
});

test("the page says how old it is, and what to do where it gets no younger", () => {
  assert.deepEqual(freshness({ state: "asking" }, null, true), { age: "", stale: false, alarm: null });
  assert.deepEqual(freshness({ state: "answered" }, 12, true), { age: "as of 12 s ago", stale: false, alarm: null });
  assert.equal(freshness({ state: "answered" }, STALE_SECONDS, true).age, "as of 30 s ago: stale");
  const gone = freshness({ state: "gone" }, 200, true);
  assert.match(gone.alarm ?? "", /server is gone\. What you see is 3 min old\. Start `heaters dashboard` again/);
  assert.ok(gone.stale);
  assert.match(freshness({ state: "silent" }, 20, false).alarm ?? "", /kernel behind this page does not answer.*Run the cell again/);
  assert.equal(freshness({ state: "refused", message: "it is locked" }, null, true).alarm, "The catalog can't be asked: it is locked");
});

const lines: SourceLine[] = [
  { id: 1, title: "beta", state: "ready", duration: 5, clips: { pending: 2 }, error: null },
  { id: 2, title: "Alpha", state: "parked", duration: null, clips: {}, error: "broken" },
  { id: 3, title: "gamma", state: "ready", duration: 9, clips: { pending: 2 }, error: null },
];

test("sources are sorted by any column; equal ones stand newest first, empty texts last", () => {
  const ids = (...how: [Parameters<typeof sorted>[1], boolean]) => sorted(lines, ...how).map(({ id }) => id);
  assert.deepEqual(ids("id", true), [3, 2, 1]);
  assert.deepEqual(ids("title", false), [2, 1, 3]);
  assert.deepEqual(ids("pending", true), [3, 1, 2]);
  assert.deepEqual(ids("error", false), [2, 3, 1]);
  assert.deepEqual(ids("error", true), [2, 3, 1]);
});

class Kernel implements Channel {
  sent: Asked[] = [];
  heard: (message: Answer, buffers: DataView[]) => void = () => undefined;
  send(message: Asked): void {
    this.sent.push(message);
  }
  on(_: string, heard: (message: Answer, buffers: DataView[]) => void): void {
    this.heard = heard;
  }
  off(): void {
    this.heard = () => undefined;
  }
  answer(said: string, id = this.sent[0]?.id ?? ""): void {
    const facts = new TextEncoder().encode(JSON.stringify(QUIET));
    this.heard({ kind: "status", id, said }, [new DataView(facts.buffer)]);
  }
}

test("answers go to who has asked, news to everybody, refusals are told, a dead channel is silence", async () => {
  const [kernel, news] = [new Kernel(), [] as Status[]];
  const line = new Line(kernel, { status: (status) => news.push(status), late: () => assert.fail() });
  const asked = line.ask({ kind: "retry", sources: [4] });
  kernel.answer("of another view", "elsewhere");
  assert.equal(news.length, 1);
  kernel.answer("1 source will be tried again");
  assert.deepEqual(await asked, { kind: "status", said: "1 source will be tried again", status: QUIET });
  const refused = line.ask({ kind: "look" });
  kernel.heard({ kind: "refused", id: kernel.sent[1]?.id ?? "", message: "locked" }, []);
  assert.deepEqual(await refused, { kind: "refused", message: "locked" });
  kernel.send = () => {
    throw new Error("comm is closed");
  };
  assert.deepEqual(await line.ask({ kind: "look" }), { kind: "silent" });
});

test("silence ends the wait, and what comes later is heard all the same", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const [kernel, late] = [new Kernel(), [] as Heard[]];
  const line = new Line(kernel, { status: () => undefined, late: (heard) => late.push(heard) });
  const asked = line.ask({ kind: "look" });
  context.mock.timers.tick(PATIENCE_MS.look);
  assert.deepEqual(await asked, { kind: "silent" });
  kernel.answer("");
  assert.equal(late[0]?.kind, "status");
});
