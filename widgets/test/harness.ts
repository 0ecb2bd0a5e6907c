/** What `browser_check.py` drives in a page: one `Screen`, and the number burnt into the picture on its canvas. */

import { KernelLine } from "../src/bytes/kernelLine.ts";
import { pageCache } from "../src/bytes/cache.ts";
import { Screen } from "../src/player/screen.ts";
import type { PlayerState } from "../src/player/player.ts";
import type { Show, ToKernel } from "../src/protocol.ts";

const CELLS = 22;

/** As `heaters.media.barcode.read_number` does; -1 where there is none. */
function readNumber(canvas: HTMLCanvasElement): number {
  const context = canvas.getContext("2d");
  if (!context) return -1;
  const scale = canvas.height / 720;
  const row = Math.round(696 * scale);
  const strip = context.getImageData(0, row, canvas.width, 1).data;
  const levels = Array.from({ length: CELLS }, (_, cell) => {
    const centre = Math.round((16 + (cell + 0.5) * 16) * scale);
    return [-1, 0, 1].reduce((sum, by) => sum + (strip[4 * (centre + by) + 1] ?? 0), 0) / 3;
  });
  const [white = 0, black = 0] = levels;
  if (white - black < 64) return -1;
  const bits = levels.map((level) => (level > (white + black) / 2 ? 1 : 0));
  const number = bits.slice(2, 18).reduce<number>((sum, bit) => sum * 2 + bit, 0);
  const check = bits.slice(18).reduce<number>((sum, bit) => sum * 2 + bit, 0);
  return ((number * 7 + (number >> 4) * 3 + (number >> 8) * 5 + (number >> 12) + 9) & 0xf) === check ? number : -1;
}

interface Painted {
  told: number;
  read: number;
  at: number;
  sound: number | null;
}

class Harness {
  readonly canvas = document.querySelector("canvas") as HTMLCanvasElement;
  readonly painted: Painted[] = [];
  readonly states: { state: PlayerState["state"]; message: string; at: number }[] = [];
  readonly chosen: string[] = [];
  refusals = 0;
  /** Read the picture each time one is painted. It costs a few milliseconds. */
  reading = true;
  audio: HTMLAudioElement | null = null;
  readonly #line: KernelLine;
  screen: Screen;

  constructor() {
    const original = window.Audio;
    const keep = (element: HTMLAudioElement) => (this.audio = element);
    window.Audio = new Proxy(original, { construct: (made, args) => keep(new made(...(args as [string]))) });
    this.#line = new KernelLine((message) => void this.#answer(message));
    this.screen = this.#make();
  }

  async open(webcodecs: boolean, change: Partial<Show> = {}, frame = 0): Promise<void> {
    const show = { ...((await (await fetch("/show.json")).json()) as Show), webcodecs, frame, ...change };
    const avcc = new DataView(await (await fetch("/avcc")).arrayBuffer());
    const rows = await (await fetch(`/rows?first=${show.rows_first}&end=${show.rows_end}`)).arrayBuffer();
    await this.screen.show(show, avcc, new DataView(rows));
  }

  async seek(frame: number): Promise<{ done: boolean; told: number; read: number; ms: number }> {
    const began = performance.now();
    const done = (await this.screen.player?.seek(frame)) ?? false;
    const ms = performance.now() - began;
    return { done, told: this.screen.player?.frame ?? -1, read: readNumber(this.canvas), ms };
  }

  /** Milliseconds of each seek; nothing is read back. */
  async times(frames: number[]): Promise<number[]> {
    const took: number[] = [];
    for (const frame of frames) {
      const began = performance.now();
      await this.screen.player?.seek(frame);
      took.push(performance.now() - began);
    }
    return took;
  }

  forget(): void {
    pageCache.clear();
  }

  /** Start anew, as when a cell is run again. */
  again(): void {
    this.screen.dispose();
    this.screen = this.#make();
  }

  #make(): Screen {
    return new Screen(this.canvas, this.#line, "/", {
      painted: (told) => this.#painted(told),
      state: (state) => this.states.push({ message: "", ...state, at: performance.now() }),
      soundRefused: () => this.refusals++,
      chosen: (...words) => this.chosen.push(words.join(" | ")),
    });
  }

  #painted(told: number): void {
    const sound = this.audio && !this.audio.paused ? this.audio.currentTime : null;
    this.painted.push({ told, read: this.reading ? readNumber(this.canvas) : told, at: performance.now(), sound });
  }

  /** Stands for the kernel. */
  async #answer(message: ToKernel): Promise<void> {
    if (message.kind === "hello" || message.kind === "urls") return;
    const { id } = message;
    const query =
      message.kind === "rows"
        ? `/rows?first=${message.first}&end=${message.end}`
        : `/read?file=${message.file}&offset=${message.offset}&size=${message.size}`;
    const bytes = new DataView(await (await fetch(query, { cache: "no-store" })).arrayBuffer());
    if (message.kind === "rows") this.#line.receive({ kind: "rows", id }, [bytes]);
    else this.#line.receive({ kind: "bytes", id }, [bytes]);
  }
}

const harness = new Harness();
Object.assign(window, { harness });

// What a driver calls counts as a click, so a page that nobody has clicked must play by itself.
const [, kind] = location.hash.split("#play-");
if (kind) {
  void harness
    .open(kind === "webcodecs", {}, 100)
    .then(() => harness.screen.player?.play({ start: 100, end: 120 }, 1));
}
