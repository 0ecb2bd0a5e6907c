import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { changed, type Clips } from "../src/board/clips.ts";
import { forecast, type Intent } from "../src/board/forecast.ts";
import type { ClipRow } from "../src/board/protocol.ts";
import { Refusal } from "../src/board/refusals.ts";
import { row, rows } from "./boardKernel.ts";

type Listed = [number, number, number, ClipRow["state"], number, number | null, string | null, string[], string | null, ClipRow["origin"], string | null];
interface Case extends Intent {
  clips: Listed[];
  after?: Listed[];
  gone?: number[];
  refused?: string;
}

const now = "2026-01-01T00:00:00Z";
const clipOf = ([id, start, end, state, version, group_id, label, tags, note, origin, reviewer]: Listed) =>
  row(id, start, end, { state, version, group_id, label, tags, note, origin, reviewer });
const listed = (clip: ClipRow): Listed => [
  clip.id, clip.start_frame, clip.end_frame, clip.state, clip.version, clip.group_id, clip.label, clip.tags, clip.note, clip.origin,
  clip.reviewer,
];
const sorted = (all: readonly ClipRow[]) => [...all].sort((one, other) => one.id - other.id);

test("forecasts are what the kernel does, refusals included: the cases of tests/domain/test_board_forecast.py", () => {
  const cases = JSON.parse(readFileSync(new URL("decisions.json", import.meta.url), "utf-8")) as Case[];
  for (const [number, { clips, after, gone, refused, ...intent }] of cases.entries()) {
    const by = { reviewer: "ann", now, fresh: clips.length + 1 };
    const make = () => forecast(clips.map(clipOf), intent, by);
    if (refused !== undefined) assert.throws(make, { message: refused }, `case ${number}`);
    else assert.deepEqual([sorted(make().rows).map(listed), make().gone], [after, gone], `case ${number}`);
  }
  assert.ok(cases.length > 200);
});

function assertTiles(clips: Clips, frames: number): void {
  assert.deepEqual([clips[0]?.start_frame, clips.at(-1)?.end_frame], [0, frames]);
  for (const [at, clip] of clips.entries()) {
    assert.ok(clip.start_frame < clip.end_frame);
    assert.equal(clip.start_frame, clips[at - 1]?.end_frame ?? 0);
    const members = clips.filter((one) => one.group_id !== null && one.group_id === clip.group_id);
    assert.ok(members.length !== 1 && (members.length === 0 || members.some((one) => one.id === clip.group_id)));
  }
}

test("whatever is decided, clips tile the source, and groups are named after a member", () => {
  let seed = 11;
  const under = (end: number) => (seed = (seed * 16_807) % 2_147_483_647) % end;
  const actions = ["approve", "skip", "archive", "reset", "merge", "split", "move-cut", "group", "ungroup", "annotate"];
  let [clips, fresh, made]: [Clips, number, number] = [rows(12), -1, 0];
  for (let step = 0; step < 3_000; step++) {
    const action = actions[under(actions.length)]!;
    const single = ["split", "move-cut"].includes(action) || under(2) === 0;
    const ids = Array.from({ length: single ? 1 : 2 + under(3) }, () => clips[under(clips.length)]!.id);
    const intent = { action, clip_ids: [...new Set(ids)], frame: under(120), values: { label: "x" } };
    try {
      const { rows: after, gone } = forecast(clips, intent, { reviewer: "ann", now, fresh });
      clips = changed(clips, after, gone);
      fresh -= 1;
      made += 1;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    assertTiles(clips, 120);
  }
  assert.ok(made > 1_000, `${made}`);
});
