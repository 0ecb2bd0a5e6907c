/** A small picture of the frame under the mouse. */

import { element } from "../../view/element.ts";
import type { Pictures } from "./region.ts";

const WIDTH = 160;

export class Peek {
  readonly element: HTMLElement;
  readonly #canvas = element("canvas", { width: WIDTH, height: 90 });
  readonly #text = element("span");
  readonly #pictures: () => Pictures | null;
  #wanted = -1;

  constructor(pictures: () => Pictures | null) {
    this.#pictures = pictures;
    this.element = element("div", { class: "hb-peek", hidden: true, "aria-hidden": true }, this.#canvas, this.#text);
  }

  /** `part` is where it stands, from 0 (left) to 1; the text comes at once, the picture when it is there. */
  show(frame: number, part: number, text: string): void {
    this.element.hidden = false;
    this.element.style.setProperty("--at", `${Math.min(1, Math.max(0, part)) * 100}%`);
    this.#text.textContent = text;
    if (frame !== this.#wanted) void this.#draw(frame);
  }

  hide(): void {
    this.#wanted = -1;
    this.element.hidden = true;
  }

  async #draw(frame: number): Promise<void> {
    this.#wanted = frame;
    const picture = await this.#pictures()?.picture(frame, WIDTH);
    if (!picture || this.#wanted !== frame) return;
    this.#canvas.height = picture.height;
    this.#canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0);
  }
}
