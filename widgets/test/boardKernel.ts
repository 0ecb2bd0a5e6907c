/** Stands for the kernel in tests of the board: one source in memory, answers that come late, twice, never, or with a no. */

import { changed } from "../src/board/clips.ts";
import { forecast } from "../src/board/forecast.ts";
import type { Answer, Asked, Begun, BoardKey, ClipRow, EventRow, Place } from "../src/board/protocol.ts";
import { Refusal } from "../src/board/refusals.ts";

export const FRAMES_EACH = 10;

export function row(id: number, start_frame: number, end_frame: number, more: Partial<ClipRow> = {}): ClipRow {
  return {
    id, ref: `1.${id}`, clip_no: id, start_frame, end_frame, state: "pending", version: 1, group_id: null, label: null, tags: [],
    note: null, reviewer: null, decided_at: null, origin: "auto", score: null, ...more,
  };
}

export function rows(count: number): ClipRow[] {
  return Array.from({ length: count }, (_, at) => row(at + 1, at * FRAMES_EACH, (at + 1) * FRAMES_EACH));
}

const key = (action: string, name: string, more: Partial<BoardKey> = {}): BoardKey => ({
  action, key: name, about: action, shift: false, ctrl: false, section: "", modes: [], ...more,
});

export const KEYS: BoardKey[] = [
  key("approve", "a", { modes: ["watch", "range"] }), key("skip", "s", { modes: ["watch", "range"] }),
  key("archive", "d", { modes: ["watch", "range"] }), key("merge", "f", { modes: ["watch", "range", "picker"] }),
  key("group", "g", { modes: ["watch", "range", "picker"] }), key("commit", "Enter"), key("split", "b"),
  key("splitBack", "ArrowLeft", { modes: ["watch", "split"] }), key("splitForward", "ArrowRight", { modes: ["watch", "split"] }),
  key("pickForward", "ArrowRight", { modes: ["picker"] }), key("picker", " ", { shift: true }), key("toggle", " "),
  key("back10", "ArrowLeft", { shift: true }), key("forward10", "ArrowRight", { shift: true }), key("leave", "Escape"),
  key("previousClip", "ArrowUp"), key("nextClip", "ArrowDown"), key("undo", "z", { ctrl: true }),
  key("redo", "z", { ctrl: true, shift: true }), key("range", "x"), key("goTo", "/"), key("label1", "1"), key("moveIn", "i"),
  key("moveOut", "o"), key("help", "?", { shift: true }), key("reset", "r"), key("note", "n"), key("faster", "l"),
];

interface Done {
  op_id: string;
  action: string;
  before: ClipRow[];
  after: ClipRow[];
  gone: number[];
  answer: Answer;
}

export class BoardKernel {
  clips: ClipRow[];
  /** What was carried out, in order: action and clip ids. */
  readonly log: string[] = [];
  /** Their op_ids, and those of what was taken back and made again. */
  readonly carried: string[] = [];
  readonly asked: Asked[] = [];
  fast: boolean | null = true;
  others: Place["others"] = [];
  /** What the session holds; null: all. */
  held: number[] | null = null;
  /** Milliseconds until an answer comes. */
  delay = () => 0;
  /** The fate of a message: `twice` is answered twice, `lost` is not heard, `mute` is done but not answered. */
  fate: (asked: Asked) => "once" | "twice" | "lost" | "mute" = () => "once";
  /** Why something is refused. */
  refuses: (asked: Asked) => { type: string; message: string; holder: string | null } | null = () => null;
  readonly #reply: (answer: Answer, buffers: DataView[]) => void;
  readonly #done: Done[] = [];
  readonly #undone: Done[] = [];
  readonly #answers = new Map<string, Answer>();
  #nextId: number;
  #lost: { clip_id: number; reviewer: string }[] = [];
  #news: ClipRow[] = [];
  #history: EventRow[] = [];

  constructor(clips: ClipRow[], reply: (answer: Answer, buffers: DataView[]) => void) {
    this.clips = clips;
    this.#reply = reply;
    this.#nextId = Math.max(...clips.map((clip) => clip.id)) + 1;
  }

  get seq(): number {
    return this.log.length;
  }

