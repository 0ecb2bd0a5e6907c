/** What a decision will make of the clips: the twin of `heaters/domain/actions.py`, so that it is painted before it is saved. */

import type { Clips } from "./clips.ts";
import { membersOf, oldest, settle } from "./groups.ts";
import type { ClipRow, ClipState } from "./protocol.ts";
import { neededFrame, Refusal, refuseExporting, refuseFrozen } from "./refusals.ts";

export interface Words {
  label?: string | null;
  tags?: readonly string[] | null;
  note?: string | null;
}

export interface Intent {
  action: string;
  clip_ids: readonly number[];
  frame: number | null;
  values: Words;
}

export interface Deciding {
  reviewer: string;
  /** ISO 8601, UTC. */
  now: string;
  /** Id of the clip that a split makes, until the kernel names it: below 0. */
  fresh: number;
}

export interface Forecast {
  /** New and changed rows. */
  rows: ClipRow[];
  gone: number[];
}

interface Draft {
  rows: ClipRow[];
  gone?: ClipRow[];
}

type Action = (intent: Intent, clips: Clips, chosen: Clips, fresh: number) => Draft;

const JUDGED: Readonly<Record<string, ClipState>> = { approve: "approved", skip: "skipped", archive: "archived" };

const ACTIONS: Readonly<Record<string, Action>> = {
  approve: judge, skip: judge, archive: judge, reset, merge, split, "move-cut": moveCut, group, ungroup, annotate,
};

/** Throws a `Refusal` where the kernel would refuse. Versions and stamps are those that it will give. */
export function forecast(clips: Clips, intent: Intent, { reviewer, now, fresh }: Deciding): Forecast {
  const wanted = new Set(intent.clip_ids);
  const chosen = clips.filter((clip) => wanted.has(clip.id));
  const action = ACTIONS[intent.action];
  if (!action || chosen.length !== wanted.size || chosen.length === 0) {
    throw new Refusal("a clip of this decision has been merged or replaced since; look again, then decide");
  }
  const { rows, gone = [] } = action(intent, clips, chosen, fresh);
  const settled = settle(clips, rows, gone);
  refuseExporting(settled.others);
  const later = (row: ClipRow) => ({ ...row, version: row.version + 1 });
  return {
    rows: [...settled.rows.map((row) => ({ ...later(row), reviewer, decided_at: now })), ...settled.others.map(later)],
    gone: gone.map((clip) => clip.id),
  };
}

function judge({ action }: Intent, clips: Clips, chosen: Clips): Draft {
  const everyone = membersOf(clips, chosen);
  refuseFrozen(everyone, action, false, chosen);
  return { rows: everyone.map((clip) => ({ ...clip, state: JUDGED[action] ?? clip.state })) };
}

function reset(_: Intent, __: Clips, chosen: Clips): Draft {
  refuseExporting(chosen);
  return { rows: chosen.map((clip) => ({ ...clip, state: "pending" })) };
}

function merge(intent: Intent, clips: Clips, chosen: Clips): Draft {
  const [first, last] = ends(intent, clips, chosen);
  const run = clips.filter((clip) => first.start_frame <= clip.start_frame && clip.start_frame <= last.start_frame);
  refuseFrozen(run, "merge", true);
  const joined = {
    ...recut(first, first.start_frame, last.end_frame),
    group_id: run.find((clip) => clip.group_id !== null)?.group_id ?? null,
    label: run.find((clip) => clip.label)?.label ?? null,
    tags: [...new Set(run.flatMap((clip) => clip.tags))],
    note: run.flatMap((clip) => clip.note || []).join("\n") || null,
  };
  return { rows: [joined], gone: run.slice(1) };
}

function split({ frame }: Intent, _: Clips, chosen: Clips, fresh: number): Draft {
  const clip = only(chosen, "split");
  refuseFrozen([clip], "split", true);
  const at = neededFrame(frame, clip.start_frame, clip.end_frame, `clip ${clip.ref}`);
  const right: ClipRow = {
    ...recut(clip, at, clip.end_frame), id: fresh, clip_no: 0, ref: `${clip.ref.split(".")[0]}.new`, version: 0, note: null,
    score: null,
  };
  return { rows: [recut(clip, clip.start_frame, at), right] };
}

function moveCut({ frame }: Intent, clips: Clips, chosen: Clips): Draft {
  const clip = only(chosen, "move-cut");
  const before = previous(clips, clip, "there is no cut at its start to move");
  refuseFrozen([before, clip], "cut", true);
  const at = neededFrame(frame, before.start_frame, clip.end_frame, `clips ${before.ref} and ${clip.ref}`);
  if (at === clip.start_frame) {
    throw new Refusal(`the cut between clips ${before.ref} and ${clip.ref} is at frame ${at} already`);
  }
  return { rows: [recut(before, before.start_frame, at), { ...recut(clip, at, clip.end_frame), score: null }] };
}

function group(intent: Intent, clips: Clips, chosen: Clips): Draft {
  const alone = intent.clip_ids.length === 1;
  const wanted = alone ? ends(intent, clips, chosen) : chosen;
  if (wanted.length < 2) throw new Refusal(`can't group clip ${chosen[0]?.ref} with itself`);
  const members = membersOf(clips, wanted);
  refuseFrozen(members, "group", alone, wanted);
  const group_id = oldest(members.map((clip) => clip.id));
  return { rows: members.map((clip) => ({ ...clip, group_id, state: alone ? "approved" : clip.state })) };
}

function ungroup(_: Intent, __: Clips, chosen: Clips): Draft {
  const loner = chosen.find((clip) => clip.group_id === null);
  if (loner) throw new Refusal(`clip ${loner.ref} is in no group`);
  refuseFrozen(chosen, "ungroup", false);
  return { rows: chosen.map((clip) => ({ ...clip, group_id: null })) };
}

function annotate({ values }: Intent, _: Clips, chosen: Clips): Draft {
  refuseFrozen(chosen, "annotate", false);
  const written: Partial<ClipRow> = {};
  if (values.label !== undefined) written.label = values.label || null;
  if (values.note !== undefined) written.note = values.note || null;
  if (values.tags !== undefined) written.tags = [...new Set(values.tags ?? [])];
  return { rows: chosen.map((clip) => ({ ...clip, ...written })) };
}

function recut(clip: ClipRow, start_frame: number, end_frame: number): ClipRow {
  return { ...clip, start_frame, end_frame, state: "pending", origin: "human" };
}

function only(chosen: Clips, verb: string): ClipRow {
  const [clip, other] = chosen;
  if (!clip || other) throw new Refusal(`${verb} takes one clip, not ${chosen.length}`);
  return clip;
}

/** The outermost of the clips named, or the previous clip and the one that is named alone. */
function ends({ action, clip_ids }: Intent, clips: Clips, chosen: Clips): [ClipRow, ClipRow] {
  const [first, last] = [chosen[0], chosen.at(-1)];
  if (!first || !last) throw new Refusal(`${action} needs a clip`);
  if (clip_ids.length === 1) return [previous(clips, last, `there is none before it to ${action} it with`), last];
  return [first, last];
}

function previous(clips: Clips, clip: ClipRow, otherwise: string): ClipRow {
  const before = clips.find((one) => one.end_frame === clip.start_frame);
  if (before) return before;
  throw new Refusal(`clip ${clip.ref} is the first of its source: ${otherwise}`);
}
