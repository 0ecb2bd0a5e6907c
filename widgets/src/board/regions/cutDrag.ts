/** Drags a cut with the mouse. Nothing is changed before it is dropped; Escape leaves it where it was. */

import type { FrameRange } from "../../player/player.ts";
import type { ClipRow } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import type { Dragged } from "./detail.ts";
import { cutRange, frameAt, partOf, placeOf } from "./span.ts";

/** How near the mouse has to be, in CSS pixels. */
const NEAR = 5;

export interface CutDragEvents {
  /** Where the cut would be; null when the drag has ended. */
  dragged(dragged: Dragged | null): void;
  dropped(clipId: number, frame: number): void;
  /** Pressed where no cut is. */
  pressed(frame: number): void;
}

export class CutDrag {
  dragged: Dragged | null = null;
  /** The clip that begins with the cut: its place may become another's while the mouse is on its way. */
  #clipId = 0;
  readonly #canvas: HTMLCanvasElement;
  readonly #state: () => BoardState | null;
  readonly #view: () => FrameRange;
  readonly #events: CutDragEvents;
  readonly #escape = (event: KeyboardEvent) => this.#cancel(event);

  constructor(canvas: HTMLCanvasElement, state: () => BoardState | null, view: () => FrameRange, events: CutDragEvents) {
    this.#canvas = canvas;
    this.#state = state;
    this.#view = view;
    this.#events = events;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", () => this.#up());
    canvas.addEventListener("pointercancel", () => this.#end());
  }

  dispose(): void {
    removeEventListener("keydown", this.#escape, true);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const place = this.#cutNear(event.offsetX);
    const clip = this.#state()?.clips[place];
    if (!clip) return this.#events.pressed(this.#frame(event));
    this.#canvas.setPointerCapture(event.pointerId);
    addEventListener("keydown", this.#escape, true);
    this.#clipId = clip.id;
    this.dragged = { place, frame: clip.start_frame };
    this.#events.dragged(this.dragged);
  }

  #move(event: PointerEvent): void {
    if (this.dragged === null) {
      this.#canvas.style.cursor = this.#cutNear(event.offsetX) > 0 ? "col-resize" : "";
      return;
    }
    const range = this.#clip() && cutRange(this.#state()?.clips ?? [], this.dragged.place);
    if (!range) return this.#end();
    const frame = Math.min(Math.max(range.start, this.#frame(event)), range.end - 1);
    if (frame === this.dragged.frame) return;
    this.dragged = { ...this.dragged, frame };
    this.#events.dragged(this.dragged);
  }

  #up(): void {
    const dragged = this.dragged;
    if (dragged === null) return;
    const clip = this.#clip();
    this.#end();
    if (clip && clip.start_frame !== dragged.frame) this.#events.dropped(clip.id, dragged.frame);
  }

  #cancel(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    this.#end();
  }

  #end(): void {
    removeEventListener("keydown", this.#escape, true);
    this.dragged = null;
    this.#events.dragged(null);
  }

  /** The clip whose cut is dragged; undefined where others have changed the clips meanwhile. */
  #clip(): ClipRow | undefined {
    const clip = this.#state()?.clips[this.dragged?.place ?? -1];
    return clip?.id === this.#clipId ? clip : undefined;
  }

  #frame(event: PointerEvent): number {
    return frameAt(event.offsetX / Math.max(1, this.#canvas.clientWidth), this.#view());
  }

  /** Place of the clip that begins with the nearest cut; -1 where none is near. */
  #cutNear(x: number): number {
    const [clips, view, width] = [this.#state()?.clips ?? [], this.#view(), this.#canvas.clientWidth];
    const under = placeOf(clips, frameAt(x / Math.max(1, width), view));
    const near = (place: number) => {
      const clip = clips[place];
      return clip && place > 0 ? Math.abs(partOf(clip.start_frame, view) * width - x) : Infinity;
    };
    const [nearest] = [under, under + 1].sort((a, b) => near(a) - near(b));
    return nearest !== undefined && near(nearest) <= NEAR ? nearest : -1;
  }
}
