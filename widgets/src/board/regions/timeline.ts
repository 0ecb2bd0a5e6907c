/** The source as a line: all of it above, the part around the clip below, where cuts can be dragged. */

import type { FrameRange } from "../../player/player.ts";
import { timecode } from "../../timecode.ts";
import { element } from "../../view/element.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { CutDrag } from "./cutDrag.ts";
import { drawDetail } from "./detail.ts";
import { sharp } from "./drawing.ts";
import { drawMinimap } from "./minimap.ts";
import { Palette } from "./palette.ts";
import { Peek } from "./peek.ts";
import type { Region, Surroundings } from "./region.ts";
import { frameAt, partOf, placeOf, viewAround } from "./span.ts";

export class Timeline implements Region {
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #map = element("canvas", { class: "hb-map", "aria-hidden": true });
  readonly #detail = element("canvas", { class: "hb-detail", "aria-hidden": true });
  readonly #heads = [element("i", { class: "hb-head" }), element("i", { class: "hb-head" })] as const;
  readonly #palette = new Palette(() => this.#draw());
  readonly #peek: Peek;
  readonly #drag: CutDrag;
  readonly #drawn = { lines: new Changes(), heads: new Changes() };
  readonly #sizes = new ResizeObserver((entries) => this.#resized(entries));
  /** In CSS pixels, as the page told it: asking for it while drawing would lay out the page each time. */
  readonly #size = new Map<Element, readonly [number, number]>();
  #font = { font: 13, family: "sans-serif" };
  #state: BoardState | null = null;
  #view: FrameRange = { start: 0, end: 1 };

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#peek = new Peek(surroundings.pictures);
    const lanes = [lane(this.#map, this.#heads[0]), lane(this.#detail, this.#heads[1])];
    this.element = element("section", { class: "hb-timeline", "aria-label": "Timeline" }, ...lanes, this.#peek.element, this.#palette.element);
    this.#drag = new CutDrag(this.#detail, () => this.#state, () => this.#view, {
      dragged: (dragged) => this.#dragged(dragged),
      dropped: (clipId, frame) => surroundings.acts.moveCut(clipId, frame),
      pressed: (frame) => this.#go(frame),
    });
    this.#listen(this.#map, () => this.#whole());
    this.#listen(this.#detail, () => this.#view);
    this.#map.addEventListener("pointerdown", (event) => this.#go(frameAt(event.offsetX / this.#map.clientWidth, this.#whole())));
    for (const canvas of [this.#map, this.#detail]) this.#sizes.observe(canvas);
  }

  update(state: BoardState): void {
    this.#state = state;
    const { source, clips, current, place, range, scores, frame } = state;
    if (this.#drawn.lines.some(source, clips, current, place, range, scores)) {
      const clip = { start: current?.start_frame ?? 0, end: current?.end_frame ?? source?.frames ?? 1 };
      this.#view = source ? viewAround(clip, source.frames, source.fps) : { start: 0, end: 1 };
      this.#draw();
    }
    if (this.#drawn.heads.some(frame, this.#view.start, this.#view.end, source, current === null)) this.#moveHeads(current ? frame : -1);
  }

  dispose(): void {
    this.#sizes.disconnect();
    this.#drag.dispose();
  }

  #whole(): FrameRange {
    return { start: 0, end: this.#state?.source?.frames ?? 1 };
  }

  #draw(): void {
    const state = this.#state;
    if (!state?.source) return;
    const sized = (canvas: HTMLCanvasElement) => sharp(canvas, this.#size.get(canvas) ?? [0, 0]);
    const [map, detail] = [sized(this.#map), sized(this.#detail)];
    const shared = { ...this.#font, palette: this.#palette, state };
    if (map) drawMinimap({ ...map, ...shared, view: this.#whole() }, this.#view);
    if (detail) drawDetail({ ...detail, ...shared, view: this.#view }, this.#drag.dragged);
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    for (const { target, contentRect } of entries) this.#size.set(target, [contentRect.width, contentRect.height]);
    const { fontSize, fontFamily } = getComputedStyle(this.element);
    this.#font = { font: parseFloat(fontSize), family: fontFamily };
    this.#draw();
  }

  #moveHeads(frame: number): void {
    for (const [head, view] of [[this.#heads[0], this.#whole()], [this.#heads[1], this.#view]] as const) {
      const part = partOf(frame + 0.5, view);
      head.hidden = frame < 0 || part < 0 || part > 1;
      head.style.left = `${part * 100}%`;
    }
  }

  #go(frame: number): void {
    const state = this.#state;
    const clip = state?.clips[placeOf(state.clips, frame)];
    if (!state || !clip) return;
    if (clip.id === state.current?.id) this.#surroundings.acts.seek(frame);
    else this.#surroundings.acts.show(clip.id, frame);
  }

  #listen(canvas: HTMLCanvasElement, view: () => FrameRange): void {
    canvas.addEventListener("mousedown", (event) => event.preventDefault());
    canvas.addEventListener("pointermove", (event) => {
      const part = event.offsetX / Math.max(1, canvas.clientWidth);
      if (this.#drag.dragged === null) this.#look(frameAt(part, view()), part);
    });
    canvas.addEventListener("pointerleave", () => this.#peek.hide());
  }

  #look(frame: number, part: number): void {
    const state = this.#state;
    if (!state?.source) return;
    const clip = state.clips[placeOf(state.clips, frame)];
    this.#peek.show(frame, part, `${clip?.ref ?? ""} · ${frame} · ${timecode(frame, state.source.fps)}`);
  }

  #dragged(dragged: { place: number; frame: number } | null): void {
    this.#draw();
    const clip = this.#state?.clips[dragged?.place ?? -1];
    if (!dragged || !clip) return this.#peek.hide();
    const by = dragged.frame - clip.start_frame;
    this.#peek.show(dragged.frame, partOf(dragged.frame, this.#view), `${clip.ref} begins at ${dragged.frame} (${by > 0 ? "+" : ""}${by})`);
  }
}

function lane(canvas: HTMLCanvasElement, head: HTMLElement): HTMLElement {
  return element("div", { class: "hb-lane" }, canvas, head);
}
