import assert from "node:assert/strict";
import { test } from "node:test";
import { clashes, find, read, tableOf, written, type Chord } from "../src/board/keyTable.ts";
import { Keyboard, strideOf, type Standing } from "../src/board/keyboard.ts";
import { destination, frameOf } from "../src/board/places.ts";
import { timecode } from "../src/timecode.ts";
import { KEYS } from "./boardKernel.ts";

const chord = (key: string, more: Partial<Chord> = {}): Chord => ({ key, code: "", shift: false, ctrl: false, alt: false, ...more });
const press = (key: string, more = {}) => ({ ...chord(key), repeat: false, at: 0, ...more });
const standing = (change: Partial<Standing> = {}): Standing => ({ keys: KEYS, mode: "watch", fast: false, ready: true, ...change });
const preferences = { fast: false, speed: 1, muted: false, preset: "heaters", keys: {} };

test("a key is found by mode, modifier, capital, symbol and layout", () => {
  const action = (key: Chord, mode: Standing["mode"] = "watch") => find(KEYS, key, mode)?.action;
  assert.equal(action(chord("A")), "approve");
  assert.equal(action(chord("a", { ctrl: true })), undefined);
  assert.equal(action(chord("a", { alt: true })), undefined);
  assert.equal(action(chord("a", { shift: true })), undefined);
  assert.equal(action(chord("z", { ctrl: true })), "undo");
  assert.equal(action(chord("Z", { ctrl: true, shift: true })), "redo");
  assert.deepEqual([action(chord(" ")), action(chord(" ", { shift: true }))], ["toggle", "picker"]);
  assert.deepEqual([action(chord("ArrowRight")), action(chord("ArrowRight"), "picker")], ["splitForward", "pickForward"]);
  assert.equal(action(chord("ArrowRight"), "range"), undefined);
  // A German keyboard has the slash above the 7, a French one its digits.
  assert.equal(action(chord("/", { shift: true })), "goTo");
  assert.equal(action(chord("1", { shift: true })), "label1");
  assert.equal(action(chord("ф", { code: "KeyA" })), "approve");
});

test("own keys replace those of the preset; clashes are those of one mode", () => {
  const table = tableOf({ heaters: KEYS }, { ...preferences, keys: { approve: "Shift+Ctrl+q", skip: "Enter" } });
  const approve = table.find((row) => row.action === "approve")!;
  assert.equal(written(approve), "Ctrl+Shift+q");
  assert.deepEqual(read("+"), { key: "+", shift: false, ctrl: false });
  assert.deepEqual(clashes(table).map(([one, other]) => [one.action, other.action]), [["skip", "commit"]]);
  assert.deepEqual(clashes(KEYS), []);
});

test("a held letter is armed until it is let go; Enter commits it each time", () => {
  const keyboard = new Keyboard();
  const enter = (more = {}) => keyboard.down(press("Enter", more), standing()).action;
  assert.equal(enter(), "commit");
  assert.deepEqual(keyboard.down(press("a", { code: "KeyA" }), standing()), { ours: true, action: null, held: 0 });
  assert.deepEqual([enter(), enter({ repeat: true }), enter()], ["approve", null, "approve"]);
  // With Shift down in between the key has another name on its way up.
  keyboard.up({ key: "A", code: "KeyA" });
  assert.deepEqual([keyboard.armed, enter()], [null, "commit"]);
});

test("two letters commit nothing; one let go, the other is armed; a modifier and leaving disarm", () => {
  const keyboard = new Keyboard();
  const hold = (key: string, more = {}) => keyboard.down(press(key, more), standing());
  hold("a");
  hold("s");
  assert.deepEqual([keyboard.armed, hold("Enter").action], [null, null]);
  keyboard.up({ key: "a", code: "" });
  assert.equal(keyboard.armed, "skip");
  keyboard.disarm();
  hold("s", { repeat: true });
  assert.equal(keyboard.armed, null);
  hold("a");
  hold("Control", { ctrl: true });
  assert.equal(keyboard.armed, null);
});

test("in fast mode and for a range one key is enough, and it never repeats", () => {
  const keyboard = new Keyboard();
  assert.equal(keyboard.down(press("a"), standing({ fast: true })).action, "approve");
  assert.equal(keyboard.down(press("a", { repeat: true }), standing({ fast: true })).action, null);
  assert.equal(keyboard.down(press("d"), standing({ mode: "range" })).action, "archive");
});

test("before the clip can be seen keys move, play and undo, and decide nothing", () => {
  const keyboard = new Keyboard();
  const action = (key: string, more = {}) => keyboard.down(press(key, more), standing({ ready: false, fast: true })).action;
  assert.deepEqual(["a", "b", "i", "1", "r", "Enter"].map((key) => action(key)), [null, null, null, null, null, null]);
  assert.deepEqual([action("ArrowDown"), action(" "), action("z", { ctrl: true })], ["nextClip", "toggle", "undo"]);
});

test("moving keys repeat and tell for how long they are held; the stride doubles", () => {
  const keyboard = new Keyboard();
  keyboard.down(press("ArrowRight", { at: 100 }), standing());
  const heard = keyboard.down(press("ArrowRight", { at: 1_400, repeat: true }), standing());
  assert.deepEqual([heard.action, heard.held], ["splitForward", 1_300]);
  assert.deepEqual([0, 599, 600, 1_300, 1_900, 2_500, 60_000].map(strideOf), [1, 1, 2, 4, 8, 16, 16]);
  assert.equal(keyboard.down(press("F5"), standing()).ours, false);
});

test("a reviewer may type a ref, a frame or a timecode", () => {
  assert.deepEqual(destination(" 12.47 ", [25, 1]), { ref: "12.47" });
  assert.deepEqual(destination("4512", [25, 1]), { frame: 4_512 });
  assert.deepEqual(destination("1:02:03", [25, 1]), { frame: 62 * 25 + 3 });
  for (const wrong of ["", "x", "1:75:00", "00:00:30", "1:2:3:4:5"]) assert.equal(destination(wrong, [25, 1]), null);
});

test("timecodes lead back to the frames that they were made of", () => {
  for (const fps of [[25, 1], [30_000, 1_001], [60_000, 1_001], [24_000, 1_001]] as const) {
    for (let frame = 0; frame < 200_000; frame += 997) assert.equal(frameOf(timecode(frame, fps), fps), frame);
  }
});
