/** What the page knows of a source's clips: rows that the kernel told, and over them what is on its way. */

import { changed, type Clips } from "./clips.ts";
import { forecast, type Deciding, type Forecast, type Intent } from "./forecast.ts";
import { renamed, undoable, without, type Op, type Outbox } from "./outbox.ts";
import type { ClipRow } from "./protocol.ts";
import { Refusal } from "./refusals.ts";
import { uuid } from "./session.ts";

/** What an answer tells of clips. */
export interface Tidings {
  clips: readonly ClipRow[];
  gone: readonly number[];
  /** The last event that it knows of. */
  seq?: number;
}

export class Ledger {
  reviewer = "";
  #source = 0;
  #told: ClipRow[] = [];
  #clips: Clips = [];
  #outbox: Outbox = [];
  #seq = 0;
  #fresh = 0;

  /** Live clips with decisions on their way applied. */
  get clips(): Clips {
    return this.#clips;
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  /** Of the log, the last event that is known. */
  get seq(): number {
    return this.#seq;
  }

  /** The page shows another source, or begins. */
  open(source: number, clips: Clips, seq: number): void {
    this.#source = source;
    this.#told = changed([], clips, []);
    this.#seq = seq;
    this.#fold();
  }

  /** What a reload has left on its way. */
  restore(outbox: Outbox): void {
    this.#outbox = outbox;
    this.#fresh = Math.min(0, ...outbox.map((op) => op.fresh));
    this.#fold();
  }

  /** What a decision would make of the clips. Throws a `Refusal` where the kernel would refuse it. */
  foresee(intent: Intent): Forecast {
    return forecast(this.#clips, intent, this.#by(this.#fresh - 1, new Date().toISOString()));
  }

  /** Note a decision that was foreseen just now; `shown` is the first frame of the clip on screen. */
  decide(intent: Intent, foreseen: Forecast, shown: number): Op {
    const touched = [...foreseen.rows.map((row) => row.id), ...foreseen.gone];
    const fresh = touched.includes(this.#fresh - 1) ? --this.#fresh : 0;
    const seen = this.#clips.filter((clip) => touched.includes(clip.id));
    const versions = Object.fromEntries(seen.map((clip) => [clip.id, clip.version]));
    const now = new Date().toISOString();
    const op: Op = { ...EMPTY, ...intent, op_id: uuid(), kind: "decide", versions, touched, fresh, now, shown };
    this.#outbox = [...this.#outbox, op];
    this.#clips = changed(this.#clips, foreseen.rows, foreseen.gone);
    return op;
  }

  /** Note that decisions shall be taken back, or made again. What that changes is for the kernel to say. */
  goBack(kind: "undo" | "redo" | "undo_to", shown: number, down_to = 0): Op {
    const now = new Date().toISOString();
    const last = this.#outbox.at(-1);
    const of = kind === "undo" ? undoable(this.#outbox) : last?.kind === "undo" ? last.op_id : null;
    const op: Op = { ...EMPTY, op_id: uuid(), kind, action: kind, clip_ids: [], frame: null, values: {}, down_to, now, shown, of };
    this.#outbox = [...this.#outbox, op];
    return op;
  }

  /** The kernel has carried it out; returns the temporary id that has become a real one, and that. */
  settle(op: Op, tidings: Tidings): [from: number, to: number] | null {
    const real = op.fresh ? tidings.clips.find((row) => row.start_frame === op.frame)?.id : undefined;
    this.#outbox = this.#outbox.filter((one) => one.op_id !== op.op_id);
    if (real !== undefined) this.#outbox = renamed(this.#outbox, op.fresh, real);
    this.learn(tidings);
    return real === undefined ? null : [op.fresh, real];
  }

  /** The kernel has refused it; returns what falls with it. */
  refuse(op: Op, tidings: Tidings): Op[] {
    const { left, fallen } = without(this.#outbox, op);
    this.#outbox = left;
    this.learn(tidings);
    return fallen;
  }

  /** Take in rows; those that are older than what is known, or of another source, are left out. */
  learn({ clips, gone, seq = this.#seq }: Tidings): void {
    const known = new Map(this.#told.map((clip) => [clip.id, clip]));
    const isNews = seq >= this.#seq;
    const own = clips.filter((row) => row.ref.startsWith(`${this.#source}.`));
    const newer = own.filter((row) => row.version >= (known.get(row.id)?.version ?? (isNews ? 0 : Infinity)));
    this.#told = changed(this.#told, newer.map((row) => sameCut(row, known.get(row.id))), isNews ? gone : []);
    this.#seq = Math.max(this.#seq, seq);
    this.#fold();
  }

  #fold(): void {
    this.#clips = this.#outbox.reduce<Clips>((clips, op) => this.#foreseen(clips, op), this.#told);
  }

  #foreseen(clips: Clips, op: Op): Clips {
    if (op.kind !== "decide") return clips;
    try {
      const { rows, gone } = forecast(clips, op, this.#by(op.fresh, op.now));
      return changed(clips, rows, gone);
    } catch (error) {
      // The kernel has the last word on it.
      if (error instanceof Refusal) return clips;
      throw error;
    }
  }

  #by(fresh: number, now: string): Deciding {
    return { reviewer: this.reviewer, now, fresh };
  }
}

const EMPTY = { versions: {}, down_to: 0, touched: [], fresh: 0, of: null };

/**
 * The row with what is known of the cut at its start, while that stays where it is: refusals tell no score, and a clip whose other
 * end was moved by a human counts as a human's.
 */
function sameCut(row: ClipRow, known: ClipRow | undefined): ClipRow {
  if (known?.start_frame !== row.start_frame) return row;
  return { ...row, score: row.score ?? known.score, origin: row.origin === "human" ? known.origin : row.origin };
}
