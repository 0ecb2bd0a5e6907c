/** Carries decisions to the kernel: one at a time and in order, for each was made on what the one before it has left. */

import type { Ledger } from "./ledger.ts";
import type { Told } from "./line.ts";
import { questionOf, type Op } from "./outbox.ts";
import type { Decided, Question, Refused } from "./protocol.ts";

/** Another process has the catalog for longer than the kernel waits: ask again, the key is not lost. */
const BUSY: ReadonlySet<string> = new Set(["CatalogLocked"]);

export interface DecisionEvents {
  /** The kernel has named the clip that a split made. */
  renamed(from: number, to: number): void;
  /** The outbox is shorter. */
  settled(): void;
  done(op: Op, answer: Decided): void;
  /** `fallen` were decided on what the refused one would have left. */
  refused(op: Op, answer: Refused, fallen: readonly Op[]): void;
  /** Nothing is on its way any more. */
  saved(): void;
}

export class Decisions {
  readonly #ledger: Ledger;
  readonly #ask: (question: Question) => Promise<Told>;
  readonly #events: DecisionEvents;
  readonly #againMs: number;
  #sending = false;

  constructor(ledger: Ledger, ask: (question: Question) => Promise<Told>, events: DecisionEvents, againMs = 1_000) {
    this.#ledger = ledger;
    this.#ask = ask;
    this.#events = events;
    this.#againMs = againMs;
  }

  /** To be called when there is something in the outbox. */
  async send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let op = this.#ledger.outbox[0]; op; op = this.#ledger.outbox[0]) await this.#carry(op);
    } finally {
      this.#sending = false;
    }
    this.#events.saved();
  }

  async #carry(op: Op): Promise<void> {
    const { answer } = await this.#ask(questionOf(op));
    if (answer.kind === "refused" && BUSY.has(answer.type)) await new Promise((go) => setTimeout(go, this.#againMs));
    else if (answer.kind === "refused") this.#refused(op, answer);
    else if (answer.kind === "decided") this.#done(op, answer);
    else throw new Error(`the kernel answered a decision with "${answer.kind}"`);
  }

  #done(op: Op, answer: Decided): void {
    const names = this.#ledger.settle(op, answer);
    if (names) this.#events.renamed(...names);
    this.#events.settled();
    this.#events.done(op, answer);
  }

  #refused(op: Op, answer: Refused): void {
    const fallen = this.#ledger.refuse(op, answer);
    this.#events.settled();
    this.#events.refused(op, answer, fallen);
  }
}
