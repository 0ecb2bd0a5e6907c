import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import type { ClipRow } from "../src/board/protocol.ts";
import { KEY_TO_PICTURE } from "../src/board/stopwatch.ts";
import { row } from "./boardKernel.ts";
import { desk, session } from "./boardDesk.ts";

test("a key decides, the next clip is painted before the answer, and plays exactly its frames", async (t) => {
  const { board, kernel, screen, press, on, settled } = await desk(t, 4);
  kernel.delay = () => 20;
  await press("a");
  assert.equal(on(), "1.2");
  assert.deepEqual([board.state.frame, board.state.ready, board.state.unsaved], [10, true, 1]);
  assert.deepEqual(screen.played.at(-1), { start: 10, end: 20 });
  assert.deepEqual([board.state.counts.approved, board.state.counts.pending], [1, 3]);
  assert.deepEqual(kernel.clips[0]!.state, "approved");
  await settled();
  assert.equal(board.state.unsaved, 0);
  assert.deepEqual(kernel.log, ["approve 1"]);
  const [measured] = performance.getEntriesByName(KEY_TO_PICTURE).slice(-1);
  assert.deepEqual((measured as PerformanceMeasure).detail, { action: "approve", from: "1.1", to: "1.2" });
});

test("300 decisions at full speed, answers late, twice, lost, some refused: none lost, none doubled, all in order", async (t) => {
  let seed = 7;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const tab = session();
  const { board, kernel, screen, press, settled } = await desk(t, 600, { session: tab });
  const refused = new Set<string>();
  kernel.delay = () => random() * 3;
  kernel.fate = () => (["twice", "lost", "mute"] as const)[Math.floor(random() * 60)] ?? "once";
  kernel.refuses = (asked) => {
    if (asked.kind !== "decide" || (!refused.has(asked.op_id) && random() > 0.02)) return null;
    refused.add(asked.op_id);
    return { type: "ClipLeased", message: "clip is held by bob", holder: "bob" };
  };
  const { ops } = tab;
  const keys = ["a", "s", "d", "f", "g", "b", "a", "r", "ArrowUp", "Ctrl+z"];
  while (ops.size < 300) {
    const { current, ready } = board.state;
    const key = keys[Math.floor(random() * keys.length)] ?? "a";
    if (current === null || !ready) {
      await sleep(0);
      continue;
    }
    if (key === "b") screen.paint(current.start_frame + 1);
    const [before, said] = [ops.size, board.state.toasts.at(-1)?.id];
    await press(key);
    const isRefused = board.state.toasts.at(-1)?.id !== said;
    assert.ok(ops.size === before + 1 || (ops.size === before && (isRefused || key === "ArrowUp")), "a key does one thing, or says why not");
  }
  await settled();
  assert.deepEqual(kernel.carried, [...ops.keys()].filter((op_id) => kernel.carried.includes(op_id)));
  const fallen = { clips: new Set<number>(), ops: new Set<string>() };
  for (const { op_id, touched, of, kind } of ops.values()) {
    if (kernel.carried.includes(op_id)) continue;
    const leans = fallen.ops.has(of ?? "") || touched.some((id) => fallen.clips.has(id));
    assert.ok(refused.has(op_id) || kind === "undo" || leans, "only what was refused, or made on its result, is not carried out");
    fallen.ops.add(op_id);
    for (const id of touched) fallen.clips.add(id);
  }
  const rows = (clips: readonly ClipRow[]) => clips.map(({ id, version, state, start_frame }) => [id, version, state, start_frame]);
  assert.deepEqual(rows(board.state.clips), rows(kernel.clips));
  assert.deepEqual([refused.size > 0, kernel.carried.length > 250], [true, true]);
});

