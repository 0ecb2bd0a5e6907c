/** What the regions of the board work out before they draw: which part of a source, which words, which frames. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Changes } from "../src/board/regions/changes.ts";
import { framesOf } from "../src/board/regions/hoverPlay.ts";
import { cutRange, frameAt, partOf, placeOf, ticks, viewAround } from "../src/board/regions/span.ts";
import { strengthOf } from "../src/board/regions/strength.ts";
import { clock, idle, keyOf, keyParts, lasting, timeOfDay } from "../src/board/regions/words.ts";
import type { BoardKey } from "../src/board/protocol.ts";

const FILM = [24, 1] as const;
const NTSC = [30000, 1001] as const;
const clips = [[0, 96], [96, 98], [98, 300]].map(([start_frame = 0, end_frame = 0]) => ({ start_frame, end_frame }));

function key(change: Partial<BoardKey>): BoardKey {
  return { action: "undo", key: "z", about: "", shift: false, ctrl: false, section: "Decide", modes: [], ...change };
}

test("the view holds the clip with room on both sides and never leaves the source", () => {
  for (const [start, end] of [[0, 2], [0, 90_000], [5_000, 5_002], [89_990, 90_000], [40_000, 70_000]] as const) {
    const view = viewAround({ start, end }, 90_000, FILM);
    assert.ok(view.start >= 0 && view.end <= 90_000 && view.start <= start && view.end >= end, `${start} to ${end}`);
  }
  assert.deepEqual(viewAround({ start: 0, end: 3 }, 3, FILM), { start: 0, end: 3 });
});

test("clips of about one length are seen at one scale", () => {
  const long = (start: number, end: number) => {
    const view = viewAround({ start, end }, 90_000, FILM);
    return view.end - view.start;
  };
  assert.equal(long(5_000, 5_010), long(7_000, 7_060));
  assert.equal(long(5_000, 5_010), 8 * 24);
});

test("every frame of a view is under the part where it is drawn", () => {
  const view = { start: 1_000, end: 1_333 };
  for (let frame = view.start; frame < view.end; frame += 1) {
    const middle = (partOf(frame, view) + partOf(frame + 1, view)) / 2;
    assert.equal(frameAt(middle, view), frame);
  }
  assert.equal(frameAt(-0.2, view), 1_000);
  assert.equal(frameAt(1.2, view), 1_332);
});

test("ticks stand on whole seconds inside the view, no more than there is room for", () => {
  const marks = ticks({ start: 4_300, end: 4_500 }, FILM, 10);
  assert.deepEqual(marks, [4_320, 4_344, 4_368, 4_392, 4_416, 4_440, 4_464, 4_488]);
  for (const most of [1, 3, 12]) assert.ok(ticks({ start: 0, end: 400_000 }, NTSC, most).length <= most + 1);
});

test("a frame belongs to the one clip that holds it", () => {
  assert.deepEqual([0, 95, 96, 97, 98, 299].map((frame) => placeOf(clips, frame)), [0, 0, 1, 1, 2, 2]);
  assert.equal(placeOf(clips, 300), -1);
  assert.equal(placeOf([], 0), -1);
});

test("a cut may be moved as long as both clips keep a frame; the first clip begins with none", () => {
  assert.deepEqual(cutRange(clips, 1), { start: 1, end: 98 });
  assert.deepEqual(cutRange(clips, 2), { start: 97, end: 300 });
  assert.equal(cutRange(clips, 0), null);
});

test("hovering shows frames of the clip only, in their order, also of two frames", () => {
  assert.deepEqual(framesOf({ start_frame: 96, end_frame: 98 }, FILM), [96, 97]);
  const all = framesOf({ start_frame: 98, end_frame: 9_000 }, FILM);
  assert.equal(all.length, 40);
  assert.ok(all.every((frame, place) => frame >= 98 && frame < 9_000 && frame > (all[place - 1] ?? -1)));
});

test("a weak cut is called weak, and one that a human set is not judged", () => {
  const word = (score: number | null, origin: "auto" | "human" = "auto") => strengthOf({ score, origin }).mark.word;
  assert.deepEqual([word(0.7), word(1), word(1.99), word(2), word(null)], ["weak", "cut", "cut", "clear cut", "no score"]);
  assert.deepEqual([word(0.1, "human"), word(null, "human"), word(2.5, "human")], ["set by hand", "set by hand", "clear cut"]);
  assert.equal(strengthOf({ score: 9, origin: "auto" }).part, 1);
});

test("keys are written as they are pressed", () => {
  assert.deepEqual(keyParts(key({ ctrl: true, shift: true }), false), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(keyParts(key({ ctrl: true }), true), ["⌘", "Z"]);
  assert.deepEqual(keyParts(key({ key: "?", shift: true }), false), ["?"]);
  assert.deepEqual(keyParts(key({ key: "ArrowLeft", shift: true }), false), ["Shift", "←"]);
  assert.equal(keyOf([key({ key: " ", action: "toggle" })], "toggle"), "Space");
  assert.equal(keyOf([], "toggle"), "");
});

test("times are short and say their unit", () => {
  assert.deepEqual([lasting(2, FILM), lasting(96, FILM), lasting(24 * 125, FILM)], ["0.08 s", "4.0 s", "2:05"]);
  assert.deepEqual([idle(12), idle(250), idle(9_000)], ["12 s", "4 min", "3 h"]);
  const now = new Date(2026, 5, 3, 12, 0);
  assert.equal(clock(new Date(2026, 5, 3, 9, 5).toISOString(), now), "09:05");
  assert.equal(clock(new Date(2026, 5, 2, 9, 5).toISOString(), now), "2 Jun 09:05");
  assert.equal(clock("", now), "");
  assert.deepEqual([timeOfDay(new Date(2026, 5, 3, 16, 5, 9)), timeOfDay(new Date(2026, 5, 3, 0, 5, 9), true)], ["16:05", "00:05:09"]);
});

test("a region draws again only when one of its values is another", () => {
  const changes = new Changes();
  const clip = {};
  assert.deepEqual([changes.some(clip, 1), changes.some(clip, 1), changes.some(clip, 2), changes.some({}, 2)], [true, false, true, true]);
});