  hear(asked: Asked): void {
    this.asked.push(structuredClone(asked));
    const fate = this.fate(asked);
    if (fate === "lost") return;
    const answer = structuredClone(this.#answer(asked));
    const view = new DataView(new ArrayBuffer(8));
    if (fate === "mute") return;
    for (let time = 0; time < (fate === "twice" ? 2 : 1); time++) setTimeout(() => this.#reply(answer, [view, view]), this.delay());
  }

  /** Another reviewer decides. */
  other(action: string, clip_ids: number[], frame: number | null = null): void {
    const { rows: after, gone } = forecast(this.clips, { action, clip_ids, frame, values: {} }, this.#by("bob"));
    this.clips = changed(this.clips, after, gone);
    this.#news.push(...after);
    this.log.push(`bob ${action} ${clip_ids.join(" ")}`);
  }

  takeFrom(clip_id: number, reviewer: string): void {
    this.#lost.push({ clip_id, reviewer });
    this.others = [...this.others, { clip_id, reviewer, idle_seconds: 0 }];
  }

  #by(reviewer: string) {
    return { reviewer, now: new Date().toISOString(), fresh: this.#nextId++ };
  }

  #place(): Place {
    return {
      held: this.held ?? this.clips.map((clip) => clip.id), others: this.others, seq: this.seq, history: this.#history,
      counts: { pending: 0, approved: 0, skipped: 0, archived: 0, exporting: 0, exported: 0, export_failed: 0 },
    };
  }

  #answer(asked: Asked): Answer {
    const { id } = asked;
    const no = this.refuses(asked);
    if (no) return { kind: "refused", id, clips: [], gone: [], ...no };
    if (asked.kind === "begin") return this.#begun(id, asked.clip);
    if (asked.kind === "beat" || asked.kind === "take_over") {
      if (asked.kind === "take_over") this.others = this.others.filter((one) => one.clip_id !== asked.clip_id);
      const [clips, lost] = [this.#news.splice(0), this.#lost.splice(0)];
      return { kind: "beaten", id, clips, gone: [], lost, news: [], ...this.#place() };
    }
    if (asked.kind === "finish") return { kind: "finished", id, counts: this.#place().counts, decisions: 1, minutes: 1, next: null };
    if ("op_id" in asked) return this.#once(asked);
    return { kind: "saved", id };
  }

  #begun(id: number, ref: string | null): Answer {
    const current = this.clips.find((clip) => (ref === null ? clip.state === "pending" : clip.ref === ref));
    if (ref !== null && !current) return { kind: "refused", id, type: "UnknownReference", message: `there is no clip ${ref}`, holder: null, clips: [], gone: [] };
    const frames = this.clips.at(-1)?.end_frame ?? 0;
    const answer: Begun = {
      kind: "begun", id, reviewer: "ann", session: "s", clips: this.clips, current: current?.id ?? null, sources: [],
      preferences: { fast: this.fast, speed: 1, muted: false, preset: "heaters", keys: {} }, presets: { heaters: KEYS },
      show: {
        show: 1, rows_first: 0, rows_end: 0, paths: null, urls: null, webcodecs: true, frame: 0, playing: false,
        source: {
          id: 1, title: "A show", frames, fps: [25, 1], time_base: [1, 25], width: 16, height: 9, codec: "avc1", proxy_bytes: 1,
          version: "1", audio: false, audio_bytes: 0,
        },
      },
      ...this.#place(),
    };
    return answer;
  }

  #once(asked: Extract<Asked, { op_id: string }>): Answer {
    const known = this.#answers.get(asked.op_id);
    if (known) return { ...known, id: asked.id };
    const answer = this.#carryOut(asked);
    if (answer.kind === "decided") this.carried.push(asked.op_id);
    this.#answers.set(asked.op_id, answer);
    return answer;
  }

  #carryOut(asked: Extract<Asked, { op_id: string }>): Answer {
    const { id } = asked;
    try {
      if (asked.kind === "decide") return this.#decide(asked);
      const redo = asked.kind === "redo";
      const done = (redo ? this.#undone : this.#done).pop();
      if (!done) throw new Refusal(`there is nothing to ${asked.kind}`);
      (redo ? this.#done : this.#undone).push(done);
      return this.#turnBack(asked, done, redo);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { kind: "refused", id, type: "DecisionRefused", message: error.message, holder: null, clips: this.clips, gone: [] };
    }
  }

  #decide(asked: Extract<Asked, { kind: "decide" }>): Answer {
    const { id, op_id, action, clip_ids, frame, values, versions } = asked;
    for (const clip of this.clips) {
      const seen = versions[clip.id];
      if (seen !== undefined && seen !== clip.version) throw new Refusal(`clip ${clip.ref} has changed since version ${seen}`);
    }
    const made = forecast(this.clips, { action, clip_ids, frame, values }, this.#by("ann"));
    const after = made.rows.map((one) => (one.clip_no === 0 ? { ...one, clip_no: one.id, ref: `1.${one.id}` } : one));
    const before = this.clips.filter((clip) => made.gone.includes(clip.id) || after.some((one) => one.id === clip.id));
    this.clips = changed(this.clips, after, made.gone);
    this.log.push(`${action} ${clip_ids.join(" ")}`);
    this.#history = [this.#event(action, clip_ids), ...this.#history];
    const answer: Answer = { kind: "decided", id, op_id, action, clips: after, gone: made.gone, shown: null, ...this.#place() };
    this.#done.push({ op_id, action: `${action} ${clip_ids.join(" ")}`, before, after, gone: made.gone, answer });
    this.#undone.length = 0;
    return answer;
  }

  #turnBack({ id, op_id, kind }: Extract<Asked, { op_id: string }>, done: Done, redo: boolean): Answer {
    const [to, from] = redo ? [done.after, done.before] : [done.before, done.after];
    const version = (clip: ClipRow) => Math.max(...[...this.clips, ...done.before, ...done.after].filter((one) => one.id === clip.id).map((one) => one.version));
    const after = to.map((clip) => ({ ...clip, version: version(clip) + 1 }));
    const gone = from.filter((clip) => !to.some((one) => one.id === clip.id)).map((clip) => clip.id);
    this.clips = changed(this.clips, after, gone);
    for (const clip of after) for (const list of [done.before, done.after]) list.splice(0, list.length, ...list.map((one) => (one.id === clip.id ? { ...one, version: clip.version } : one)));
    this.log.push(kind);
    const told = redo ? { redid: done.action.split(" ")[0]! } : { undid: done.action.split(" ")[0]! };
    return { kind: "decided", id, op_id, action: kind, clips: after, gone, shown: after[0]?.id ?? null, ...told, ...this.#place() };
  }

  #event(action: string, clip_ids: number[]): EventRow {
    return { seq: this.seq, ts: "2026-01-01T00:00:00Z", reviewer: "ann", action, refs: clip_ids.map((id) => `1.${id}`), frame: null, undone: false };
  }
}
