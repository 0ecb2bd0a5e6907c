/** A canvas that is as sharp as the screen, and what is drawn on it for both parts of the timeline. */

import type { FrameRange } from "../../player/player.ts";
import type { BoardState } from "../state.ts";
import type { Palette } from "./palette.ts";

export interface Drawing {
  context: CanvasRenderingContext2D;
  /** Of the element, in CSS pixels. */
  width: number;
  height: number;
  /** Size of the text in CSS pixels, and its family. */
  font: number;
  family: string;
  palette: Palette;
  view: FrameRange;
  state: BoardState;
}

/** Cleared and scaled to `[width, height]` in CSS pixels; null while there is no room. */
export function sharp(
  canvas: HTMLCanvasElement, [width, height]: readonly [number, number],
): { context: CanvasRenderingContext2D; width: number; height: number } | null {
  const context = canvas.getContext("2d");
  if (context === null || width === 0 || height === 0) return null;
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
