/** Rows of one source's frame index: those that came with the message, and the rest as they are needed. */

import { FrameRows, type FrameRow } from "../frames.ts";
import { BytesFault } from "./byteSource.ts";
import { orAborted, pause } from "./pause.ts";
import { Outage, type TellOutage } from "./outage.ts";

/** Rows of `[first, end)` in the layout of `FrameRows`. */
export type RowsFor = (first: number, end: number, signal: AbortSignal) => Promise<DataView>;

const BLOCK = 1_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
const SILENT_MS = 2_500;

export class RowStore {
  /** Frames of the source. */
  readonly frames: number;
  readonly #rowsFor: RowsFor;
  readonly #outage: Outage;
  #slices: FrameRows[] = [];
  readonly #coming = new Map<number, Promise<void>>();
  readonly #closed = new AbortController();

  constructor(frames: number, rowsFor: RowsFor, tell: TellOutage = () => undefined) {
    this.frames = frames;
    this.#rowsFor = rowsFor;
    this.#outage = new Outage(tell);
  }

  /** What these rows cover is kept no longer twice: a page may show thousands of clips of one source. */
  add(rows: FrameRows): void {
    this.#slices = [rows, ...this.#slices.filter(({ first, end }) => first < rows.first || end > rows.end)];
  }

  /** The row, where it is here. */
  peek(frame: number): FrameRow | undefined {
    for (const [at, slice] of this.#slices.entries()) {
      const row = slice.row(frame);
      if (!row) continue;
      if (at) this.#slices.unshift(...this.#slices.splice(at, 1));
      return row;
    }
    return undefined;
  }

  /** The row, asked for where it is not here. Throws the signal's reason, or a `BytesFault` where the kernel refuses. */
  async row(frame: number, signal: AbortSignal): Promise<FrameRow> {
    if (frame < 0 || frame >= this.frames) throw new RangeError(`there is no frame ${frame} among ${this.frames}`);
    for (;;) {
      const row = this.peek(frame);
      if (row) return row;
      await orAborted(this.#load(Math.floor(frame / BLOCK)), signal);
    }
  }

  /** All rows of `[first, end)`. */
  async rows(first: number, end: number, signal: AbortSignal): Promise<FrameRow[]> {
    const found: FrameRow[] = [];
    for (let frame = first; frame < end; frame++) found.push(this.peek(frame) ?? (await this.row(frame, signal)));
    return found;
  }

  /** The frame that is on screen at a time in pts, where its row is here. */
  at(pts: number): number | undefined {
    for (const slice of this.#slices) {
      const frame = slice.at(pts);
      const row = slice.row(frame);
      if (!row || pts < row.pts) continue;
      if (pts < row.end_pts || frame === this.frames - 1) return frame;
    }
    return undefined;
  }

  dispose(): void {
    this.#outage.dispose();
    this.#closed.abort(new DOMException("closed", "AbortError"));
  }

  #load(block: number): Promise<void> {
    const coming = this.#coming.get(block);
    if (coming) return coming;
    const asked = this.#ask(block * BLOCK, Math.min((block + 1) * BLOCK, this.frames));
    this.#coming.set(block, asked.finally(() => this.#coming.delete(block)));
    return this.#coming.get(block) ?? asked;
  }

  async #ask(first: number, end: number): Promise<void> {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      const silent = setTimeout(() => this.#outage.suspect("the kernel does not answer", 0), SILENT_MS);
      try {
        this.add(new FrameRows(first, end, await this.#rowsFor(first, end, this.#closed.signal)));
        return this.#outage.healed();
      } catch (error) {
        if (!(error instanceof BytesFault) || error.kind !== "lost") throw error;
      } finally {
        clearTimeout(silent);
      }
      await pause(wait, this.#closed.signal);
    }
  }
}
