/** What the reviewer is at: watching, looking for a cut, picking siblings, or marking a range. Pure but for its own fields. */

import { byId, placeOf, type Clips } from "./clips.ts";
import type { ClipRow, Mode } from "./protocol.ts";
import type { BoardState } from "./state.ts";

const NOTHING: ReadonlySet<number> = new Set();

export class Modes {
  /** Looking for a cut, frame by frame. */
  splitting = false;
  #range: { from: number; to: number } | null = null;
  #picker: { cursor: number; picked: Set<number> } | null = null;

  get mode(): Mode {
    if (this.#picker) return "picker";
    if (this.splitting) return "split";
    return this.#range ? "range" : "watch";
  }

  get picking(): boolean {
    return this.#picker !== null;
  }

  /** Start a range with this clip, or stretch it to here. */
  stretch(clip: ClipRow): void {
    this.#range = { from: this.#range?.from ?? clip.id, to: clip.id };
  }

  openPicker(clip: ClipRow): void {
    this.splitting = false;
    this.#picker = { cursor: clip.id, picked: new Set() };
  }

  /** Move the picker's cursor by so many clips. */
  move(by: number, clips: Clips): void {
    const place = this.places(clips).cursor;
    const clip = clips[Math.min(Math.max(0, place + by), clips.length - 1)];
    if (this.#picker && clip) this.#picker.cursor = clip.id;
  }

  /** Pick a sibling of the clip on screen, or let it go; the cursor moves there. */
  pick(clip: ClipRow): void {
    if (!this.#picker) return;
    this.#picker.cursor = clip.id;
    if (!this.#picker.picked.delete(clip.id)) this.#picker.picked.add(clip.id);
  }

  /** Leave what was entered last; false where there is nothing to leave. */
  leave(): boolean {
    if (this.#picker) this.#picker = null;
    else if (this.splitting) this.splitting = false;
    else if (this.#range) this.#range = null;
    else return false;
    return true;
  }

  /** Back to watching. */
  end(): void {
    this.splitting = false;
    this.#range = this.#picker = null;
  }

  /** The kernel has named a clip that had a temporary id. */
  rename(from: number, to: number): void {
    const named = (id: number) => (id === from ? to : id);
    if (this.#range) this.#range = { from: named(this.#range.from), to: named(this.#range.to) };
    if (this.#picker) this.#picker = { cursor: named(this.#picker.cursor), picked: new Set([...this.#picker.picked].map(named)) };
  }

  /** As places in the list; what is no more is left out. */
  places(clips: Clips): Pick<BoardState, "mode" | "range" | "picked" | "cursor"> {
    const place = (id: number) => placeOf(clips, byId(clips, id) ?? null);
    const [one, other] = this.#range ? [place(this.#range.from), place(this.#range.to)] : [-1, -1];
    return {
      mode: this.mode,
      range: one < 0 || other < 0 ? null : [Math.min(one, other), Math.max(one, other)],
      picked: this.#picker ? new Set([...this.#picker.picked].map(place).filter((at) => at >= 0)) : NOTHING,
      cursor: this.#picker ? place(this.#picker.cursor) : -1,
    };
  }
}
