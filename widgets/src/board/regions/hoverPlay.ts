/** Plays a clip small while the mouse rests on it. */

import type { Ratio } from "../../protocol.ts";
import type { ClipRow } from "../protocol.ts";
import type { Pictures } from "./region.ts";

const REST_MS = 150;
/** Pictures a second: enough to see movement, few enough to leave the player its bytes. */
const RATE = 8;
/** So many pictures even of the shortest clips, which would be over before they are seen. */
const FEWEST = 4;
/** A long clip is shown in this many seconds. */
const LONGEST = 5;
const WIDTH = 192;

export class HoverPlay {
  readonly #pictures: () => Pictures | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts up with every start and stop: an older loop ends by it. */
  #turn = 0;

  constructor(pictures: () => Pictures | null) {
    this.#pictures = pictures;
  }

  /** Until `stop`; ends by itself when the canvas leaves the page, or shows another clip by `isStill`. */
  start(canvas: HTMLCanvasElement, clip: ClipRow, fps: Ratio, isStill: () => boolean): void {
    this.stop();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const turn = this.#turn;
    const goesOn = () => turn === this.#turn && canvas.isConnected && isStill();
    this.#timer = setTimeout(() => void this.#play(canvas, framesOf(clip, fps), goesOn), REST_MS);
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  async #play(canvas: HTMLCanvasElement, frames: readonly number[], goesOn: () => boolean): Promise<void> {
    for (let place = 0; goesOn(); place = (place + 1) % frames.length) {
      const due = performance.now() + 1000 / RATE;
      const picture = await this.#pictures()?.picture(frames[place] ?? 0, WIDTH);
      if (!goesOn()) return;
      if (picture) {
        canvas.width = picture.width;
        canvas.height = picture.height;
        canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0);
      }
      await new Promise((ready) => setTimeout(ready, Math.max(0, due - performance.now())));
    }
  }
}

/** The frames to show, evenly spread: in the clip's own time, or all of a long one in a few seconds. */
export function framesOf({ start_frame: start, end_frame: end }: Pick<ClipRow, "start_frame" | "end_frame">, fps: Ratio): number[] {
  const seconds = Math.min(LONGEST, ((end - start) * fps[1]) / fps[0]);
  const count = Math.min(end - start, Math.max(FEWEST, Math.round(seconds * RATE)));
  return Array.from({ length: count }, (_, place) => start + Math.floor((place * (end - start)) / count));
}
