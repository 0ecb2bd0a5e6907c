/** One clip of the filmstrip: picture, state, length, and who or what it belongs to. */

import type { Ratio } from "../../protocol.ts";
import { element } from "../../view/element.ts";
import type { ClipRow, Holder } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import type { HoverPlay } from "./hoverPlay.ts";
import { glyph, STATES } from "./marks.ts";
import { idle, lasting } from "./words.ts";

export interface CellFacts {
  clip: ClipRow;
  fps: Ratio;
  current: boolean;
  cursor: boolean;
  picked: boolean;
  inRange: boolean;
  mine: boolean;
  holder: Holder | undefined;
  /** The neighbour is of the same group. */
  joinsLeft: boolean;
  joinsRight: boolean;
}

export function factsOf(state: BoardState, place: number): CellFacts | null {
  const clip = state.clips[place];
  if (!clip || !state.source) return null;
  const same = (other: ClipRow | undefined) => clip.group_id !== null && other?.group_id === clip.group_id;
  return {
    clip, fps: state.source.fps, current: place === state.place, cursor: place === state.cursor, picked: state.picked.has(place),
    inRange: state.range !== null && place >= state.range[0] && place <= state.range[1],
    mine: state.held.has(clip.id), holder: state.others.find((one) => one.clip_id === clip.id),
    joinsLeft: same(state.clips[place - 1]), joinsRight: same(state.clips[place + 1]),
  };
}

export class StripCell {
  readonly element: HTMLElement;
  frame = -1;
  /** The picture at rest; while hovering others are shown. */
  #still: HTMLCanvasElement | null = null;
  readonly #canvas = element("canvas", { width: 16, height: 9 });
  readonly #marks = element("span", { class: "hb-cell-marks" });
  readonly #caption = element("span", { class: "hb-cell-caption" });
  readonly #drawn = new Changes();
  #clip: ClipRow | null = null;
  #fps: Ratio = [25, 1];
  #stale = true;

  constructor(pressed: (clipId: number) => void, hover: HoverPlay) {
    this.element = element("div", { class: "hb-cell", role: "option" }, this.#canvas, this.#marks, this.#caption);
    this.element.addEventListener("click", () => this.#clip && pressed(this.#clip.id));
    this.element.addEventListener("pointerenter", () => {
      const clip = this.#clip;
      if (clip) hover.start(this.#canvas, clip, this.#fps, () => this.#clip?.id === clip.id);
    });
    this.element.addEventListener("pointerleave", () => {
      hover.stop();
      if (this.#still) this.#paint(this.#still);
    });
  }

  get wantsPicture(): boolean {
    return this.#stale && this.frame >= 0;
  }

  update(facts: CellFacts | null): void {
    if (facts === null) return;
    const { clip, holder, ...rest } = facts;
    if (!this.#drawn.some(clip, holder && idle(holder.idle_seconds), holder?.reviewer, ...Object.values(rest))) return;
    const middle = (clip.start_frame + clip.end_frame) >> 1;
    if (this.#clip?.id !== clip.id) this.#empty();
    if (middle !== this.frame) this.#stale = true;
    this.#clip = clip;
    this.#fps = facts.fps;
    this.frame = middle;
    this.#drawFacts(facts);
  }

  draw(frame: number, picture: HTMLCanvasElement): void {
    if (frame !== this.frame || !this.#stale) return;
    this.#still = picture;
    this.#stale = false;
    this.#paint(picture);
  }

  /** Another source, or pictures can be had again. */
  forget(): void {
    this.#stale = true;
  }

  #empty(): void {
    this.#still = null;
    this.#stale = true;
    this.element.classList.remove("hb-drawn");
  }

  #paint(picture: HTMLCanvasElement): void {
    this.#canvas.width = picture.width;
    this.#canvas.height = picture.height;
    this.#canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0);
    this.element.classList.add("hb-drawn");
  }

  #drawFacts(facts: CellFacts): void {
    const { clip, fps, holder, current, cursor, picked, inRange, joinsLeft, joinsRight } = facts;
    const mark = STATES[clip.state];
    const marks = { "hb-current": current, "hb-cursor": cursor, "hb-picked": picked, "hb-in-range": inRange, "hb-taken": holder !== undefined };
    const groups = { "hb-grouped": clip.group_id !== null, "hb-joins-left": joinsLeft, "hb-joins-right": joinsRight };
    for (const [name, on] of Object.entries({ ...marks, ...groups })) this.element.classList.toggle(name, on);
    this.element.style.setProperty("--c", `var(--hb-${mark.colour})`);
    this.element.setAttribute("aria-selected", String(current || picked));
    const length = lasting(clip.end_frame - clip.start_frame, fps);
    this.#caption.replaceChildren(glyph(mark.glyph), element("b", {}, clip.ref), element("small", {}, length));
    const signs = [picked && glyph("check"), clip.group_id !== null && glyph("group"), clip.note !== null && glyph("pen")].filter((one) => one !== false);
    const who = holder ? [element("span", { class: "hb-holder" }, glyph("person"), element("span", { class: "hb-ellipsis" }, holder.reviewer))] : [];
    this.#marks.replaceChildren(...who, ...signs);
    const words = wordsOf(facts, length);
    this.element.title = words.join("\n");
    this.element.setAttribute("aria-label", words.join(", "));
  }
}

function wordsOf({ clip, holder, picked, inRange, mine }: CellFacts, length: string): string[] {
  const words = [`${clip.ref}, ${STATES[clip.state].word}${clip.reviewer ? ` by ${clip.reviewer}` : ""}`];
  words.push(`${clip.end_frame - clip.start_frame} frames, ${length}, from ${clip.start_frame}`);
  if (clip.label) words.push(`label ${clip.label}`);
  if (clip.tags.length > 0) words.push(`tags ${clip.tags.join(", ")}`);
  if (clip.note) words.push(`note: ${clip.note}`);
  if (clip.group_id !== null) words.push("in a group");
  if (holder) words.push(`held by ${holder.reviewer}, idle for ${idle(holder.idle_seconds)}`);
  if (mine) words.push("held for you");
  if (picked) words.push("picked");
  if (inRange) words.push("in the range");
  return words;
}