test("what is refused is visibly taken back: the board returns to the clip and says why and by whom", async (t) => {
  const { board, kernel, press, on, texts, settled } = await desk(t, 5);
  kernel.refuses = (asked) =>
    asked.kind === "decide" && asked.clip_ids[0] === 1 ? { type: "ClipLeased", message: "clip 1.1 is held by bob: wait until it is given back", holder: "bob" } : null;
  kernel.delay = () => 50;
  await press("a", "a");
  assert.equal(on(), "1.3");
  await settled();
  assert.equal(on(), "1.1");
  assert.deepEqual(board.state.clips.map((clip) => clip.state).slice(0, 3), ["pending", "approved", "pending"]);
  assert.match(texts().join(), /held by bob/);
});

test("decisions on the result of a refused one fall with it, and so does its undo", async (t) => {
  const { kernel, screen, press, texts, board, settled } = await desk(t, 3);
  kernel.refuses = (asked) => (asked.kind === "decide" && asked.action === "split" ? { type: "StaleVersion", message: "it has changed", holder: null } : null);
  kernel.delay = () => 50;
  screen.paint(4);
  await press("b", "a", "a");
  assert.equal(board.state.unsaved, 3);
  await settled();
  assert.deepEqual(kernel.log, []);
  assert.match(texts().join(), /2 decisions after it/);
  assert.deepEqual(board.state.clips.map((clip) => clip.state), ["pending", "pending", "pending"]);
  kernel.refuses = (asked) => (asked.kind === "decide" ? { type: "StaleVersion", message: "no", holder: null } : null);
  await press("a", "Ctrl+z");
  await settled();
  assert.equal(kernel.asked.some((one) => one.kind === "undo"), false);
});

test("a clip that a split has made can be decided on before the kernel has named it", async (t) => {
  const { kernel, screen, board, press, on, settled } = await desk(t, 2);
  kernel.delay = () => 50;
  screen.paint(4);
  await press("b");
  assert.deepEqual([on(), board.state.current?.end_frame], ["1.1", 4]);
  await press("a");
  assert.deepEqual([on(), board.state.current?.start_frame, (board.state.current?.id ?? 0) < 0], ["1.new", 4, true]);
  await press("s");
  assert.equal(on(), "1.2");
  await settled();
  const real = kernel.clips[1]!.id;
  assert.deepEqual(kernel.log, ["split 1", "approve 1", `skip ${real}`]);
  assert.deepEqual(board.state.clips.map((clip) => clip.id), [1, real, 2]);
});

test("undo brings the clip back and says what it undid; meanwhile no key decides", async (t) => {
  const { kernel, press, on, texts, settled, board } = await desk(t, 3);
  await press("a", "s");
  await settled();
  kernel.delay = () => 10;
  await press("Ctrl+z", "a");
  await settled();
  assert.equal(on(), "1.2");
  assert.ok(texts().includes("Undone: skip 1.2."));
  assert.deepEqual(kernel.log, ["approve 1", "skip 2", "undo"]);
  await press("Ctrl+Shift+z");
  await settled();
  assert.deepEqual(board.state.clips.map((clip) => clip.state), ["approved", "skipped", "pending"]);
});

test("a key that comes before the first frame can be seen decides nothing", async (t) => {
  const { board, kernel, screen, press, on, settled } = await desk(t, 3);
  screen.paints = false;
  await press("a", "a", "a");
  assert.deepEqual([on(), board.state.ready], ["1.2", false]);
  screen.paint();
  await press("a");
  await settled();
  assert.deepEqual(kernel.log, ["approve 1", "approve 2"]);
});

test("with the letter held, each Enter commits; released, two letters, or away from the page it commits nothing", async (t) => {
  const { board, kernel, down, up, press, settled } = await desk(t, 6, {}, (one) => (one.fast = false));
  await press("a", "Enter");
  down("a");
  assert.equal(board.state.armed, "approve");
  down("a", true);
  await press("Enter", "Enter");
  down("s");
  assert.equal(board.state.armed, null);
  await press("Enter");
  up("s");
  await press("Enter");
  board.left();
  await press("Enter");
  up("a");
  await settled();
  assert.deepEqual(kernel.log, ["approve 1", "approve 2", "approve 3"]);
});

