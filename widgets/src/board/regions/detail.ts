/** The part of the source around the clip: clips with their cuts, the curve of scores, timecodes. */

import { timecode } from "../../timecode.ts";
import type { ClipRow } from "../protocol.ts";
import type { Drawing } from "./drawing.ts";
import { outline, STATES } from "./marks.ts";
import { partOf, placeOf, ticks } from "./span.ts";

/** A byte of `scores` that is exactly what the detector asks for, and the part of the height where it is drawn: below the names. */
const ASKED = 128;
const ASKED_PART = 0.42;
const TICK_WIDTH = 110;
/** Cuts of clips narrower than this would be one black bar. */
const DENSE = 6;

/** A cut that is being dragged. */
export interface Dragged {
  place: number;
  frame: number;
}

export function drawDetail(drawing: Drawing, dragged: Dragged | null): void {
  const { context, font, family, view, state } = drawing;
  context.font = `${font}px ${family}`;
  context.textBaseline = "middle";
  drawScores(drawing);
  for (let place = Math.max(0, placeOf(state.clips, view.start)); place < state.clips.length; place += 1) {
    const clip = state.clips[place];
    if (!clip || clip.start_frame >= view.end) break;
    drawClip(drawing, clip, place, dragged);
  }
  drawTicks(drawing);
  if (dragged) drawCut(drawing, dragged.frame, true);
}

/** Names stand on top, on the curve; the timecodes have a lane of their own below. */
function bottomOf({ height, font }: Drawing): number {
  return height - Math.round(font * 1.4);
}

function drawClip(drawing: Drawing, clip: ClipRow, place: number, dragged: Dragged | null): void {
  const { context, width, view, palette, state, font } = drawing;
  const bottom = bottomOf(drawing);
  const left = Math.max(0, partOf(clip.start_frame, view) * width);
  const right = Math.min(width, partOf(clip.end_frame, view) * width);
  const mark = STATES[clip.state];
  const inRange = state.range !== null && place >= state.range[0] && place <= state.range[1];
  context.globalAlpha = place === state.place ? 0.3 : 0.1;
  context.fillStyle = palette.colour(place === state.place ? "accent" : inRange ? "range" : place % 2 ? "text" : "quiet");
  context.fillRect(left, 0, right - left, bottom);
  context.globalAlpha = 1;
  if (right - left > font) drawName(drawing, clip, left, right - left, place === state.place);
  context.fillStyle = palette.colour(mark.colour);
  context.fillRect(left + 1, bottom - 3, Math.max(1, right - left - 2), 3);
  const dense = right - left < DENSE && place !== state.place && place !== state.place + 1;
  if (place > 0 && place !== dragged?.place && !dense) drawCut(drawing, clip.start_frame, false);
}

function drawName({ context, palette, font }: Drawing, clip: ClipRow, left: number, room: number, current: boolean): void {
  const mark = STATES[clip.state];
  const size = font * 0.85;
  context.save();
  context.translate(left + 4, font * 0.72 - size / 2);
  context.scale(size / 16, size / 16);
  context.fillStyle = palette.colour(mark.colour);
  context.fill(outline(mark.glyph), "evenodd");
  context.restore();
  const name = room > font * 12 ? `${clip.ref} ${mark.word}` : clip.ref;
  if (context.measureText(name).width + size + 12 > room) return;
  context.fillStyle = palette.colour(current ? "text" : "quiet");
  context.fillText(name, left + size + 8, font * 0.75);
}

function drawCut(drawing: Drawing, frame: number, dragged: boolean): void {
  const { context, width, view, palette } = drawing;
  const bottom = bottomOf(drawing);
  const x = Math.round(partOf(frame, view) * width);
  if (x < 0 || x > width) return;
  context.fillStyle = palette.colour(dragged ? "split" : "text");
  context.fillRect(x - (dragged ? 1 : 0), 0, dragged ? 3 : 1, bottom);
  context.beginPath();
  context.moveTo(x - 4, bottom);
  context.lineTo(x + 5, bottom);
  context.lineTo(x + 0.5, bottom - 6);
  context.fill();
}

/** The highest score of each pixel; a dashed line shows what the detector asks for. */
function drawScores(drawing: Drawing): void {
  const { context, width, view, palette, state } = drawing;
  const { scores } = state;
  if (scores === null) return;
  const bottom = bottomOf(drawing) - 3;
  const high = bottom - 2;
  const perPixel = (view.end - view.start) / width;
  const curve = new Path2D();
  curve.moveTo(0, bottom);
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor(view.start + x * perPixel);
    let most = scores[first] ?? 0;
    for (let frame = first + 1; frame < view.start + (x + 1) * perPixel; frame += 1) most = Math.max(most, scores[frame] ?? 0);
    curve.lineTo(x + 0.5, bottom - (most / ASKED) * ASKED_PART * high);
  }
  curve.lineTo(width, bottom);
  context.fillStyle = context.strokeStyle = palette.colour("quiet");
  context.lineWidth = 1;
  context.stroke(curve);
  context.globalAlpha = 0.4;
  context.fill(curve);
  context.globalAlpha = 1;
  dashed(drawing, Math.round(bottom - ASKED_PART * high) + 0.5);
}

function dashed({ context, width, palette }: Drawing, y: number): void {
  context.strokeStyle = palette.colour("split");
  context.setLineDash([4, 4]);
  context.beginPath();
  context.moveTo(0, y);
  context.lineTo(width, y);
  context.stroke();
  context.setLineDash([]);
}

function drawTicks(drawing: Drawing): void {
  const { context, width, height, view, palette, state, font } = drawing;
  const fps = state.source?.fps;
  if (!fps) return;
  const bottom = bottomOf(drawing);
  for (const frame of ticks(view, fps, Math.max(1, width / TICK_WIDTH))) {
    const x = Math.round(partOf(frame, view) * width);
    context.fillStyle = palette.colour("edge");
    context.fillRect(x, bottom, 1, height - bottom);
    context.fillStyle = palette.colour("quiet");
    const text = timecode(frame, fps);
    const wide = context.measureText(text).width;
    if (x + 4 + wide < width) context.fillText(text, x + 4, height - font * 0.6);
  }
}
