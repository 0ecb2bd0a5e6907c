/** Our player as the widget runs it, from the kernel's message to the canvas. */

import { pageCache } from "../../widgets/src/bytes/cache.ts";
import { KernelLine } from "../../widgets/src/bytes/kernelLine.ts";
import type { Player } from "../../widgets/src/player/player.ts";
import { Screen } from "../../widgets/src/player/screen.ts";
import { readNumber } from "./barcode.ts";
import { READ_EVERY, stageCanvas, type Contestant, type FilmFacts, type Paint, type Played } from "./contestant.ts";

/** The player's sound element is its own affair; the benchmark only listens to where it is. */
let sound: HTMLAudioElement | null = null;
const PlainAudio = window.Audio;
window.Audio = class extends PlainAudio {
  constructor(url?: string) {
    super(url);
    sound = this;
  }
};

export class Ours implements Contestant {
  #canvas!: HTMLCanvasElement;
  #player!: Player;
  #painted: (frame: number) => void = () => undefined;

  async open({ show, avcc, rows }: FilmFacts): Promise<void> {
    this.#canvas = stageCanvas(show.source.width, show.source.height);
    const line = new KernelLine(() => undefined);
    const first = new Promise<void>((resolve) => (this.#painted = () => resolve()));
    const screen = new Screen(this.#canvas, line, `${location.origin}/`, {
      painted: (frame) => this.#painted(frame),
      state: (state) => {
        if (state.state === "failed") throw new Error(state.message);
      },
      soundRefused: () => console.error("sound was refused"),
      chosen: () => undefined,
    });
    await screen.show(show, avcc, rows);
    await first;
    if (screen.player?.kind !== "webcodecs") throw new Error(`this is the player ${screen.player?.kind}`);
    this.#player = screen.player;
  }

  async seek(frame: number): Promise<void> {
    if (!(await this.#player.seek(frame))) throw new Error(`frame ${frame} did not come`);
  }

  number(): number {
    return readNumber(this.#canvas);
  }

  async scrub(first: number, end: number, painted: (frame: number) => void): Promise<void> {
    this.#painted = () => undefined;
    for (let frame = first; frame < end; frame++) {
      await this.seek(frame);
      painted(frame);
    }
  }

  play(frames: number): Promise<Played> {
    const paints: Paint[] = [];
    const began = performance.now();
    let dropped = 0;
    return new Promise((resolve) => {
      const end = () => {
        clearInterval(watch);
        this.#painted = () => undefined;
        this.#player.pause();
        resolve({ paints, dropped, seconds: (performance.now() - began) / 1_000 });
      };
      let last = -1;
      this.#painted = (frame) => {
        if (frame < last) return end();
        last = frame;
        dropped = this.#player.dropped;
        const number = paints.length % READ_EVERY ? null : this.number();
        paints.push({ frame, at: performance.now(), heard: sound && !sound.paused ? sound.currentTime : null, number });
        if (frame === frames - 1) end();
      };
      const watch = setInterval(() => performance.now() - began > frames * 40 + 30_000 && end(), 1_000);
      this.#player.play({ start: 0, end: frames }, 1);
    });
  }

  /** Forget encoded frames: the next seeks are cold again. */
  forget(): void {
    pageCache.clear();
  }
}
