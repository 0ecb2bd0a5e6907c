/** Tells once when nobody answers for a while, and once when it heals. */

/** Null: bytes come again. */
export type TellOutage = (message: string | null) => void;

export class Outage {
  readonly #tell: TellOutage;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #due = Infinity;
  #told = false;

  constructor(tell: TellOutage) {
    this.#tell = tell;
  }

  /** True from telling of an outage until it heals. */
  get told(): boolean {
    return this.#told;
  }

  /** Tell after `ms` unless it heals before; the earliest of several calls counts. */
  suspect(message: string, ms: number): void {
    const due = Date.now() + ms;
    if (this.#told || due >= this.#due) return;
    this.#clear();
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#clear();
      this.#told = true;
      this.#tell(message);
    }, ms);
  }

  healed(): void {
    this.#clear();
    if (!this.#told) return;
    this.#told = false;
    this.#tell(null);
  }

  /** Say nothing more. */
  dispose(): void {
    this.#clear();
    this.#told = true;
    this.#due = -Infinity;
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#due = Infinity;
  }
}
