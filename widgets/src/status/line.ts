/** Asks the kernel, and takes what it says. */

import type { Answer, Asked, Question, Status } from "./protocol.ts";

/** What anywidget gives a widget of its kernel. */
export interface Channel {
  send(message: Asked): void;
  on(event: "msg:custom", heard: (message: Answer, buffers: DataView[]) => void): void;
  off(event: string, heard: (...all: never[]) => void): void;
}

export type Heard =
  | { kind: "status"; said: string; status: Status }
  | { kind: "refused"; message: string }
  | { kind: "silent" };

/** How long a kernel may take: for a look little, for a change as long as others may hold the catalog, and some more. */
export const PATIENCE_MS = { look: 6_000, retry: 45_000, park: 45_000 };

interface News {
  /** Every status that arrives, also one that another view of the same widget has asked for. */
  status(status: Status): void;
  /** An answer of ours that came after we had given up waiting. */
  late(heard: Heard): void;
}

export class Line {
  readonly #channel: Channel;
  readonly #news: News;
  readonly #waiting = new Map<string, (heard: Heard) => void>();
  readonly #hear = (message: Answer, buffers: DataView[]) => this.#take(message, buffers);

  constructor(channel: Channel, news: News) {
    this.#channel = channel;
    this.#news = news;
    channel.on("msg:custom", this.#hear);
  }

  /** Never rejects. */
  ask(question: Question): Promise<Heard> {
    const id = Math.random().toString(36).slice(2);
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#waiting.set(id, (heard) => this.#news.late(heard));
        resolve({ kind: "silent" });
      };
      const timer = setTimeout(giveUp, PATIENCE_MS[question.kind]);
      this.#waiting.set(id, (heard) => {
        clearTimeout(timer);
        resolve(heard);
      });
      try {
        this.#channel.send({ ...question, id });
      } catch {
        this.#settle(id, { kind: "silent" });
      }
    });
  }

  dispose(): void {
    this.#channel.off("msg:custom", this.#hear);
    this.#waiting.clear();
  }

  #take(message: Answer, [facts]: DataView[]): void {
    if (message.kind === "refused") {
      this.#settle(message.id, { kind: "refused", message: message.message });
    } else if (message.kind === "status" && facts) {
      const status = JSON.parse(new TextDecoder().decode(facts)) as Status;
      this.#news.status(status);
      this.#settle(message.id, { kind: "status", said: message.said, status });
    }
  }

  #settle(id: string, heard: Heard): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(heard);
  }
}
