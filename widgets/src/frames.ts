/** The frame index as the page has it: for each frame its time, and where its bytes lie in the review proxy. */

import type { Ratio } from "./protocol.ts";

/** Bytes of one row in a message: pts f64, offset f64, size u32, crc32 u32, in four columns one after the other. */
export const ROW_BYTES = 24;

export interface FrameRow {
  frame: number;
  /** In units of the source's time base, from the source's first frame. */
  pts: number;
  /** Pts of the frame after it, or where the source ends. */
  end_pts: number;
  offset: number;
  size: number;
  crc32: number;
}

/** Rows `[first, first + length)` of one source. Columns hold one pts more than rows: the end of the last frame. */
export class FrameRows {
  readonly first: number;
  readonly end: number;
  readonly #pts: Float64Array;
  readonly #offset: Float64Array;
  readonly #size: Uint32Array;
  readonly #crc32: Uint32Array;

  /** `buffer` holds f64 pts[n + 1], f64 offset[n], u32 size[n], u32 crc32[n], little-endian. */
  constructor(first: number, end: number, buffer: DataView) {
    const n = end - first;
    if (n < 1 || buffer.byteLength !== ROW_BYTES * n + 8) {
      throw new Error(`rows of frames ${first} to ${end} came as ${buffer.byteLength} bytes`);
    }
    // The message's bytes may start anywhere; typed arrays want multiples of 8.
    const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice().buffer;
    this.first = first;
    this.end = end;
    this.#pts = new Float64Array(bytes, 0, n + 1);
    this.#offset = new Float64Array(bytes, 8 * (n + 1), n);
    this.#size = new Uint32Array(bytes, 16 * n + 8, n);
    this.#crc32 = new Uint32Array(bytes, 20 * n + 8, n);
  }

  /** The row of a frame; undefined where it is not among these. */
  row(frame: number): FrameRow | undefined {
    const at = frame - this.first;
    const pts = this.#pts[at];
    const end_pts = this.#pts[at + 1];
    const offset = this.#offset[at];
    const size = this.#size[at];
    const crc32 = this.#crc32[at];
    if (pts === undefined || end_pts === undefined || offset === undefined || size === undefined) return undefined;
    if (crc32 === undefined) return undefined;
    return { frame, pts, end_pts, offset, size, crc32 };
  }

  /** The frame on screen at a time in pts: the last one that starts at or before it, of those that are here. */
  at(pts: number): number {
    let low = 0;
    let high = this.#size.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pts[middle] ?? Infinity) <= pts) low = middle;
      else high = middle - 1;
    }
    return this.first + low;
  }
}

/** Seconds of `pts` units. */
export function seconds(pts: number, timeBase: Ratio): number {
  return (pts * timeBase[0]) / timeBase[1];
}
