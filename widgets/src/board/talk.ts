/** The board's talk with its kernel: it begins, sends decisions, hears what others did, and puts it all on the desk. */

import { Beats } from "./beats.ts";
import { byId, upcoming } from "./clips.ts";
import { Decisions } from "./decisions.ts";
import type { Desk } from "./desk.ts";
import { BoardLine, type LineTimes, type Told } from "./line.ts";
import { Opener } from "./opener.ts";
import type { Wish } from "./opening.ts";
import type { Op } from "./outbox.ts";
import { Outcomes } from "./outcomes.ts";
import type { Answer, Asked, Begun, ClipRow, Question } from "./protocol.ts";
import * as sentences from "./sentences.ts";
import type { Session } from "./session.ts";

const LASTS_MS = 15_000;

export interface TalkParts {
  send(message: Asked): void;
  session: Session;
  /** Who decides, where the address of the page says so. */
  reviewer: string | null;
  /** The reviewer's preferences and the tables of keys have come. */
  begun(answer: Begun): void;
  times?: Partial<LineTimes>;
  beatMs?: number;
}

export class Talk {
  readonly #desk: Desk;
  readonly #parts: TalkParts;
  readonly #line: BoardLine;
  readonly #decisions: Decisions;
  readonly #outcomes: Outcomes;
  readonly #opener: Opener;
  readonly #beats: Beats;
  /** Who waits for the outbox to be empty. */
  #waiting: (() => void)[] = [];
  #finishing = false;
  #lasting: ReturnType<typeof setTimeout> | undefined;

  constructor(desk: Desk, parts: TalkParts) {
    this.#desk = desk;
    this.#parts = parts;
    this.#line = new BoardLine((message) => parts.send(message), (since) => this.#away(since), parts.times);
    this.#line.session = parts.session.id;
    const ask = (question: Question) => this.ask(question);
    this.#outcomes = new Outcomes(desk);
    this.#decisions = new Decisions(desk.ledger, ask, {
      renamed: (from, to) => this.#outcomes.renamed(from, to),
      settled: () => this.#keep(),
      done: (op, answer) => this.#outcomes.done(op, answer),
      refused: (op, answer, fallen) => this.#outcomes.refused(op, answer, fallen),
      saved: () => this.#saved(),
    });
    this.#opener = new Opener(desk, parts.reviewer, ask, (answer) => this.#begun(answer));
    this.#beats = new Beats(ask, () => shownId(desk), ({ answer }) => this.#heard(answer), parts.beatMs);
    this.#line.watching = () => this.#beats.lively && desk.store.state.source !== null;
  }

  /** Take a message of the kernel; false where it is not for the board. */
  receive(message: { kind: string; id?: number }, buffers: readonly DataView[]): boolean {
    return this.#line.receive(message, buffers);
  }

  ask(question: Question): Promise<Told> {
    this.#line.seq = this.#desk.ledger.seq;
    return this.#line.ask(question);
  }

  /** Show a source or clip, once what is on its way is saved; where that is refused, why. `left` is what a reload left unsent. */
  async open(wish: Wish, left: readonly Op[] = []): Promise<string | null> {
    await this.#idle();
    this.#finishing = false;
    return this.#opener.open(wish, left);
  }

  /** There is something in the outbox. */
  send(): void {
    this.#keep();
    void this.#decisions.send();
  }

  /** Nothing is left to decide on: say so once all is saved. */
  finish(): void {
    this.#finishing = true;
    if (this.#desk.ledger.outbox.length === 0) this.#saved();
  }

  /** Work on clips around this one. */
  moveTo(clip: ClipRow): void {
    void this.#opener.moveTo(clip);
  }

  async takeOver(clipId: number): Promise<void> {
    const { answer } = await this.ask({ kind: "take_over", clip_id: clipId });
    const { toasts, ledger } = this.#desk;
    if (answer.kind === "refused") return toasts.say("refused", sentences.sentence(answer.message));
    this.#outcomes.beaten(answer);
    toasts.say("done", `Clip ${byId(ledger.clips, clipId)?.ref ?? ""} is in your hands now.`);
  }

  /** The reviewer did something. */
  act(): void {
    this.#beats.act();
  }

  /** The page goes. */
  leave(): void {
    this.#line.say({ kind: "leave" });
  }

  dispose(): void {
    clearTimeout(this.#lasting);
    this.#beats.end();
    this.#opener.dispose();
    this.#line.dispose();
  }

  /** Others were there. Who waits before an empty desk gets what they have let go. */
  #heard(answer: Answer): void {
    this.#outcomes.beaten(answer);
    const { store: { state }, ledger, deciding } = this.#desk;
    if (state.finished === null || state.source === null || !this.#beats.lively) return;
    const [free] = upcoming(ledger.clips, 0, deciding.hands, false, 1);
    if (free) void this.open({ clip: free.ref, source: state.source.id, frame: null, plays: true });
  }

  #begun(answer: Begun): void {
    this.#parts.begun(answer);
    if (answer.current === null) this.finish();
    void this.#decisions.send();
    void this.ask({ kind: "scores" }).then(({ answer: { kind }, buffers: [scores] }) => {
      if (kind !== "scores" || !scores?.byteLength || this.#desk.store.state.source?.id !== answer.show.source.id) return;
      this.#desk.store.patch({ scores: new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength) });
    });
  }

  #saved(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
    if (!this.#finishing) return;
    this.#finishing = false;
    void this.ask({ kind: "finish" }).then(({ answer }) => {
      if (answer.kind === "finished" && this.#desk.showing.current === null) this.#desk.store.patch({ finished: answer });
    });
  }

  #idle(): Promise<void> {
    if (this.#desk.ledger.outbox.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #keep(): void {
    this.#parts.session.keep("outbox", this.#desk.ledger.outbox);
  }

  #away(since: Date | null): void {
    clearTimeout(this.#lasting);
    this.#desk.store.patch({ offline: since && sentences.offline(since, false) });
    // A kernel that has died stays dead until the page is loaded again.
    if (since) this.#lasting = setTimeout(() => this.#desk.store.patch({ offline: sentences.offline(since, true) }), LASTS_MS);
    if (since) return;
    this.#desk.showing.forget();
    this.#desk.sync();
  }
}

/** The clip on screen, where the kernel knows it already. */
function shownId({ showing: { current } }: Desk): number | null {
  return current !== null && current.id > 0 ? current.id : null;
}
