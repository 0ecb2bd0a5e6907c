/** The ways to a source's bytes in order; the first one that answers a small probe rightly is used. */

import { BytesFault, type ByteRange, type ByteSource, type MediaFile } from "./byteSource.ts";
import { Outage, type TellOutage } from "./outage.ts";
import { orAborted, pause } from "./pause.ts";

const PROBE: ByteRange = { start: 0, end: 12 };
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** A user hears of a silence of this length, and of one after a fault. */
const SILENT_MS = 2_500;
const FAULTY_MS = 800;

export class Ladder {
  readonly #sources: readonly ByteSource[];
  readonly #outage: Outage;
  readonly #refusals: string[] = [];
  #step = 0;
  #chosen: ByteSource | null = null;
  #choosing: Promise<ByteSource> | null = null;
  readonly #closed = new AbortController();

  /** `sources` from best to last resort. `tell` hears of outages, within 3 seconds, and of their end. */
  constructor(sources: readonly ByteSource[], tell: TellOutage) {
    this.#sources = sources;
    this.#outage = new Outage((message) => {
      tell(message);
      if (message !== null) void this.#watch().catch(() => undefined);
    });
  }

  /** The way that is used; null before the first read, and after all were refused. */
  get source(): ByteSource | null {
    return this.#chosen;
  }

  /** The way that works, probing where that is not known yet. Waits out an outage. */
  async choose(signal: AbortSignal): Promise<ByteSource> {
    while (!this.#chosen) {
      this.#choosing ??= this.#probeAll().finally(() => (this.#choosing = null));
      await orAborted(this.#choosing, signal);
    }
    return this.#chosen;
  }

  /**
   * Exactly these bytes; waits out an outage, however long.
   *
   * Throws a `BytesFault`, `refused` where every way refuses and `broken` where the answer is wrong twice, or the signal's reason.
   */
  async read(file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const until = AbortSignal.any([signal, this.#closed.signal]);
    let asked = 0;
    for (let wait = FIRST_PAUSE_MS; ; ) {
      const source = await this.choose(until);
      const fault = await this.#attempt(source, file, range, until);
      if (fault instanceof Uint8Array) return fault;
      // Sound that is refused says nothing about the pictures.
      if (fault.kind === "refused" && file === "audio") throw fault;
      if (fault.kind === "refused") this.#moveOn(source, fault);
      if (fault.kind === "broken" && asked++) throw fault;
      if (fault.kind !== "lost") continue;
      asked = 0;
      await pause(wait, until);
      wait = Math.min(2 * wait, LONGEST_PAUSE_MS);
    }
  }

  dispose(): void {
    this.#outage.dispose();
    this.#closed.abort(new DOMException("closed", "AbortError"));
  }

  async #attempt(
    source: ByteSource, file: MediaFile, range: ByteRange, signal: AbortSignal,
  ): Promise<Uint8Array | BytesFault> {
    const silent = setTimeout(() => this.#outage.suspect(`no answer from the ${source.name}`, 0), SILENT_MS);
    try {
      const bytes = await source.read(file, range, signal);
      this.#outage.healed();
      return bytes;
    } catch (error) {
      if (signal.aborted || !(error instanceof BytesFault)) throw error;
      if (error.kind === "lost") this.#outage.suspect(error.message, FAULTY_MS);
      return error;
    } finally {
      clearTimeout(silent);
    }
  }

  /** See an outage end also when nobody reads any more. */
  async #watch(): Promise<void> {
    while (this.#outage.told) {
      await pause(LONGEST_PAUSE_MS, this.#closed.signal);
      if (this.#chosen && this.#outage.told) await this.#probe(this.#chosen);
    }
  }

  #moveOn(source: ByteSource, fault: BytesFault): void {
    if (this.#chosen !== source) return;
    this.#refusals.push(`${source.name}: ${fault.message}`);
    this.#chosen = null;
    this.#step = this.#sources.indexOf(source) + 1;
  }

  /** Probe from the current step on. One that does not answer is passed over; if none answers, all are asked again. */
  async #probeAll(): Promise<ByteSource> {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      let lost = false;
      for (const source of this.#sources.slice(this.#step)) {
        const fault = await this.#probe(source);
        if (!fault) return (this.#chosen = source);
        if (fault.kind === "lost") lost = true;
        else if (!lost) this.#step = this.#sources.indexOf(source) + 1;
        if (fault.kind !== "lost") this.#refusals.push(`${source.name}: ${fault.message}`);
      }
      if (!lost) throw this.#nothingLeft();
      await pause(wait, this.#closed.signal);
    }
  }

  async #probe(source: ByteSource): Promise<BytesFault | null> {
    const found = await this.#attempt(source, "proxy", PROBE, this.#closed.signal);
    if (found instanceof BytesFault) return found;
    const isMp4 = String.fromCharCode(...found.subarray(4, 8)) === "ftyp";
    return isMp4 ? null : new BytesFault("refused", "these are not the bytes of a review proxy");
  }

  #nothingLeft(): BytesFault {
    const why = [...new Set(this.#refusals)].join("; ");
    this.#refusals.length = 0;
    this.#step = 0;
    return new BytesFault("refused", `the video can't be read (${why || "there is no way to its bytes"})`);
  }
}
