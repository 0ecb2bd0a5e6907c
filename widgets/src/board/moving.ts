/** Keys that move: over frames, over clips, at another speed. Nothing is decided here. */

import type { BoardPlayer } from "./boardPlayer.ts";
import { placeOf, type Clips } from "./clips.ts";
import { strideOf } from "./keyboard.ts";
import type { Modes } from "./modes.ts";
import type { Showing } from "./showing.ts";

/** Clips on one page of the picker. */
const PAGE = 10;

export class Moving {
  readonly #player: BoardPlayer;
  readonly #showing: Showing;
  readonly #modes: Modes;
  readonly #clips: () => Clips;

  constructor(player: BoardPlayer, showing: Showing, modes: Modes, clips: () => Clips) {
    this.#player = player;
    this.#showing = showing;
    this.#modes = modes;
    this.#clips = clips;
  }

  /** What a key does, by its name in the table; `held` is for how many milliseconds it has been down. */
  readonly acts: Readonly<Record<string, (held: number) => void>> = {
    toggle: () => (this.#modes.picking ? this.pick(this.#modes.places(this.#clips()).cursor) : this.#toggle()),
    pause: () => this.#player.pause(),
    back: () => this.#player.step(-1),
    forward: () => this.#player.step(1),
    back10: () => this.#player.step(-10),
    forward10: () => this.#player.step(10),
    first: () => this.#end((start) => start),
    last: () => this.#end((_, end) => end - 1),
    splitBack: (held) => this.#look(-strideOf(held)),
    splitForward: (held) => this.#look(strideOf(held)),
    previousClip: () => this.#go(-1),
    nextClip: () => this.#go(1),
    range: () => this.#showing.current && this.#modes.stretch(this.#showing.current),
    picker: () => this.#picker(),
    pick: () => this.pick(this.#modes.places(this.#clips()).cursor),
    pickBack: () => this.#modes.move(-1, this.#clips()),
    pickForward: () => this.#modes.move(1, this.#clips()),
    pageBack: () => this.#modes.move(-PAGE, this.#clips()),
    pageForward: () => this.#modes.move(PAGE, this.#clips()),
    leave: () => this.#leave(),
  };

  /** Pick a sibling by its place, or let it go. */
  pick(place: number): void {
    const [clip, { current }] = [this.#clips()[place], this.#showing];
    if (!clip || !current) return;
    if (!this.#modes.picking) this.#modes.openPicker(current);
    if (clip.id !== current.id) this.#modes.pick(clip);
  }

  #toggle(): void {
    if (this.#player.playing) this.#player.pause();
    else if (this.#showing.current) this.#player.play();
  }

  #end(of: (start: number, end: number) => number): void {
    const { current } = this.#showing;
    if (current) this.#player.seek(of(current.start_frame, current.end_frame));
  }

  #look(by: number): void {
    if (!this.#showing.current) return;
    this.#modes.splitting = true;
    this.#player.step(by);
  }

  /** To a neighbour; from the end of the queue back to the clip that was there last. */
  #go(by: number): void {
    const [clips, { current, last }] = [this.#clips(), this.#showing];
    const place = placeOf(clips, last) + (current ? by : 0);
    const clip = clips[place];
    if (!clip) return;
    this.#modes.splitting = false;
    this.#showing.show(clip);
    if (this.#modes.mode === "range") this.#modes.stretch(clip);
  }

  #picker(): void {
    if (this.#modes.picking) this.#modes.leave();
    else if (this.#showing.current) this.#modes.openPicker(this.#showing.current);
  }

  #leave(): void {
    const wasSplitting = this.#modes.mode === "split";
    this.#modes.leave();
    if (wasSplitting) this.#player.play();
  }
}
