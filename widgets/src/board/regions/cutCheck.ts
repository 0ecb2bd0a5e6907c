/** Four pictures around the two cuts of the clip: they answer "merge or not?" without a key. */

import { element } from "../../view/element.ts";
import type { ClipRow } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { CutPair } from "./cutPair.ts";
import type { Pictures, Region, Surroundings } from "./region.ts";

/** Widths that are asked for, in pixels of the screen: few, so that pictures that are there already serve again. */
const WIDTHS = [160, 256, 384, 512] as const;

export class CutCheck implements Region {
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #in: CutPair;
  readonly #out: CutPair;
  readonly #drawn = new Changes();
  readonly #sizes = new ResizeObserver(([entry]) => (this.#wide = entry?.contentRect.width ?? 0));
  #drawing = new AbortController();
  /** Of one picture, in CSS pixels. */
  #wide = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const show = (clip: ClipRow, frame: number) => surroundings.acts.show(clip.id, frame);
    this.#in = new CutPair("In", "The source begins here", show);
    this.#out = new CutPair("Out", "The source ends here", show);
    this.element = element("section", { class: "hb-cuts", "aria-label": "Cut check" }, this.#in.element, this.#out.element);
    this.#sizes.observe(this.#in.still);
  }

  update({ clips, place, current, picture, keys }: BoardState): void {
    const pictures = this.#surroundings.pictures();
    const before = current ? clips[place - 1] : undefined;
    const after = current ? clips[place + 1] : undefined;
    if (!this.#drawn.some(current, before, after, pictures, picture.state === "lost", keys)) return;
    this.#in.update(before, current ?? undefined, keys);
    this.#out.update(current ?? undefined, after, keys);
    void this.#draw(pictures, clips[place + 2]);
  }

  dispose(): void {
    this.#sizes.disconnect();
    this.#drawing.abort();
  }

  /** The pictures on show, then those of the clip that comes next. */
  async #draw(pictures: Pictures | null, next: ClipRow | undefined): Promise<void> {
    this.#drawing.abort();
    this.#drawing = new AbortController();
    const pairs = [this.#in, this.#out];
    const frames = pairs.flatMap((pair) => pair.frames);
    if (pictures === null || frames.length === 0) return;
    const ahead = next ? [next.start_frame - 1, next.start_frame] : [];
    const drawn = (frame: number, picture: HTMLCanvasElement) => pairs.forEach((pair) => pair.draw(frame, picture));
    await pictures.each([...frames, ...ahead], this.#width(), drawn, this.#drawing.signal);
  }

  #width(): number {
    const wanted = this.#wide * devicePixelRatio;
    return WIDTHS.find((one) => one >= wanted) ?? WIDTHS[WIDTHS.length - 1] ?? 512;
  }
}
