import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelLine, KernelSource } from "../src/bytes/kernelLine.ts";
import type { ToKernel } from "../src/protocol.ts";

const never = new AbortController().signal;
const view = (...bytes: number[]) => new DataView(Uint8Array.from(bytes).buffer);
const range = (start: number, end: number) => ({ start, end });

function line(answerMs?: number) {
  const sent: Extract<ToKernel, { id: number }>[] = [];
  return { sent, line: new KernelLine((message) => void (message.kind !== "hello" && sent.push(message)), answerMs) };
}

test("answers find their questions in any order", async () => {
  const { sent, line: kernel } = line();
  const source = new KernelSource(kernel, 12);
  const first = source.read("proxy", range(10, 12), never);
  const second = source.read("audio", range(0, 1), never);
  assert.deepEqual(sent[0], { kind: "read", id: sent[0]!.id, source: 12, file: "proxy", offset: 10, size: 2 });
  kernel.receive({ kind: "bytes", id: sent[1]!.id }, [view(9)]);
  kernel.receive({ kind: "bytes", id: sent[0]!.id }, [view(1, 2)]);
  assert.deepEqual([await first, await second], [Uint8Array.of(1, 2), Uint8Array.of(9)]);
  assert.equal(kernel.receive({ kind: "bytes", id: sent[0]!.id }, [view(1, 2)]), false);
});

test("silence is lost, a refusal refused, too few bytes broken, a dead channel lost", async () => {
  const { sent, line: kernel } = line(20);
  const source = new KernelSource(kernel, 1);
  await assert.rejects(source.read("proxy", range(0, 1), never), { kind: "lost" });
  const refused = source.read("proxy", range(0, 1), never);
  kernel.receive({ kind: "failed", id: sent.at(-1)!.id, message: "no such file" }, []);
  await assert.rejects(refused, { kind: "refused", message: "no such file" });
  const short = source.read("proxy", range(0, 2), never);
  kernel.receive({ kind: "bytes", id: sent.at(-1)!.id }, [view(1)]);
  await assert.rejects(short, { kind: "broken" });
  const dead = new KernelLine(() => {
    throw new Error("comm is closed");
  });
  await assert.rejects(dead.rows(1, 0, 1, never), { kind: "lost" });
});

test("new addresses come without bytes; a source that has none any more is refused", async () => {
  const { sent, line: kernel } = line();
  const urls = { from: "s3", proxy: "https://bucket/p?signed", audio: null, seconds: 60 } as const;
  const asked = kernel.urls(7, never);
  assert.deepEqual(sent[0], { kind: "urls", id: sent[0]!.id, source: 7 });
  kernel.receive({ kind: "urls", id: sent[0]!.id, urls }, []);
  assert.deepEqual(await asked, urls);
  const none = kernel.urls(7, never);
  kernel.receive({ kind: "urls", id: sent[1]!.id, urls: null }, []);
  await assert.rejects(none, { kind: "refused" });
});

test("a question that is given up is forgotten", async () => {
  const { sent, line: kernel } = line();
  const controller = new AbortController();
  const asked = kernel.rows(1, 0, 5, controller.signal);
  controller.abort(new Error("left"));
  await assert.rejects(asked, /left/);
  assert.equal(kernel.receive({ kind: "rows", id: sent[0]!.id }, [view(0)]), false);
});
