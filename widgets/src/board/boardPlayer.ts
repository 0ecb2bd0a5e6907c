/** The board's picture: brings a clip up on its first frame, then plays it over and over. */

import { within } from "../player/loopPlan.ts";
import type { FrameRange, Player } from "../player/player.ts";
import type { Show } from "../protocol.ts";

/** What of a `Screen` the board needs. */
export interface BoardScreen {
  readonly player: Pick<Player, "frame" | "playing" | "seek" | "play" | "pause" | "setMuted" | "prefetch" | "expect"> | null;
  show(show: Show, avcc: DataView, rows: DataView): Promise<void>;
  dispose(): void;
}

export interface BoardPlayerEvents {
  /** A frame is on the canvas. */
  painted(frame: number): void;
  /** The frame with which a clip comes up is on the canvas. */
  arrived(frame: number): void;
}

export class BoardPlayer {
  readonly #screen: BoardScreen;
  readonly #events: BoardPlayerEvents;
  #range: FrameRange = { start: 0, end: 1 };
  /** The frame that was asked for last. */
  #wanted = -1;
  #arrived = false;
  #plays = false;
  #speed = 1;
  #muted = false;

  constructor(screen: BoardScreen, events: BoardPlayerEvents) {
    this.#screen = screen;
    this.#events = events;
  }

  get frame(): number {
    return this.#screen.player?.frame ?? -1;
  }

  get playing(): boolean {
    return this.#screen.player?.playing ?? false;
  }

  /** A source is open: what is asked for before is not fetched. */
  get canFetch(): boolean {
    return this.#screen.player !== null;
  }

  /** The clip that was asked for last can be seen. */
  get arrived(): boolean {
    return this.#arrived;
  }

  /** Open a source with a clip of it, on a frame. */
  async open(show: Show, avcc: DataView, rows: DataView, range: FrameRange, plays: boolean): Promise<void> {
    this.#aim(range, show.frame, plays);
    await this.#screen.show(show, avcc, rows);
    this.#screen.player?.setMuted(this.#muted);
    // Meanwhile another clip or frame may have been asked for.
    if (this.#wanted !== show.frame) void this.#screen.player?.seek(this.#wanted);
  }

  /** Bring a clip up on a frame; it plays from there if `plays`. */
  show(range: FrameRange, frame: number, plays: boolean): void {
    this.#aim(range, frame, plays);
    void this.#screen.player?.seek(frame);
  }

  /** The clip on screen begins or ends elsewhere now. */
  recut(range: FrameRange): void {
    const frame = this.#arrived ? this.frame : this.#wanted;
    if (frame < range.start || frame >= range.end) return this.show(range, range.start, this.#plays);
    const changed = range.start !== this.#range.start || range.end !== this.#range.end;
    this.#range = range;
    if (changed && this.playing) this.#play(frame);
  }

  /** To be called for each frame that the screen paints. */
  painted(frame: number): void {
    this.#events.painted(frame);
    if (this.#arrived || frame !== this.#wanted) return;
    this.#arrived = true;
    this.#events.arrived(frame);
    queueMicrotask(() => this.#plays && this.#wanted === frame && !this.playing && this.#play(frame));
  }

  /** Step within the clip, from the frame that was asked for last. */
  step(by: number): void {
    const { start, end } = this.#range;
    const from = this.playing ? this.frame : this.#wanted;
    this.seek(Math.min(Math.max(from + by, start), end - 1));
  }

  /** Stop on a frame. */
  seek(frame: number): void {
    this.#plays = false;
    this.#wanted = frame;
    void this.#screen.player?.seek(frame);
  }

  /** Play the clip from where it is. */
  play(): void {
    this.#plays = true;
    if (this.#arrived) this.#play(this.frame);
  }

  pause(): void {
    this.#plays = false;
    this.#screen.player?.pause();
    if (this.#arrived) this.#wanted = this.frame;
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    if (this.playing) this.#play(this.frame);
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#screen.player?.setMuted(muted);
  }

  prefetch(frames: readonly number[]): void {
    this.#screen.player?.prefetch(frames);
  }

  /** Have these frames ready to be painted at once. */
  expect(frames: readonly number[]): void {
    this.#screen.player?.expect(frames);
  }

  dispose(): void {
    this.#screen.dispose();
  }

  #aim(range: FrameRange, frame: number, plays: boolean): void {
    this.#range = range;
    this.#wanted = frame;
    this.#arrived = false;
    this.#plays = plays;
  }

  #play(from: number): void {
    const range = within(this.#range, this.#range.end);
    this.#screen.player?.play(range, this.#speed, from >= range.start && from < range.end ? from : range.start);
  }
}