test("split mode: arrows step, faster when held, Enter splits there, Escape leaves and it plays on", async (t) => {
  const { board, kernel, screen, down, press, settled } = await desk(t, [row(1, 0, 200), row(2, 200, 210)]);
  await press("ArrowRight");
  assert.deepEqual([board.state.mode, board.state.playing, board.state.frame], ["split", false, 1]);
  down("ArrowRight", false, 0);
  down("ArrowRight", true, 700);
  down("ArrowRight", true, 5_000);
  await sleep(1);
  assert.equal(board.state.frame, 1 + 1 + 2 + 16);
  await press("Escape");
  assert.deepEqual([board.state.mode, screen.playing], ["watch", true]);
  await press("ArrowLeft", "Enter");
  await settled();
  assert.deepEqual(kernel.log, ["split 1"]);
  assert.deepEqual(kernel.clips.map((clip) => clip.start_frame), [0, 19, 200]);
});

test("merge, group, in and out: the result is on screen at once", async (t) => {
  const { board, kernel, screen, press, on, settled, texts } = await desk(t, 5);
  await press("ArrowDown", "f");
  assert.deepEqual([on(), board.state.current?.end_frame, board.state.clips.length], ["1.1", 20, 4]);
  assert.deepEqual(screen.played.at(-1), { start: 0, end: 20 });
  screen.paint(15);
  await press("o");
  assert.deepEqual([on(), board.state.current?.end_frame], ["1.1", 16]);
  await press("i");
  await press("a", "g");
  await settled();
  assert.match(texts().join(), /first of its source/);
  assert.deepEqual(kernel.log, ["merge 2", "move-cut 3", "approve 1", "group 3"]);
  assert.deepEqual(kernel.clips.map((clip) => [clip.id, clip.state, clip.group_id]), [[1, "approved", 1], [3, "approved", 1], [4, "pending", null], [5, "pending", null]]);
  assert.equal(on(), "1.4");
});

test("a range is decided on after a question that says who decided what before", async (t) => {
  const { board, kernel, press, settled } = await desk(t, [row(1, 0, 10), row(2, 10, 20, { state: "skipped", reviewer: "bob" }), row(3, 20, 30), row(4, 30, 40)]);
  await press("x", "ArrowDown", "ArrowDown", "a");
  const { dialog, range } = board.state;
  assert.deepEqual([dialog?.kind, range], ["bulk", [0, 2]]);
  assert.deepEqual(dialog?.kind === "bulk" && dialog.decidedBefore, [{ reviewer: "bob", count: 1 }]);
  assert.equal((await press("a"), board.state.unsaved), 0);
  board.answer("yes");
  await settled();
  assert.deepEqual([kernel.log, board.state.mode, board.state.current?.id], [["approve 1 2 3"], "watch", 4]);
});

test("a range that others have changed since the question is asked about anew", async (t) => {
  const { board, kernel, press, settled, texts } = await desk(t, 5, { beatMs: 10 });
  await press("x", "ArrowDown", "ArrowDown", "a");
  kernel.other("skip", [2]);
  while (board.state.clips[1]?.state !== "skipped") await sleep(5);
  board.answer("yes");
  const { dialog } = board.state;
  assert.deepEqual(dialog?.kind === "bulk" && dialog.decidedBefore, [{ reviewer: "bob", count: 1 }]);
  assert.match(texts().join(), /answer again/);
  assert.deepEqual(kernel.log, ["bob skip 2"]);
  board.answer("yes");
  await settled();
  assert.deepEqual([kernel.log, board.state.mode], [["bob skip 2", "approve 1 2 3"], "watch"]);
});

test("the picker groups and merges siblings", async (t) => {
  const { board, kernel, press, settled } = await desk(t, 6);
  await press("Shift+ ", "ArrowRight", "ArrowRight", " ");
  assert.deepEqual([board.state.mode, board.state.cursor, [...board.state.picked]], ["picker", 2, [2]]);
  await press("g");
  board.pick(1);
  await press("f");
  await settled();
  assert.deepEqual(kernel.log, ["group 1 3", "merge 1 2"]);
  assert.equal(board.state.mode, "watch");
});

