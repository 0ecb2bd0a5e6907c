/** The clips around this one as pictures. Only those in sight are in the page, so 3,000 clips cost no more than ten. */

import { element } from "../../view/element.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { HoverPlay } from "./hoverPlay.ts";
import type { Region, Surroundings } from "./region.ts";
import { factsOf, StripCell } from "./stripCell.ts";

/** Width of a cell in em; the picker's are larger, since there pictures decide, and a large screen has room. */
const [CELL, LARGE_CELL, PICKER_CELL] = [8.6, 11, 13];
/** Text of so many CSS pixels is that of a large screen. */
const LARGE = 18;
/** Cells beyond each end of what is in sight. */
const MARGIN = 2;
/** Stepping fast through clips asks for no pictures in between. */
const SETTLED_MS = 150;

export class Filmstrip implements Region {
  readonly element: HTMLElement;
  readonly #surroundings: Surroundings;
  readonly #track = element("div", { class: "hb-track" });
  readonly #cells = new Map<number, StripCell>();
  readonly #hover: HoverPlay;
  readonly #drawn = { cells: new Changes(), place: new Changes(), supply: new Changes() };
  readonly #sizes = new ResizeObserver(() => this.#resized());
  #state: BoardState | null = null;
  #wide = 0;
  /** How far it is scrolled, how much is in sight, and the size of its text, in CSS pixels: kept, because asking lays out the page. */
  #left = 0;
  #sight = 0;
  #em = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawing = new AbortController();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#hover = new HoverPlay(surroundings.pictures);
    this.element = element("div", { class: "hb-strip", role: "listbox", "aria-label": "Clips of the source", "aria-orientation": "horizontal", tabindex: -1 }, this.#track);
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
    this.element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.element.addEventListener("wheel", (event) => this.#wheel(event));
    this.#sizes.observe(this.element);
  }

  update(state: BoardState): void {
    this.#state = state;
    const { clips, place, picked, cursor, range, held, others, mode, source, picture } = state;
    if (this.#drawn.supply.some(this.#surroundings.pictures(), picture.state === "lost")) this.#forget();
    const moved = this.#drawn.place.some(place, cursor, clips.length, source?.id, mode);
    const other = this.#drawn.cells.some(clips, picked, range, held, others);
    if (moved) this.#measure();
    if (moved) this.#center();
    if (moved || other) this.#fill();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#drawing.abort();
    this.#hover.stop();
    this.#sizes.disconnect();
  }

  #scrolled(): void {
    if (this.element.scrollLeft === this.#left) return;
    this.#left = this.element.scrollLeft;
    this.#fill();
  }

  /** A wheel goes along the strip where the page itself has nothing to scroll. */
  #wheel(event: WheelEvent): void {
    if (Math.abs(event.deltaY) <= Math.abs(event.deltaX) || !this.element.closest(".hb-page")) return;
    event.preventDefault();
    this.element.scrollLeft += event.deltaY;
  }

  #resized(): void {
    this.#sight = this.element.clientWidth;
    this.#em = this.#sight > 0 ? parseFloat(getComputedStyle(this.element).fontSize) : 0;
    this.#measure();
    this.#center();
    this.#fill();
  }

  /** Nothing is drawn before the strip is in the page. */
  #measure(): void {
    const wide = Math.round(this.#em * (this.#state?.mode === "picker" ? PICKER_CELL : this.#em < LARGE ? CELL : LARGE_CELL));
    if (wide === this.#wide) return;
    this.#wide = wide;
    this.element.style.setProperty("--cell", `${wide}px`);
    for (const [place, cell] of this.#cells) cell.element.style.left = `${place * wide}px`;
  }

  #center(): void {
    const state = this.#state;
    if (!state || this.#wide === 0) return;
    const long = state.clips.length * this.#wide;
    this.#track.style.width = `${long}px`;
    const place = state.cursor >= 0 ? state.cursor : Math.max(0, state.place);
    const left = Math.round((place + 0.5) * this.#wide - this.#sight / 2);
    this.#left = Math.max(0, Math.min(left, long - this.#sight));
    this.element.scrollLeft = this.#left;
  }

  /** Brings the cells in the page to what is in sight. */
  #fill(): void {
    const state = this.#state;
    if (!state || this.#wide === 0) return;
    const first = Math.max(0, Math.floor(this.#left / this.#wide) - MARGIN);
    const end = Math.min(state.clips.length, Math.ceil((this.#left + this.#sight) / this.#wide) + MARGIN);
    for (const [place, cell] of this.#cells) {
      if (place >= first && place < end) continue;
      cell.element.remove();
      this.#cells.delete(place);
    }
    for (let place = first; place < end; place += 1) this.#cell(place, state).update(factsOf(state, place));
    this.#wantPictures();
  }

  #cell(place: number, state: BoardState): StripCell {
    const found = this.#cells.get(place);
    if (found) return found;
    const { acts } = this.#surroundings;
    const pressed = (clipId: number) => (this.#state?.mode === "picker" ? acts.pick(place) : acts.show(clipId));
    const made = new StripCell(pressed, this.#hover);
    made.element.style.left = `${place * this.#wide}px`;
    this.#cells.set(place, made);
    this.#track.append(made.element);
    made.element.setAttribute("aria-posinset", String(place + 1));
    made.element.setAttribute("aria-setsize", String(state.clips.length));
    return made;
  }

  #wantPictures(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#drawPictures(), SETTLED_MS);
  }

  /** From the middle outwards. */
  async #drawPictures(): Promise<void> {
    this.#drawing.abort();
    this.#drawing = new AbortController();
    const middle = this.#state && this.#state.cursor >= 0 ? this.#state.cursor : (this.#state?.place ?? 0);
    const near = [...this.#cells].sort(([a], [b]) => Math.abs(a - middle) - Math.abs(b - middle));
    const missing = near.map(([, cell]) => cell).filter((cell) => cell.wantsPicture);
    const width = Math.ceil((this.#wide * devicePixelRatio) / 64) * 64;
    const frames = missing.map((cell) => cell.frame);
    await this.#surroundings.pictures()?.each(frames, width, (frame, picture) => {
      for (const cell of this.#cells.values()) cell.draw(frame, picture);
    }, this.#drawing.signal);
  }

  #forget(): void {
    for (const cell of this.#cells.values()) cell.forget();
    this.#wantPictures();
  }
}
