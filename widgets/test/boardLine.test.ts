import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { BoardLine } from "../src/board/line.ts";
import type { Asked } from "../src/board/protocol.ts";
import { openSession, uuid, type TabStorage } from "../src/board/session.ts";

const TIMES = { tick: 5, ping: 30, silent: 40, again: 60, longest: 100 };
const saved = (asked: Asked | undefined) => ({ kind: "saved" as const, id: asked?.id ?? -1 });

function line(t: TestContext, times = TIMES) {
  const [sent, told]: [Asked[], (Date | null)[]] = [[], []];
  const made = new BoardLine((message) => void sent.push(message), (since) => void told.push(since), times);
  t.after(() => made.dispose());
  return { sent, told, line: made };
}

test("answers find their questions in any order, and a second answer is nobody's", async (t) => {
  const { sent, line: kernel } = line(t);
  kernel.session = "tab";
  kernel.seq = 7;
  const [one, other] = [kernel.ask({ kind: "finish" }), kernel.ask({ kind: "scores" })];
  assert.deepEqual(sent.map(({ kind, session, seq }) => [kind, session, seq]), [["finish", "tab", 7], ["scores", "tab", 7]]);
  kernel.receive({ kind: "scores", id: sent[1]!.id }, [new DataView(new ArrayBuffer(3))]);
  kernel.receive(saved(sent[0]), []);
  assert.deepEqual([(await other).buffers[0]?.byteLength, (await one).answer.kind], [3, "saved"]);
  assert.equal(kernel.receive(saved(sent[0]), []), false);
  assert.equal(kernel.receive({ kind: "rows", id: sent[0]!.id }, []), false);
});

test("a question without an answer is asked again, the very same", async (t) => {
  const { sent, line: kernel } = line(t);
  const asked = kernel.ask({ kind: "undo", op_id: "x" });
  await sleep(90);
  assert.ok(sent.length >= 2);
  assert.deepEqual(sent[1], sent[0]);
  kernel.receive(saved(sent[0]), []);
  assert.equal((await asked).answer.kind, "saved");
});

test("silence is told once, with its beginning, and healing once; pings see it where nobody asks", async (t) => {
  const { sent, told, line: kernel } = line(t);
  kernel.watching = () => true;
  const began = Date.now();
  await sleep(120);
  assert.equal(sent[0]?.kind, "ping");
  assert.equal(told.length, 1);
  assert.ok((told[0]?.getTime() ?? 0) >= began);
  kernel.receive(saved(sent.at(-1)), []);
  assert.deepEqual(told.slice(1), [null]);
});

test("what was asked while the kernel was away is asked again as soon as it is back", async (t) => {
  const { sent, line: kernel } = line(t, { ...TIMES, again: 10_000, longest: 10_000 });
  kernel.watching = () => true;
  void kernel.ask({ kind: "redo", op_id: "x" });
  await sleep(100);
  assert.equal(sent.filter((one) => one.kind === "redo").length, 1);
  kernel.receive(saved(sent.find((one) => one.kind === "ping")), []);
  await sleep(20);
  assert.equal(sent.filter((one) => one.kind === "redo").length, 2);
});

test("one that is passed over again and again is refused, so that those behind it get their turn", async (t) => {
  const { sent, line: kernel } = line(t, { ...TIMES, again: 10, longest: 10 });
  const dumb = kernel.ask({ kind: "finish" });
  const answering = setInterval(() => {
    void kernel.ask({ kind: "ping" });
    kernel.receive(saved(sent.at(-1)), []);
  }, 3);
  const { answer } = await dumb;
  clearInterval(answering);
  assert.deepEqual([answer.kind, answer.kind === "refused" && answer.type], ["refused", "NoAnswer"]);
});

test("a channel that throws is as silent as a kernel that is away", async (t) => {
  let gone = true;
  const sent: Asked[] = [];
  const kernel = new BoardLine((message) => {
    if (gone) throw new Error("comm is closed");
    sent.push(message);
  }, () => undefined, TIMES);
  t.after(() => kernel.dispose());
  const asked = kernel.ask({ kind: "finish" });
  gone = false;
  await sleep(90);
  kernel.receive(saved(sent[0]), []);
  assert.equal((await asked).answer.kind, "saved");
});

/** Names that pages hold, and a tab's storage. */
function browser() {
  const held = new Set<string>();
  const claim = (name: string) => {
    if (held.has(name)) return Promise.resolve(null);
    held.add(name);
    return Promise.resolve(() => void held.delete(name));
  };
  const tab = (kept = new Map<string, string>()): TabStorage & { copy(): TabStorage } => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    copy: () => tab(new Map(kept)),
  });
  return { claim, tab };
}

test("a reload is the same session with what it kept; a duplicated tab is another and starts with nothing", async () => {
  const { claim, tab } = browser();
  const storage = tab();
  const first = await openSession(storage, claim);
  first.keep("outbox", [1]);
  first.end();
  const again = await openSession(storage, claim);
  assert.deepEqual([again.id, again.kept("outbox"), again.kept("place")], [first.id, [1], null]);
  const otherPage = (await import("../src/board/session.ts?page=2" as string)) as { openSession: typeof openSession };
  const copy = storage.copy();
  const elsewhere = await otherPage.openSession(copy, claim);
  assert.notEqual(elsewhere.id, again.id);
  assert.equal(elsewhere.kept("outbox"), null);
  elsewhere.end();
  assert.equal((await otherPage.openSession(copy, claim)).id, elsewhere.id);
  again.end();
});

test("two boards of one page are two sessions, each with its own after a reload", async () => {
  const { claim, tab } = browser();
  const storage = tab();
  const both = [await openSession(storage, claim), await openSession(storage, claim)];
  for (const session of both) session.end();
  const again = [await openSession(storage, claim), await openSession(storage, claim)];
  assert.deepEqual(again.map(({ id }) => id), both.map(({ id }) => id));
  assert.equal(new Set(again.map(({ id }) => id)).size, 2);
  for (const session of again) session.end();
});

test("operations have names as UUIDs are", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});
