/** Encoded pictures by frame number: rows, one range request, length and checksum checked, cached. */

import { crc32 } from "../crc32.ts";
import type { FrameRow } from "../frames.ts";
import { BytesFault, type ByteRange } from "./byteSource.ts";
import type { ByteCache } from "./cache.ts";
import type { RowStore } from "./rowStore.ts";
import { SharedRequest } from "./sharedRequest.ts";

/** Bytes of the review proxy. */
export type ReadProxy = (range: ByteRange, signal: AbortSignal) => Promise<Uint8Array>;

/** Sound lies between the pictures of a run and is fetched with them; so a run has an end. */
const RUN_BYTES = 2 ** 20;
const GAP_BYTES = 2 ** 16;

type Found = ReadonlyMap<number, Uint8Array | BytesFault>;

export class FrameBytes {
  readonly rows: RowStore;
  readonly #read: ReadProxy;
  readonly #cache: ByteCache;
  readonly #version: string;
  readonly #coming = new Map<number, SharedRequest<Found>>();

  /** `version` keeps frames of one proxy apart from those of others in a shared cache. */
  constructor(read: ReadProxy, rows: RowStore, cache: ByteCache, version: string) {
    this.rows = rows;
    this.#read = read;
    this.#cache = cache;
    this.#version = version;
  }

  /** True where the frame's bytes are in memory. */
  has(frame: number): boolean {
    return this.#cache.has(this.#key(frame));
  }

  /** Bytes of one frame. A cold one costs one request of exactly its size; callers of the same frame share it. */
  async get(frame: number, signal: AbortSignal): Promise<Uint8Array> {
    const cached = this.#cache.get(this.#key(frame));
    if (cached) return cached;
    const row = this.rows.peek(frame) ?? (await this.rows.row(frame, signal));
    const request = this.#coming.get(frame) ?? this.#request([row]);
    const found = (await request.join(signal)).get(frame);
    if (found instanceof Uint8Array) return found;
    throw found ?? new BytesFault("broken", `frame ${frame} did not come`);
  }

  /** Bring the frames of `[first, end)` into memory, neighbours in one request. Frames that come damaged are left out. */
  async fetchRun(first: number, end: number, signal: AbortSignal): Promise<void> {
    const rows = await this.rows.rows(Math.max(0, first), Math.min(end, this.rows.frames), signal);
    const missing = rows.filter((row) => !this.has(row.frame));
    const shared = new Set(missing.flatMap((row) => this.#coming.get(row.frame) ?? []));
    for (const run of runsOf(missing.filter((row) => !this.#coming.has(row.frame)))) shared.add(this.#request(run));
    await Promise.all([...shared].map((request) => request.join(signal)));
  }

  #key(frame: number): string {
    return `${this.#version}:${frame}`;
  }

  #request(run: readonly FrameRow[]): SharedRequest<Found> {
    const request = new SharedRequest((signal) => this.#fetch(run, signal), () => {
      for (const { frame } of run) if (this.#coming.get(frame) === request) this.#coming.delete(frame);
    });
    for (const { frame } of run) this.#coming.set(frame, request);
    return request;
  }

  async #fetch(run: readonly FrameRow[], signal: AbortSignal): Promise<Found> {
    const { start, end } = span(run);
    const bytes = await this.#read({ start, end }, signal);
    const found = new Map<number, Uint8Array | BytesFault>();
    for (const row of run) {
      // Copies, for a part would keep the whole run in memory for as long as one of its frames is cached.
      const part = run.length === 1 ? bytes : bytes.slice(row.offset - start, row.offset - start + row.size);
      const sound = isSound(row, part) ? part : await this.#again(row, signal);
      if (sound instanceof Uint8Array) this.#cache.set(this.#key(row.frame), sound);
      found.set(row.frame, sound);
    }
    return found;
  }

  async #again(row: FrameRow, signal: AbortSignal): Promise<Uint8Array | BytesFault> {
    const bytes = await this.#read(span([row]), signal);
    if (isSound(row, bytes)) return bytes;
    return new BytesFault("broken", `frame ${row.frame} came damaged twice: its checksum is wrong`);
  }
}

function isSound(row: FrameRow, bytes: Uint8Array): boolean {
  return bytes.byteLength === row.size && crc32(bytes) === row.crc32;
}

function span(run: readonly FrameRow[]): ByteRange {
  const [first, last] = [run[0], run.at(-1)];
  if (!first || !last) throw new RangeError("a run holds a frame");
  return { start: first.offset, end: last.offset + last.size };
}

function runsOf(rows: readonly FrameRow[]): FrameRow[][] {
  const runs: FrameRow[][] = [];
  for (const row of rows) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const gap = last ? row.offset - last.offset - last.size : Infinity;
    const joins = run && gap >= 0 && gap <= GAP_BYTES && row.offset + row.size - span(run).start <= RUN_BYTES;
    if (joins) run.push(row);
    else runs.push([row]);
  }
  return runs;
}
