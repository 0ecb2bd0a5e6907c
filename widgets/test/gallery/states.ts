/** States of the board, one for each thing that a reviewer can meet. */

import type { BoardKey, ClipRow, ClipState, Counts, EventRow } from "../../src/board/protocol.ts";
import type { BoardState } from "../../src/board/state.ts";

const RATE = 24;
const LENGTHS = [96, 41, 130, 2, 75, 210, 33, 58, 144, 19, 88, 66, 301, 47, 112];
const STATES: readonly ClipState[] = ["approved", "approved", "skipped", "approved", "archived", "exported", "approved"];
const TITLE = "Grand Prix of the Alps 1967, heat 2";

const NOW = Date.now();
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();

/** `count` clips that tile a source; those before `decided` have a state. */
export function clipsOf(count: number, decided: number, source = 12): ClipRow[] {
  let start = 0;
  return Array.from({ length: count }, (_, place) => {
    const end = start + (LENGTHS[place % LENGTHS.length] ?? 50);
    const done = place < decided;
    const clip: ClipRow = {
      id: place + 1, ref: `${source}.${place + 1}`, clip_no: place + 1, start_frame: start, end_frame: end,
      state: done ? (STATES[place % STATES.length] ?? "approved") : "pending", version: 1,
      group_id: place % 17 === 9 || place % 17 === 10 ? place - (place % 17) + 9 : null, label: done && place % 5 === 0 ? "start" : null,
      tags: [], note: place % 11 === 3 ? "look at the sound" : null, reviewer: done ? (place % 4 ? "ingrid" : "tomasz") : null,
      decided_at: done ? ago(count - place) : null, origin: place % 13 === 7 ? "human" : "auto", score: place === 0 ? null : 0.6 + ((place * 7) % 12) * 0.35,
    };
    start = end;
    return clip;
  });
}

export function scoresOf(clips: readonly ClipRow[]): Uint8Array {
  const scores = new Uint8Array(clips[clips.length - 1]?.end_frame ?? 1).map((_, frame) => 12 + ((frame * 7919) % 23));
  for (const { start_frame, score } of clips) scores[start_frame] = Math.min(255, (score ?? 0.1) * 128);
  return scores;
}

function countsOf(clips: readonly ClipRow[]): Counts {
  const counts: Counts = { pending: 0, approved: 0, skipped: 0, archived: 0, exporting: 0, exported: 0, export_failed: 0 };
  for (const clip of clips) counts[clip.state] += 1;
  return counts;
}

function events(): EventRow[] {
  const rows: [string, string, string[], number | null, boolean][] = [
    ["ingrid", "approve", ["12.46"], null, false], ["ingrid", "split", ["12.45"], 4011, false], ["ingrid", "merge", ["12.43", "12.44"], null, true],
    ["tomasz", "approve", ["12.90", "12.91", "12.92", "12.93", "12.94"], null, false], ["ingrid", "skip", ["12.42"], null, false],
    ["ingrid", "archive", ["12.41"], null, false], ["tomasz", "move-cut", ["12.88"], 7731, false], ["ingrid", "group", ["12.38", "12.39"], null, false],
    ["ingrid", "annotate", ["12.38"], null, false], ["ingrid", "approve", ["12.37"], null, false], ["ingrid", "undo", ["12.36"], null, false],
    ["ingrid", "skip", ["12.36"], null, true], ["ingrid", "approve", ["12.35"], null, false],
  ];
  return rows.map(([reviewer, action, refs, frame, undone], place) => ({ seq: 400 - place, ts: ago(place * 1.7), reviewer, action, refs, frame, undone }));
}

/** The presets as the kernel sends them; `look.py` puts them in. */
declare const PRESETS: Record<string, BoardKey[]>;

/** The board in the middle of a show. */
export function watching(count = 212, place = 46): BoardState {
  const clips = clipsOf(count, place);
  const current = clips[place] ?? null;
  const frames = clips[clips.length - 1]?.end_frame ?? 1;
  return {
    notice: null, clips, current, place, frame: (current?.start_frame ?? 0) + 11, ready: true, playing: true, mode: "watch", armed: null, range: null,
    source: {
      id: 12, title: TITLE, frames, fps: [RATE, 1], time_base: [1, RATE], width: 1280, height: 720, codec: "avc1.64001f",
      proxy_bytes: 1, version: "0", audio: true, audio_bytes: 1,
    },
    sources: [
      { id: 12, title: TITLE, clips: count, pending: count - place }, { id: 13, title: "Interview with the mechanics", clips: 88, pending: 88 },
      { id: 14, title: "Home movies, reel 4", clips: 51, pending: 0 },
    ],
    picked: new Set(), cursor: -1, dialog: null, counts: countsOf(clips), held: new Set(clips.slice(place, place + 20).map((clip) => clip.id)),
    others: [{ clip_id: place + 5, reviewer: "tomasz", idle_seconds: 250 }, { clip_id: place + 6, reviewer: "tomasz", idle_seconds: 250 }],
    history: events(), reviewer: "ingrid", preferences: { fast: false, speed: 1, muted: false, preset: "heaters", keys: {} },
    presets: ["heaters", "LosslessCut", "CVAT"], labels: ["start", "crash", "crowd", "pit stop"], keys: PRESETS["heaters"] ?? [], unsaved: 0, offline: null,
    finished: null, toasts: [], player: { kind: "WebCodecs · server", why: "VideoDecoder decodes this source, and the server beside the kernel has its bytes" },
    picture: { state: "ready" }, soundBlocked: false, scores: scoresOf(clips),
  };
}

