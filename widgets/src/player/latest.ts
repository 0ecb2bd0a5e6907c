/** One job runs, one waits, and the newest wins the wait: what a user scrubs over need not all be fetched. */

/** A running job that has not come through by then is given up for a newer one; before, it may still paint. */
const PATIENCE_MS = 1_000;

/** Resolves to true where it did what it was for. */
export type Job = (signal: AbortSignal) => Promise<boolean>;

interface Waiting {
  job: Job;
  settle(outcome: boolean | Promise<boolean>): void;
}

export class Latest {
  #running: { controller: AbortController; since: number } | null = null;
  #waiting: Waiting | null = null;
  #impatience: ReturnType<typeof setTimeout> | undefined;

  /** True where the job ran and succeeded, false where a newer one or `cancel` took its place. Faults of the job are thrown. */
  run(job: Job): Promise<boolean> {
    if (!this.#running) return this.#start(job);
    this.#waiting?.settle(false);
    const { controller, since } = this.#running;
    clearTimeout(this.#impatience);
    this.#impatience = setTimeout(() => controller.abort(superseded()), Math.max(0, since + PATIENCE_MS - Date.now()));
    return new Promise((settle) => (this.#waiting = { job, settle }));
  }

  /** Give up what runs and what waits. */
  cancel(): void {
    this.#waiting?.settle(false);
    this.#waiting = null;
    this.#running?.controller.abort(superseded());
  }

  async #start(job: Job): Promise<boolean> {
    const controller = new AbortController();
    this.#running = { controller, since: Date.now() };
    try {
      return await job(controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return false;
      throw error;
    } finally {
      clearTimeout(this.#impatience);
      const next = this.#waiting;
      this.#running = this.#waiting = null;
      if (next) next.settle(this.#start(next.job));
    }
  }
}

function superseded(): DOMException {
  return new DOMException("a newer request took its place", "AbortError");
}
