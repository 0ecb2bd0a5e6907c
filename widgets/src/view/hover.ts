/** A small picture of the frame under the mouse, above the line. */

import { element } from "./element.ts";

export const HOVER_WIDTH = 160;

/** Draws frames small; the newest request wins. */
export interface SmallPictures {
  /** Null when a newer request took its place, or there is no picture to be had. */
  picture(frame: number, width: number): Promise<CanvasImageSource | null>;
}

export class Hover {
  readonly #canvas = element("canvas", { width: HOVER_WIDTH, height: 90 });
  readonly #label = element("span");
  readonly #box = element("div", { class: "hp-hover", hidden: true, "aria-hidden": true }, this.#canvas, this.#label);
  #wanted = -1;

  constructor(line: HTMLInputElement, pictures: () => SmallPictures | null, height: () => number) {
    line.parentElement?.append(this.#box);
    line.addEventListener("pointermove", (event) => {
      const box = line.getBoundingClientRect();
      const part = Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width)));
      const [low, high] = [Number(line.min), Number(line.max)];
      this.#box.style.left = `${line.offsetLeft + part * box.width}px`;
      void this.#look(Math.round(low + part * (high - low)), pictures(), height());
    });
    line.addEventListener("pointerleave", () => this.hide());
  }

  hide(): void {
    this.#wanted = -1;
    this.#box.hidden = true;
  }

  async #look(frame: number, pictures: SmallPictures | null, height: number): Promise<void> {
    if (pictures === null || frame === this.#wanted) return;
    this.#wanted = frame;
    const picture = await pictures.picture(frame, HOVER_WIDTH);
    if (picture === null || this.#wanted !== frame) return;
    this.#canvas.height = height;
    this.#canvas.getContext("2d")?.drawImage(picture, 0, 0, HOVER_WIDTH, height);
    this.#label.textContent = `frame ${frame}`;
    this.#box.hidden = false;
  }
}