test("a clip that another changes stays on screen as it was seen, and a toast says so", async (t) => {
  const { board, kernel, press, on, texts, settled } = await desk(t, 3, { beatMs: 10 });
  kernel.other("archive", [1]);
  await sleep(30);
  assert.deepEqual([on(), board.state.current?.state, board.state.clips[0]?.state], ["1.1", "pending", "archived"]);
  assert.match(texts().join(), /bob has changed 1.1: it is archived now/);
  await press("a");
  assert.deepEqual([on(), board.state.current?.state, board.state.unsaved], ["1.1", "archived", 0]);
  await press("a");
  await settled();
  assert.deepEqual(kernel.log, ["bob archive 1", "approve 1"]);
});

test("a clip in other hands asks to be taken over; one that is taken away is told", async (t) => {
  const { board, kernel, press, texts, settled } = await desk(t, 3, { beatMs: 10 });
  kernel.takeFrom(2, "carol");
  await sleep(30);
  assert.match(texts().join(), /carol has taken over 1.2/);
  await press("a");
  assert.equal(board.state.current?.ref, "1.3");
  await press("ArrowUp", "a");
  assert.equal(board.state.dialog?.kind, "take-over");
  board.answer("yes");
  await sleep(20);
  await press("a");
  await settled();
  assert.deepEqual(kernel.log, ["approve 1", "approve 2"]);
});

test("while the kernel is away decisions are kept; it goes on where it was", async (t) => {
  const { board, kernel, press, settled } = await desk(t, 5, { times: { tick: 5, ping: 20, silent: 30, again: 40, longest: 50 } });
  kernel.fate = () => "lost";
  await press("a", "s");
  await sleep(80);
  assert.match(board.state.offline ?? "", /No answer since/);
  await press("d");
  assert.deepEqual([board.state.unsaved, board.state.current?.ref], [3, "1.4"]);
  kernel.fate = () => "once";
  await settled();
  assert.equal(board.state.offline, null);
  assert.deepEqual(kernel.log, ["approve 1", "skip 2", "archive 3"]);
});

test("a reload comes back to the same clip and frame, and sends what was not sent", async (t) => {
  const tab = session();
  const first = await desk(t, 5, { session: tab });
  first.kernel.fate = (asked) => (asked.kind === "decide" ? "lost" : "once");
  await first.press("a", "s", " ");
  first.screen.paint(24);
  first.close();
  const second = await desk(t, first.kernel.clips, { session: tab });
  await second.settled();
  assert.deepEqual([second.on(), second.board.state.frame, second.kernel.log], ["1.3", 24, ["approve 1", "skip 2"]]);
  assert.equal(second.screen.playing, false);
  second.close();
});

test("an empty desk gets what others let go", async (t) => {
  const { board, kernel, press, settled, on } = await desk(t, 2, { beatMs: 20 }, (made) => made.takeFrom(2, "bob"));
  await press("a");
  await settled();
  await sleep(80);
  assert.deepEqual([board.state.current, board.state.finished?.kind], [null, "finished"]);
  kernel.others = [];
  await sleep(80);
  assert.deepEqual([on(), board.state.finished], ["1.2", null]);
});

test("at the end of the queue the totals are asked for once all is saved, and undo leads back", async (t) => {
  const { board, kernel, press, settled, on } = await desk(t, 2);
  kernel.delay = () => 5;
  await press("a", "a");
  assert.equal(board.state.current, null);
  await settled();
  await sleep(20);
  assert.equal(board.state.finished?.kind, "finished");
  assert.deepEqual(kernel.asked.map((one) => one.kind).filter((kind) => kind === "decide" || kind === "finish"), ["decide", "decide", "finish"]);
  await press("Ctrl+z");
  await settled();
  assert.deepEqual([on(), board.state.finished], ["1.2", null]);
});