/** At another clip of the same source. */
function at(state: BoardState, place: number, change: Partial<ClipRow> = {}): BoardState {
  const clips = state.clips.map((clip, one) => (one === place ? { ...clip, ...change } : clip));
  const current = clips[place] ?? null;
  return { ...state, clips, current, place, frame: current?.start_frame ?? -1 };
}

const base = watching();
const long = "The complete and unabridged championship of the summer of 1967, broadcast tape, second generation copy, reel 4 of 11";
const label40 = "a label of exactly forty characters long";
const nothing: Partial<BoardState> = { clips: [], current: null, place: -1, frame: -1, playing: false, scores: null, history: [], others: [] };
const preset = { preset: "heaters", fast: false };

export const GALLERY: Record<string, BoardState> = {
  watching: base,
  toasts: {
    ...base, toasts: [
      { id: 1, kind: "done", text: "Approved 12.46" }, { id: 2, kind: "news", text: "tomasz approved 12.90 to 12.94" },
      { id: 3, kind: "refused", text: "12.47 was not approved: tomasz split it a moment ago. This is how it is now." },
    ],
  },
  approve: { ...base, armed: "approve" },
  skip: { ...base, armed: "skip" },
  archive: { ...base, armed: "archive" },
  merge: { ...base, armed: "merge" },
  group: { ...base, armed: "group" },
  fast: { ...base, preferences: { ...base.preferences, ...preset, fast: true }, unsaved: 2 },
  split: { ...base, mode: "split", playing: false, frame: (base.current?.start_frame ?? 0) + 17 },
  picker: { ...base, mode: "picker", playing: false, picked: new Set([44, 45, 48]), cursor: 48 },
  range: { ...base, mode: "range", range: [41, 46] },
  "range-armed": { ...base, mode: "range", range: [41, 46], armed: "approve" },
  offline: { ...base, offline: "The kernel has not answered for 12 s.", unsaved: 3 },
  held: at(base, 50),
  sound: { ...base, soundBlocked: true },
  failed: { ...base, picture: { state: "failed", message: "Frame 4214 of 12 is damaged: its checksum is not that of the frame index. Prepare the source again" } },
  lost: { ...base, picture: { state: "lost", message: "The server does not answer" } },
  loading: { ...base, picture: { state: "loading" } },
  decided: at(base, 42, { label: "start", tags: ["night", "rain"], note: "Goes on under the music: keep both parts together when it is cut." }),
  "two-frames": at(base, 48),
  first: at(base, 0),
  last: at(base, 211),
  long: {
    ...at(base, 46, { label: label40, tags: [label40, "second tag that is rather long", "rain", "x"], note: "A note.\nWith a second line, and a third that goes on for much longer than the field is wide." }),
    source: { ...(base.source as NonNullable<BoardState["source"]>), title: long }, sources: [{ id: 12, title: long, clips: 212, pending: 166 }],
    reviewer: "maximiliane.von.hohenzollern", player: { kind: "<video> · kernel channel", why: "no secure page" },
    toasts: [{ id: 1, kind: "news", text: `maximiliane.von.hohenzollern labelled 12.90 "${label40}"` }], others: [{ clip_id: 48, reviewer: "maximiliane.von.hohenzollern", idle_seconds: 90 }],
  },
  "one-clip": watching(1, 0),
  many: watching(3000, 1400),
  portrait: { ...base, source: { ...(base.source as NonNullable<BoardState["source"]>), width: 406, height: 720 } },
  help: { ...base, dialog: { kind: "help" } },
  goto: { ...base, dialog: { kind: "goto", message: "" } },
  "goto-refused": { ...base, dialog: { kind: "goto", message: "There is no clip 12.900: the last one is 12.212." } },
  bulk: { ...base, mode: "range", range: [38, 51], dialog: { kind: "bulk", action: "approve", clips: base.clips.slice(38, 52), decidedBefore: [{ reviewer: "tomasz", count: 2 }, { reviewer: "ingrid", count: 6 }] } },
  "take-over": { ...at(base, 50), dialog: { kind: "take-over", clip: base.clips[50] as ClipRow, holder: { clip_id: 51, reviewer: "tomasz", idle_seconds: 250 } } },
  "fast-question": { ...base, preferences: { ...base.preferences, fast: null }, dialog: { kind: "fast" } },
  remap: { ...base, preferences: { ...base.preferences, keys: { skip: "w" } }, dialog: { kind: "remap", clash: "" } },
  "remap-clash": { ...base, dialog: { kind: "remap", clash: "G already groups with the previous clip. Nothing was changed." } },
  finished: {
    ...base, current: null, place: -1, frame: -1, playing: false,
    finished: { kind: "finished", id: 1, counts: { ...base.counts, pending: 0, approved: 160, skipped: 21 }, decisions: 143, minutes: 22, next: { id: 13, title: "Interview with the mechanics", clips: 88, pending: 88 } },
    counts: { ...base.counts, pending: 0, approved: 160, skipped: 21 },
  },
  "finished-all": {
    ...base, current: null, place: -1, frame: -1, playing: false,
    finished: { kind: "finished", id: 1, counts: { ...base.counts, pending: 14 }, decisions: 0, minutes: 0, next: null },
  },
  starting: { ...base, ...nothing, source: null, sources: [], player: { kind: "", why: "" }, reviewer: "", keys: [] },
  nothing: {
    ...base, ...nothing, source: null, sources: [], player: { kind: "", why: "" },
    notice: "Nothing is here to review yet. Bring a show in with `heaters ingest FILE_OR_URL`, then let `heaters run` prepare it; this page finds it by itself.",
  },
};
