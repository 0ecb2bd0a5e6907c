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
/** Another site that does not answer for so long is left for a way below it that does. */
const LEAVE_MS = 1_500;

/** The way that is used from now on, and why those above it are not, in words. */
export type TellWay = (source: ByteSource, passed: readonly string[]) => void;

export class Ladder {
  readonly #sources: readonly ByteSource[];
  readonly #outage: Outage;
  readonly #tellWay: TellWay;
  readonly #refusals = new Set<string>();
  #step = 0;
  /** When the first of the reads began that got no answer, one after the other. */
  #lostSince = Infinity;
  #leaving = false;
  #chosen: ByteSource | null = null;
  #choosing: Promise<ByteSource> | null = null;
  readonly #closed = new AbortController();

  /** `sources` from best to last resort. `tell` hears of outages, within 3 seconds, and of their end. */
  constructor(sources: readonly ByteSource[], tell: TellOutage, tellWay: TellWay = () => undefined) {
    this.#sources = sources;
    this.#tellWay = tellWay;
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
      const began = Date.now();
      const fault = await this.#attempt(source, file, range, until);
      this.#lostSince = fault instanceof Uint8Array ? Infinity : Math.min(this.#lostSince, began);
      if (fault instanceof Uint8Array) return fault;
      // Sound that is refused says nothing about the pictures.
      if (fault.kind === "refused" && file === "audio") throw fault;
      if (fault.kind === "refused") this.#moveOn(source, fault);
      if (fault.kind === "broken" && asked++) throw fault;
      if (fault.kind !== "lost") continue;
      if (source.elsewhere && Date.now() - this.#lostSince > LEAVE_MS) void this.#leave(source, fault).catch(() => undefined);
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

  /** Look for a way below, while the reads go on trying this one. */
  async #leave(source: ByteSource, fault: BytesFault): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    try {
      for (const below of this.#sources.slice(this.#sources.indexOf(source) + 1)) {
        if (await this.#probe(below)) continue;
        if (this.#lostSince < Infinity) this.#moveOn(source, fault);
        return;
      }
    } finally {
      this.#leaving = false;
    }
  }

  #moveOn(source: ByteSource, fault: BytesFault): void {
    if (this.#chosen !== source) return;
    this.#refusals.add(`${source.name}: ${fault.message}`);
    this.#chosen = null;
    this.#step = this.#sources.indexOf(source) + 1;
  }

  /** Probe from the current step on. One that does not answer is passed over; if none answers, all are asked again. */
  async #probeAll(): Promise<ByteSource> {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      let lost = false;
      for (const source of this.#sources.slice(this.#step)) {
        const fault = await this.#probe(source);
        if (!fault) return this.#use(source);
        if (fault.kind === "lost") lost = true;
        else if (!lost) this.#step = this.#sources.indexOf(source) + 1;
        if (fault.kind !== "lost" || source.elsewhere) this.#refusals.add(`${source.name}: ${fault.message}`);
      }
      if (!lost) throw this.#nothingLeft();
      await pause(wait, this.#closed.signal);
    }
  }

  #use(source: ByteSource): ByteSource {
    this.#chosen = source;
    this.#tellWay(source, this.#sources[0] === source ? [] : [...this.#refusals]);
    return source;
  }

  async #probe(source: ByteSource): Promise<BytesFault | null> {
    const found = await this.#attempt(source, "proxy", PROBE, this.#closed.signal);
    if (found instanceof BytesFault) return found;
    const isMp4 = String.fromCharCode(...found.subarray(4, 8)) === "ftyp";
    return isMp4 ? null : new BytesFault("refused", "these are not the bytes of a review proxy");
  }

  #nothingLeft(): BytesFault {
    const why = [...this.#refusals].join("; ");
    this.#refusals.clear();
    this.#step = 0;
    return new BytesFault("refused", `the video can't be read (${why || "there is no way to its bytes"})`);
  }
}
