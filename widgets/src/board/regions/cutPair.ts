/** One cut: the last frame before it, the first frame after it, and how sure the detector was. */

import { element } from "../../view/element.ts";
import type { BoardKey, ClipRow } from "../protocol.ts";
import { coloured, glyph } from "./marks.ts";
import { write } from "./press.ts";
import { strengthOf } from "./strength.ts";
import { keyOf } from "./words.ts";

type Shown = (clip: ClipRow, frame: number) => void;

export class CutPair {
  readonly element: HTMLElement;
  readonly #name: string;
  readonly #missing: string;
  readonly #before: Still;
  readonly #after: Still;
  readonly #about = element("span", { class: "hb-cut-frame" });
  readonly #score = element("span", { class: "hb-score" });

  /** `missing` is said where there is no cut, because the source begins or ends. */
  constructor(name: string, missing: string, show: Shown) {
    this.#name = name;
    this.#missing = missing;
    this.#before = new Still(show);
    this.#after = new Still(show);
    const head = element("div", { class: "hb-cut-head" }, element("b", {}, name), this.#about, this.#score);
    const stills = element("div", { class: "hb-stills" }, this.#before.element, this.#after.element);
    this.element = element("div", { class: "hb-cut", role: "group" }, head, stills);
  }

  /** One of both, to measure. */
  get still(): HTMLElement {
    return this.#before.element;
  }

  /** Those whose pictures are wanted. */
  get frames(): number[] {
    return [this.#before.frame, this.#after.frame].filter((frame) => frame >= 0);
  }

  update(before: ClipRow | undefined, after: ClipRow | undefined, keys: readonly BoardKey[]): void {
    const isIn = this.#name === "In";
    const [own, other] = isIn ? [after, before] : [before, after];
    this.#before.show(before, before ? before.end_frame - 1 : -1, isIn ? "previous, last" : "this, last", own ? this.#missing : "");
    this.#after.show(after, after?.start_frame ?? -1, isIn ? "this, first" : "next, first", own ? this.#missing : "");
    this.element.classList.toggle("hb-edge-of-source", own !== undefined && other === undefined);
    const cut = before && after;
    write(this.#about, cut ? `cut at ${after.start_frame}` : "", cut ? `${keyOf(keys, isIn ? "moveIn" : "moveOut")} moves it to the frame on the picture` : "");
    this.#score.hidden = !cut;
    const label = `${this.#name} cut`;
    this.element.setAttribute("aria-label", cut ? `${label} at frame ${after.start_frame}, ${strengthOf(after).title}` : label);
    if (cut) this.#drawScore(after);
  }

  draw(frame: number, picture: HTMLCanvasElement): void {
    this.#before.draw(frame, picture);
    this.#after.draw(frame, picture);
  }

  #drawScore(after: ClipRow): void {
    const { mark, value, part, title } = strengthOf(after);
    this.#score.title = title;
    this.#score.setAttribute("style", `${coloured(mark)}; --part: ${part}`);
    const bar = element("span", { class: "hb-meter", "aria-hidden": true });
    this.#score.replaceChildren(...(after.score === null ? [] : [bar, value]), glyph(mark.glyph), element("b", {}, mark.word));
  }
}

class Still {
  readonly element: HTMLElement;
  readonly #canvas = element("canvas", { width: 16, height: 9 });
  readonly #caption = element("span", { class: "hb-caption" });
  #clip: ClipRow | undefined;
  frame = -1;

  constructor(show: Shown) {
    this.element = element("div", { class: "hb-still" }, this.#canvas, this.#caption);
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
    this.element.addEventListener("click", () => this.#clip && show(this.#clip, this.frame));
  }

  show(clip: ClipRow | undefined, frame: number, name: string, missing: string): void {
    this.#clip = clip;
    if (frame !== this.frame) this.element.classList.remove("hb-drawn");
    this.frame = frame;
    this.element.classList.toggle("hb-none", frame < 0);
    this.element.title = clip ? `${clip.ref}, frame ${frame}. Press to look at it in the player` : "";
    const words = element("span", {}, clip ? name : missing);
    this.#caption.replaceChildren(words, ...(clip ? [element("b", {}, String(frame))] : []));
  }

  draw(frame: number, picture: HTMLCanvasElement): void {
    if (frame !== this.frame) return;
    this.#canvas.width = picture.width;
    this.#canvas.height = picture.height;
    this.#canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0);
    this.element.classList.add("hb-drawn");
  }
}
