/** Short messages that go by themselves. */

import type { Toast } from "./state.ts";

const MOST = 6;
const STAYS_MS: Record<Toast["kind"], number> = { done: 3_000, news: 6_000, refused: 10_000 };

export class Toasts {
  #last = 0;
  #shown: readonly Toast[] = [];
  readonly #tell: (shown: readonly Toast[]) => void;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  constructor(tell: (shown: readonly Toast[]) => void) {
    this.#tell = tell;
  }

  say(kind: Toast["kind"], text: string): void {
    for (const same of this.#shown.filter((one) => one.text === text)) this.dismiss(same.id);
    const toast = { id: ++this.#last, kind, text };
    this.#timers.set(toast.id, setTimeout(() => this.dismiss(toast.id), STAYS_MS[kind]));
    const [oldest] = this.#shown;
    if (oldest && this.#shown.length === MOST) this.dismiss(oldest.id);
    this.#set([...this.#shown, toast]);
  }

  dismiss(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#set(this.#shown.filter((one) => one.id !== id));
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #set(shown: readonly Toast[]): void {
    this.#shown = shown;
    this.#tell(shown);
  }
}
