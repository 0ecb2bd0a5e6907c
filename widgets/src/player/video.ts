/** The player for browsers without WebCodecs: a hidden `<video>`, whose pictures are held to the frame index. */

import { Latest } from "./latest.ts";
import { within } from "./loopPlan.ts";
import { PaintRate } from "./paintRate.ts";
import type { FrameRange, Player } from "./player.ts";
import type { Stage } from "./stage.ts";
import { VideoElement } from "./videoElement.ts";

/** Where in a frame's time to seek to, one after the other: for some files WebKitGTK 2.50 gives the first picture from there on. */
const SHARES = [0.5, 0, 0.4, 0.6, 0.3] as const;

export class VideoPlayer implements Player {
  readonly kind = "video";
  readonly #stage: Stage;
  readonly #video: VideoElement;
  readonly #latest = new Latest();
  readonly #rate = new PaintRate();
  readonly #closed = new AbortController();
  #muted = false;
  #dropped = 0;
  #last = -1;
  /** Ends the playing that is under way. */
  #turn: AbortController | null = null;
  /** Nothing was seeked to since it played last. */
  #played = false;

  constructor(stage: Stage, video: VideoElement) {
    this.#stage = stage;
    this.#video = video;
  }

  get frame(): number {
    return this.#stage.frame;
  }

  get playing(): boolean {
    return this.#turn !== null;
  }

  get fpsShown(): number {
    return this.#rate.value;
  }

  get dropped(): number {
    return this.#dropped;
  }

  async seek(frame: number): Promise<boolean> {
    this.#stop();
    this.#stage.status.wants();
    try {
      return await this.#latest.run((signal) => this.#show(frame, signal));
    } catch (error) {
      if (!this.#closed.signal.aborted) this.#stage.blame(error);
      return false;
    }
  }

  play(range: FrameRange, speed: number, from = range.start): void {
    this.#stop();
    this.#latest.cancel();
    this.#rate.reset();
    this.#dropped = 0;
    const inside = within(range, this.#stage.source.frames);
    const first = Math.min(Math.max(from, inside.start), inside.end - 1);
    this.#turn = new AbortController();
    void this.#run(this.#turn.signal, inside, speed, first);
  }

  /** While Firefox 153 plays, the picture that it draws is one or two frames older than the one that it announced: seek to that. */
  pause(): void {
    const { playing, frame } = this;
    this.#stop();
    if (playing && frame >= 0 && !this.#video.tells) void this.seek(frame);
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#video.setMuted(muted);
  }

  /** The element reads for itself. */
  prefetch(): void {}

  /** It shows one picture at a time. */
  expect(): void {}

  dispose(): void {
    this.#stop();
    this.#closed.abort(new DOMException("closed", "AbortError"));
    this.#latest.cancel();
    this.#video.dispose();
  }

  #stop(): void {
    this.#turn?.abort(new DOMException("stopped", "AbortError"));
    this.#turn = null;
    this.#video.pause();
  }

  /** Seek, and again while another frame comes; what came is painted and told as what it is. */
  async #show(frame: number, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      const time = await this.#bring(frame, signal, attempt);
      if (this.playing) return false;
      const isLast = attempt + 1 === SHARES.length;
      const came = this.#paint(time, (one) => one === frame || (isLast && one >= 0));
      if (came === frame) return true;
      if (isLast) throw new Error(`the browser shows frame ${came} for frame ${frame}`);
    }
  }

  /** Seek to the middle of the frame's time, for its ends are rounded differently by each browser; when what came is shown. */
  async #bring(frame: number, signal: AbortSignal, attempt: number): Promise<number> {
    const row = await this.#stage.bytes.rows.row(frame, signal);
    const { shown } = this.#video;
    // No picture is announced for a seek to the one that is shown already (Chromium 156).
    const isSure = this.#video.tells || !this.#played;
    if (attempt === 0 && isSure && shown !== null && this.#frameAt(shown) === frame) return shown;
    const share = SHARES[attempt] ?? 0.5;
    const came = await this.#video.seek(this.#stage.seconds(row.pts + (row.end_pts - row.pts) * share), signal);
    this.#played = false;
    return came;
  }

  async #run(signal: AbortSignal, range: FrameRange, speed: number, from: number): Promise<void> {
    try {
      await this.#stage.bytes.rows.rows(range.start, Math.min(range.end, range.start + 2), signal);
      const time = await this.#bring(from, signal, 0);
      signal.throwIfAborted();
      this.#last = this.#paint(time, (came) => came >= range.start && came < range.end);
      this.#played = true;
      const { muted, refused } = await this.#video.play(speed, this.#muted);
      if (refused) this.#stage.events.soundRefused();
      if (muted !== this.#muted) this.#video.setMuted(muted);
      while (!signal.aborted) await this.#next(range, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#stop();
      this.#stage.blame(error);
    }
  }

  async #next(range: FrameRange, signal: AbortSignal): Promise<void> {
    const { rows } = this.#stage.bytes;
    const time = await this.#video.nextPicture(signal);
    signal.throwIfAborted();
    const isNew = (frame: number) => frame >= range.start && frame < range.end && frame !== this.#last;
    const frame = time === null ? range.end : this.#paint(time, isNew);
    // Its row is still on its way: which frame it is nobody can say.
    if (frame < 0) return;
    if (frame >= range.end || frame < range.start) {
      this.#last = range.start - 1;
      return await this.#video.jump(this.#stage.seconds(middle(await rows.row(range.start, signal))), signal);
    }
    if (frame === this.#last) return;
    if (frame > this.#last + 1) this.#dropped += frame - this.#last - 1;
    this.#last = frame;
    this.#rate.note();
    // Rows are wanted before their time comes.
    void rows.row(Math.min(frame + 250, this.#stage.source.frames - 1), signal).catch(() => undefined);
  }

  /** Paint what is on the element, told to be of this time, if that frame is wanted; which one it really is. */
  #paint(told: number, isWanted: (frame: number) => boolean): number {
    const { time, picture, close } = this.#video.grab(told);
    const frame = this.#frameAt(time);
    if (isWanted(frame)) this.#stage.paint(picture, frame);
    close();
    return frame;
  }

  /** The frame whose time this is. Browsers give media time in microseconds, cut off: hence the half pts unit or so. */
  #frameAt(time: number): number {
    return this.#stage.bytes.rows.at(this.#stage.pts(time + 2e-6)) ?? -1;
  }
}

function middle(row: { pts: number; end_pts: number }): number {
  return (row.pts + row.end_pts) / 2;
}
