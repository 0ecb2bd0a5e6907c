/** The board's questions to the kernel: each is asked until it is answered, and silence is told within three seconds. */

import type { Answer, Asked, Question } from "./protocol.ts";

export interface Told {
  answer: Answer;
  buffers: readonly DataView[];
}

/** All in milliseconds. */
export interface LineTimes {
  tick: number;
  /** Nothing was heard or asked for so long: see whether the kernel is there. */
  ping: number;
  /** A question waits for so long, and nothing is heard: the kernel is away. */
  silent: number;
  /** A question is asked again after so long, then after twice as long each time. */
  again: number;
  longest: number;
}

interface Open {
  message: Asked;
  resolve(told: Told): void;
  said: number;
  wait: number;
  due: number;
  /** Times that others were answered and this was not. */
  passedOver: number;
}

const TIMES: LineTimes = { tick: 200, ping: 1_000, silent: 1_600, again: 5_000, longest: 20_000 };
/** A question that is passed over so often will never be answered. */
const PATIENCE = 4;
const ANSWERS: ReadonlySet<string> = new Set<Answer["kind"]>([
  "begun", "decided", "beaten", "finished", "scores", "saved", "refused",
]);

export class BoardLine {
  /** Who asks; set before the first question. */
  session = "";
  /** Of the log, the last event that an answer has brought. */
  seq = 0;
  /** Whether to watch if the kernel is there: one that starts may take its time, and in an empty room nobody has to know. */
  watching: () => boolean = () => false;
  readonly #send: (message: Asked) => void;
  readonly #tell: (since: Date | null) => void;
  readonly #times: LineTimes;
  readonly #open = new Map<number, Open>();
  readonly #ticker: ReturnType<typeof setInterval>;
  /** All pages that show a board hear all of its answers, so each begins somewhere else. */
  #last = Math.floor(Math.random() * 2 ** 48);
  #heard = 0;
  /** When something was last said or heard. */
  #busy = Date.now();
  /** Since when nothing was heard though something was asked. */
  #silent: number | null = null;
  #away = false;

  /** `send` may throw where the kernel is gone; `tell` hears since when no answer comes, and null when one comes again. */
  constructor(send: (message: Asked) => void, tell: (since: Date | null) => void, times: Partial<LineTimes> = {}) {
    this.#send = send;
    this.#tell = tell;
    this.#times = { ...TIMES, ...times };
    this.#ticker = setInterval(() => this.#tick(Date.now()), this.#times.tick);
  }

  /** Resolves when the answer is there, however long that takes. */
  ask(question: Question): Promise<Told> {
    const message = this.#signed(question);
    const { ping, again, longest } = this.#times;
    // To begin takes a kernel a while when it is the first thing that it does.
    const wait = question.kind === "ping" ? ping : question.kind === "begin" ? longest : again;
    return new Promise((resolve) => {
      const open: Open = { message, resolve, said: 0, wait, due: 0, passedOver: 0 };
      this.#open.set(message.id, open);
      this.#say(open, Date.now());
    });
  }

  /** Say something to which no answer is awaited. */
  say(question: Question): void {
    this.#attempt(this.#signed(question));
  }

  /** Take a message of the kernel; false where it answers no question of ours. */
  receive(message: { kind: string; id?: number }, buffers: readonly DataView[]): boolean {
    const open = this.#open.get(message.id ?? -1);
    if (!open || !ANSWERS.has(message.kind)) return false;
    this.#open.delete(open.message.id);
    this.#heard = this.#busy = Date.now();
    this.#silent = this.#open.size ? this.#busy : null;
    if (this.#away) this.#comeBack();
    open.resolve({ answer: message as Answer, buffers });
    return true;
  }

  dispose(): void {
    clearInterval(this.#ticker);
    this.#open.clear();
  }

  #signed(question: Question): Asked {
    return { ...question, id: ++this.#last, session: this.session, seq: this.seq };
  }

  #say(open: Open, now: number): void {
    open.said = this.#busy = now;
    open.due = now + open.wait;
    this.#silent ??= now;
    this.#attempt(open.message);
  }

  #attempt(message: Asked): void {
    try {
      this.#send(message);
    } catch {
      // A closed channel is as silent as a kernel that is away: what needs an answer is asked again.
    }
  }

  #tick(now: number): void {
    for (const open of this.#open.values()) if (now >= open.due) this.#repeat(open, now);
    if (!this.watching()) return void (this.#silent = this.#open.size ? now : null);
    const pinged = [...this.#open.values()].some(({ message }) => message.kind === "ping");
    if (!pinged && now - this.#busy >= this.#times.ping) void this.ask({ kind: "ping" });
    if (this.#away || this.#silent === null || now - this.#silent < this.#times.silent) return;
    this.#away = true;
    this.#tell(new Date(this.#silent));
  }

  #repeat(open: Open, now: number): void {
    if (this.#heard > open.said && !this.#away && ++open.passedOver >= PATIENCE) return this.#giveUp(open);
    if (open.message.kind !== "ping") open.wait = Math.min(2 * open.wait, this.#times.longest);
    this.#say(open, now);
  }

  #giveUp({ message, resolve }: Open): void {
    this.#open.delete(message.id);
    const sentence = `the kernel does not answer "${message.kind}": look into its log`;
    const answer: Answer = {
      kind: "refused", id: message.id, type: "NoAnswer", message: sentence, holder: null, clips: [], gone: [],
    };
    resolve({ answer, buffers: [] });
  }

  /** What was asked meanwhile may be lost. */
  #comeBack(): void {
    this.#away = false;
    for (const open of this.#open.values()) open.due = 0;
    this.#tell(null);
  }
}
