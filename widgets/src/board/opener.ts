/** Begins a review: asks for a source or clip, and lays out what comes. */

import { byId } from "./clips.ts";
import type { Desk } from "./desk.ts";
import type { Told } from "./line.ts";
import type { Wish } from "./opening.ts";
import type { Op } from "./outbox.ts";
import type { Begun, ClipRow, Question } from "./protocol.ts";
import { sentence } from "./sentences.ts";
import { rangeOf } from "./showing.ts";

const NO_KERNEL_MS = 8_000;
const NO_KERNEL = "The kernel has not answered yet. If it stays like this, reload the page; in JupyterLab run the cell again.";

export class Opener {
  readonly #desk: Desk;
  readonly #reviewer: string | null;
  readonly #ask: (question: Question) => Promise<Told>;
  readonly #begun: (answer: Begun) => void;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  /** `begun` hears when a source is on the desk. */
  constructor(
    desk: Desk, reviewer: string | null, ask: (question: Question) => Promise<Told>, begun: (answer: Begun) => void,
  ) {
    this.#desk = desk;
    this.#reviewer = reviewer;
    this.#ask = ask;
    this.#begun = begun;
  }

  /** Show a source or clip; where that is refused, why. The newest wish wins. `left` is what a reload has left unsent. */
  async open(wish: Wish, left: readonly Op[] = []): Promise<string | null> {
    const turn = ++this.#turn;
    const { store, toasts } = this.#desk;
    if (store.state.source === null) this.#silence = setTimeout(() => store.patch({ notice: NO_KERNEL }), NO_KERNEL_MS);
    const { clip, source } = wish;
    const { answer, buffers } = await this.#ask({ kind: "begin", clip, source, reviewer: this.#reviewer });
    clearTimeout(this.#silence);
    if (turn !== this.#turn) return null;
    if (answer.kind === "begun") await this.#lay(answer, buffers, wish, left);
    if (answer.kind !== "refused") return null;
    if (store.state.source !== null) return sentence(answer.message);
    if (clip === null && source === null) store.patch({ notice: sentence(answer.message) });
    if (clip === null && source === null) return null;
    // A clip that was there before a reload may have been merged since.
    toasts.say("refused", sentence(answer.message));
    return this.open({ clip: null, source: clip === null ? null : source, frame: null, plays: true }, left);
  }

  /** Ask for clips around this one instead of those that are held. What is on screen stays. */
  async moveTo({ ref: clip }: ClipRow): Promise<void> {
    const source = this.#desk.store.state.source?.id ?? null;
    const { answer } = await this.#ask({ kind: "begin", clip, source, reviewer: this.#reviewer });
    if (answer.kind !== "begun" || answer.show.source.id !== this.#desk.store.state.source?.id) return;
    this.#desk.ledger.learn({ clips: answer.clips, gone: [], seq: answer.seq });
    this.#desk.take(answer);
    this.#desk.refresh(new Set());
    this.#desk.sync();
  }

  dispose(): void {
    this.#turn++;
    clearTimeout(this.#silence);
  }

  async #lay(answer: Begun, [avcc, rows]: readonly DataView[], wish: Wish, left: readonly Op[]): Promise<void> {
    if (!avcc || !rows) throw new Error(`"begun" came without the rows of source ${answer.show.source.id}`);
    const { ledger, showing, store, player, modes } = this.#desk;
    ledger.reviewer = answer.reviewer;
    ledger.open(answer.show.source.id, answer.clips, answer.seq);
    if (left.length > 0) ledger.restore(left);
    modes.end();
    const current = byId(ledger.clips, answer.current) ?? null;
    showing.opened(current);
    const { source } = answer.show;
    store.patch({
      notice: null, source, sources: answer.sources, reviewer: answer.reviewer, finished: null, scores: null, history: [], labels: [],
      dialog: null,
    });
    this.#desk.take(answer);
    const frame = frameIn(current, wish);
    const plays = current !== null && (wish.plays || frame === current.start_frame);
    const opened = player.open(
      { ...answer.show, kind: "show", clip: current, frame }, avcc, rows,
      current ? rangeOf(current) : { start: 0, end: source.frames }, plays,
    );
    this.#begun(answer);
    this.#desk.sync();
    await opened;
    this.#desk.sync();
  }
}

/** After a reload the reviewer is on the frame on which he was. */
function frameIn(current: ClipRow | null, { clip, frame }: Wish): number {
  if (!current) return 0;
  const isThere = frame !== null && clip === current.ref && current.start_frame <= frame && frame < current.end_frame;
  return isThere ? frame : current.start_frame;
}
