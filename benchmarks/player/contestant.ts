/** What the benchmark asks of every player, and what it tells each of them about the film. */

import { FrameRows, type FrameRow } from "../../widgets/src/frames.ts";
import type { Show } from "../../widgets/src/protocol.ts";

/** The kernel's message and its buffers, and the same film for the peers. */
export interface FilmFacts {
  show: Show;
  avcc: DataView;
  rows: DataView;
  proxy: string;
  gop: string;
  sheets: { urls: string[]; frames: number; columns: number; cell: readonly [number, number] };
}

/** One painted frame of playing. */
export interface Paint {
  frame: number;
  /** Milliseconds of `performance.now`. */
  at: number;
  /** Seconds that the sound was at, or null where none was heard. */
  heard: number | null;
  /** The number in the picture, where it was read. */
  number: number | null;
}

export interface Played {
  paints: Paint[];
  /** Late frames by the player's own count. */
  dropped: number;
  seconds: number;
}

export interface Contestant {
  /** Ready to seek. */
  open(film: FilmFacts): Promise<void>;
  /** Resolves when the frame is painted. */
  seek(frame: number): Promise<void>;
  /** The number in the picture on screen. */
  number(): number;
  /** Paint the frames of `[first, end)` one after another as fast as possible, and call `painted` after each. */
  scrub?(first: number, end: number, painted: (frame: number) => void): Promise<void>;
  play?(frames: number): Promise<Played>;
}

/** When each frame is on screen. */
export class Times {
  readonly #rows: FrameRows;
  readonly #unit: number;

  constructor({ show, rows }: FilmFacts) {
    this.#rows = new FrameRows(show.rows_first, show.rows_end, rows);
    this.#unit = show.source.time_base[0] / show.source.time_base[1];
  }

  start(frame: number): number {
    return this.#row(frame).pts * this.#unit;
  }

  middle(frame: number): number {
    return ((this.#row(frame).pts + this.#row(frame).end_pts) / 2) * this.#unit;
  }

  /** The frame on screen at a time in seconds. */
  at(seconds: number): number {
    return this.#rows.at(seconds / this.#unit + 0.01);
  }

  #row(frame: number): FrameRow {
    const row = this.#rows.row(frame);
    if (!row) throw new Error(`there is no frame ${frame}`);
    return row;
  }
}

/** A canvas of the film's size on the page. */
export function stageCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  document.body.append(canvas);
  return canvas;
}

export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("no 2d context");
  return context;
}

/** Reading a picture back takes time from the player: every so many painted frames of playing and scrubbing. */
export const READ_EVERY = 25;