test("the address names clip and reviewer; what there is not is told and another is shown", async (t) => {
  const { board, kernel, texts } = await desk(t, 3, { search: "?clip=1.99&reviewer=dora" });
  const [begin, again] = kernel.asked.filter((one) => one.kind === "begin");
  assert.deepEqual([begin?.kind === "begin" && [begin.clip, begin.reviewer], again?.kind === "begin" && again.clip], [["1.99", "dora"], null]);
  assert.equal(board.state.current?.ref, "1.1");
  assert.match(texts().join(), /There is no clip 1.99/);
});

test("a link counts for who follows it, not for who loads the page again", async (t) => {
  const tab = session();
  const first = await desk(t, 4, { session: tab, search: "?clip=1.2" });
  await first.press("ArrowDown");
  first.board.dispose();
  const reloaded = await desk(t, first.kernel.clips, { session: tab, search: "?clip=1.2", reloaded: true });
  assert.equal(reloaded.on(), "1.3");
  const followed = await desk(t, first.kernel.clips, { session: tab, search: "?clip=1.2" });
  assert.equal(followed.on(), "1.2");
});

test("who goes off to clips that nobody holds is handed those", async (t) => {
  const { kernel, board } = await desk(t, 9, {}, (one) => (one.held = [1, 2, 3]));
  board.show(7);
  await sleep(900);
  const begins = kernel.asked.filter((one) => one.kind === "begin");
  assert.deepEqual(begins.map((one) => one.kind === "begin" && one.clip), [null, "1.7"]);
  assert.equal(board.state.current?.ref, "1.7");
});

test("fast mode is asked for once; keys that clash are refused", async (t) => {
  const { board, kernel, press } = await desk(t, 2, {}, (one) => (one.fast = null));
  assert.equal(board.state.dialog?.kind, "fast");
  board.answer("no");
  assert.equal(board.state.preferences.fast, false);
  const clash = () => {
    const { dialog } = board.state;
    return dialog?.kind === "remap" ? dialog.clash : null;
  };
  board.prefer({ keys: { approve: "s" } });
  assert.match(clash() ?? "", /approve.*skip/);
  board.prefer({ keys: { approve: "q" } });
  assert.equal(clash(), "");
  board.answer("no");
  board.prefer({ fast: true });
  await press("a", "q");
  assert.deepEqual(kernel.log, ["approve 1"]);
});

test("frames that come up next are fetched ahead, once for several clips", async (t) => {
  const { screen, press } = await desk(t, 30);
  await press("a", "a", "a", "a", "a", "a");
  const ahead = screen.prefetched.flat();
  assert.ok([10, 20, 30, 40, 50, 60].every((frame) => ahead.includes(frame)));
  assert.ok([9, 19].every((frame) => ahead.includes(frame)));
  assert.ok(screen.prefetched.length <= 4, `${screen.prefetched.length}`);
  assert.deepEqual(screen.expected, [70, 50]);
});

test("a cut stays the detector's when the other end of its clip is set by hand, also once the kernel has answered", async (t) => {
  const { board, kernel, screen, press, settled } = await desk(t, [row(1, 0, 10), row(2, 10, 20, { score: 0.4 }), row(3, 20, 30, { score: 3 })]);
  await press("ArrowDown");
  screen.paint(15);
  await press("b");
  await settled();
  assert.deepEqual(kernel.clips.map(({ start_frame, origin }) => [start_frame, origin]), [[0, "auto"], [10, "human"], [15, "human"], [20, "auto"]]);
  assert.deepEqual(board.state.clips.map(({ start_frame, origin }) => [start_frame, origin]), [[0, "auto"], [10, "auto"], [15, "human"], [20, "auto"]]);
});

test("a clip that is asked for while a source opens comes up all the same", async (t) => {
  const { board, screen, press, on } = await desk(t, 3);
  const show = screen.show.bind(screen);
  let goOn = (): void => undefined;
  screen.show = async (shown) => {
    screen.player = null;
    await new Promise<void>((resolve) => (goOn = resolve));
    return show(shown);
  };
  board.openSource(1);
  await sleep(20);
  await press("ArrowDown");
  goOn();
  await sleep(5);
  assert.deepEqual([on(), board.state.ready, board.state.frame], ["1.2", true, 10]);
});
