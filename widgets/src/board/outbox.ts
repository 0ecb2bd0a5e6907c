/** Decisions on their way to the kernel, in the order in which keys were pressed. Pure. */

import type { Intent } from "./forecast.ts";
import type { Question } from "./protocol.ts";

/** One key's worth of work. JSON, so that a reload loses none. */
export interface Op extends Intent {
  kind: "decide" | "undo" | "redo" | "undo_to";
  op_id: string;
  /** Clip → version that the reviewer saw. */
  versions: Record<string, number>;
  /** Of the log, for `undo_to`: the oldest event that is taken back. */
  down_to: number;
  /** Clips that it changes, as far as the page knows. */
  touched: number[];
  /** Id of the clip that a split makes, until the kernel names it: below 0; else 0. */
  fresh: number;
  /** The operation that an undo takes back, while that is on its way too. */
  of: string | null;
  /** ISO 8601, UTC. */
  now: string;
  /** First frame of the clip that was on screen. */
  shown: number;
}

export type Outbox = readonly Op[];

export function questionOf({ kind, op_id, action, clip_ids, versions, frame, values, down_to }: Op): Question {
  if (kind === "undo" || kind === "redo") return { kind, op_id };
  if (kind === "undo_to") return { kind, op_id, down_to };
  return { kind, op_id, action, clip_ids: [...clip_ids], versions, frame, values: { ...values } };
}

/** The operation that an undo pressed now takes back, where it is in the outbox. */
export function undoable(outbox: Outbox): string | null {
  const [done, undone]: [string[], string[]] = [[], []];
  for (const { kind, op_id } of outbox) {
    if (kind === "decide") {
      done.push(op_id);
      undone.length = 0;
    } else if (kind === "undo") undone.push(...done.splice(-1));
    else if (kind === "redo") done.push(...undone.splice(-1));
    else done.length = 0;
  }
  return done.at(-1) ?? null;
}

/** The outbox without an operation that was refused, and what falls with it: what was decided on its result, or undoes it. */
export function without(outbox: Outbox, refused: Op): { left: Op[]; fallen: Op[] } {
  const clips = new Set([...refused.touched, refused.fresh || NaN]);
  const ops = new Set<string | null>([refused.op_id]);
  const [left, fallen]: [Op[], Op[]] = [[], []];
  for (const op of outbox) {
    if (op.op_id === refused.op_id) continue;
    const leans = ops.has(op.of) || op.touched.some((id) => clips.has(id));
    if (!leans) left.push(op);
    else {
      fallen.push(op);
      ops.add(op.op_id);
      for (const id of [...op.touched, op.fresh || NaN]) clips.add(id);
    }
  }
  return { left, fallen };
}

/** The outbox with the kernel's id in place of a temporary one. */
export function renamed(outbox: Outbox, from: number, to: number): Op[] {
  const named = (id: number) => (id === from ? to : id);
  return outbox.map((op) => ({
    ...op,
    clip_ids: op.clip_ids.map(named),
    touched: op.touched.map(named),
    versions: Object.fromEntries(Object.entries(op.versions).map(([id, version]) => [named(Number(id)), version])),
  }));
}
