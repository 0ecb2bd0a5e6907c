/** The exact player: any frame from its own bytes, decoded by WebCodecs. */

import { Clock } from "./clock.ts";
import type { PictureDecoder } from "./decoder.ts";
import { Latest } from "./latest.ts";
import { runsOf, within } from "./loopPlan.ts";
import { PaintRate } from "./paintRate.ts";
import { Pictures } from "./pictures.ts";
import { Playback } from "./playback.ts";
import type { FrameRange, Player } from "./player.ts";
import { StepsAhead, Stride } from "./scrub.ts";
import type { Sound } from "./sound.ts";
import type { Stage } from "./stage.ts";
import { Standby } from "./standby.ts";

export class WebCodecsPlayer implements Player {
  readonly kind = "webcodecs";
  readonly #stage: Stage;
  readonly #decoder: PictureDecoder;
  readonly #pictures: Pictures;
  readonly #standby: Standby;
  readonly #sound: Sound | null;
  readonly #clock: Clock;
  readonly #latest = new Latest();
  readonly #stride = new Stride();
  readonly #ahead: StepsAhead;
  readonly #rate = new PaintRate();
  readonly #closed = new AbortController();
  #wanted = new AbortController();
  #playback: Playback | null = null;

  constructor(stage: Stage, decoder: PictureDecoder, sound: Sound | null) {
    this.#stage = stage;
    this.#decoder = decoder;
    this.#pictures = new Pictures(stage.bytes, decoder);
    this.#standby = new Standby(async (frame, signal) => await decoder.decode(await stage.bytes.get(frame, signal)));
    this.#ahead = new StepsAhead(stage.bytes, this.#pictures);
    this.#sound = sound;
    this.#clock = new Clock(sound);
  }

  get frame(): number {
    return this.#stage.frame;
  }

  get playing(): boolean {
    return this.#playback?.running ?? false;
  }

  get fpsShown(): number {
    return this.#rate.value;
  }

  get dropped(): number {
    return this.#playback?.dropped ?? 0;
  }

  async seek(frame: number): Promise<boolean> {
    this.pause();
    const step = this.#stride.note(frame);
    this.#stage.status.wants();
    try {
      return await this.#latest.run((signal) => this.#show(frame, step, signal));
    } catch (error) {
      if (!this.#closed.signal.aborted) this.#stage.blame(error);
      return false;
    }
  }

  play(range: FrameRange, speed: number, from = range.start): void {
    this.pause();
    this.#latest.cancel();
    this.#ahead.look(0, 0);
    this.#rate.reset();
    const inside = within(range, this.#stage.source.frames);
    const first = Math.min(Math.max(from, inside.start), inside.end - 1);
    this.#playback = new Playback(this.#stage, this.#pictures, this.#clock, inside, speed, first, this.#rate);
  }

  pause(): void {
    this.#playback?.stop();
    this.#playback = null;
  }

  setMuted(muted: boolean): void {
    this.#sound?.setMuted(muted);
    if (!muted && this.playing) this.#clock.retrySound();
  }

  prefetch(frames: readonly number[]): void {
    this.#wanted.abort(new DOMException("others are wanted", "AbortError"));
    this.#wanted = new AbortController();
    // Whoever wants one of these frames hears of a fault then.
    void this.#bringAll(runsOf(frames), this.#wanted.signal).catch(() => undefined);
  }

  expect(frames: readonly number[]): void {
    this.#standby.expect(frames);
  }

  dispose(): void {
    this.pause();
    this.#standby.expect([]);
    this.#closed.abort(new DOMException("closed", "AbortError"));
    this.#wanted.abort(this.#closed.signal.reason);
    this.#latest.cancel();
    this.#ahead.look(0, 0);
    this.#sound?.dispose();
    this.#decoder.dispose();
  }

  /** One after the other, so that a seek finds a connection free. */
  async #bringAll(runs: readonly FrameRange[], signal: AbortSignal): Promise<void> {
    for (const { start, end } of runs) await this.#stage.bytes.fetchRun(start, end, signal);
  }

  async #show(frame: number, step: number, signal: AbortSignal): Promise<boolean> {
    const picture = (await this.#standby.take(frame)) ?? (await this.#pictures.take(frame, signal));
    try {
      if (this.playing || signal.aborted || this.#closed.signal.aborted) return false;
      this.#stage.paint(picture, frame);
    } finally {
      picture.close();
    }
    this.#ahead.look(frame, step);
    return true;
  }
}
