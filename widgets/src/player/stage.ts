/** What both players are given: the canvas, and the source's facts, bytes and sound. */

import type { FrameBytes } from "../bytes/frameBytes.ts";
import { seconds } from "../frames.ts";
import type { SourceFacts } from "../protocol.ts";
import type { PlayerEvents } from "./player.ts";
import type { Status } from "./status.ts";

export class Stage {
  readonly canvas: HTMLCanvasElement;
  readonly source: SourceFacts;
  readonly bytes: FrameBytes;
  readonly status: Status;
  readonly events: PlayerEvents;
  /** The frame on the canvas; -1 before the first. */
  frame = -1;
  readonly #context: CanvasRenderingContext2D;

  constructor(canvas: HTMLCanvasElement, source: SourceFacts, bytes: FrameBytes, status: Status, events: PlayerEvents) {
    this.canvas = canvas;
    this.source = source;
    this.bytes = bytes;
    this.status = status;
    this.events = events;
    if (canvas.width !== source.width || canvas.height !== source.height) {
      canvas.width = source.width;
      canvas.height = source.height;
    }
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("this browser draws no pictures on a canvas");
    this.#context = context;
  }

  paint(picture: CanvasImageSource, frame: number): void {
    this.#context.drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
    this.frame = frame;
    this.status.painted();
    this.events.painted(frame);
  }

  /** Seconds from the source's first frame. */
  seconds(pts: number): number {
    return seconds(pts, this.source.time_base);
  }

  /** Units of the frame index. */
  pts(time: number): number {
    return (time * this.source.time_base[1]) / this.source.time_base[0];
  }

  /** Say what kept a frame away; nothing where it was given up. */
  blame(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return this.status.settled();
    this.status.failed(error instanceof Error ? error.message : String(error));
  }
}
