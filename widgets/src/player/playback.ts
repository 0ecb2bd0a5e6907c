/** Playing by WebCodecs: a few pictures decoded ahead of the clock, late frames left out before they are decoded. */

import type { FrameRow } from "../frames.ts";
import type { Clock } from "./clock.ts";
import { following, isAfter, type Place } from "./loopPlan.ts";
import type { PaintRate } from "./paintRate.ts";
import type { ComingPicture, Pictures } from "./pictures.ts";
import type { FrameRange } from "./player.ts";
import { ReadAhead } from "./readAhead.ts";
import type { Stage } from "./stage.ts";

/** Decoded or nearly so: enough for a hiccup of a third of a second. */
const COMING = 8;
/** Frames closer than this on the wall are thinned out: no screen shows them. */
const SHORTEST_SECONDS = 0.012;
/** So long after a frame was due the clock waits for it. */
const STARVING_MS = 400;

interface Slot extends Place {
  coming: ComingPicture;
}

export class Playback {
  dropped = 0;
  readonly #stage: Stage;
  readonly #pictures: Pictures;
  readonly #clock: Clock;
  readonly #range: FrameRange;
  readonly #speed: number;
  readonly #ahead: ReadAhead;
  readonly #rate: PaintRate;
  readonly #slots: Slot[] = [];
  #due: Place;
  #head: Place;
  #painted: Place = { lap: -1, frame: -1 };
  #lastAsked: FrameRow | null = null;
  /** Seconds that decoding one picture takes, lately. */
  #service = 0.008;
  #lastOutput = 0;
  #dueSince = performance.now();
  #holding = false;
  #tick = 0;
  #ended = false;

  constructor(
    stage: Stage, pictures: Pictures, clock: Clock, range: FrameRange, speed: number, from: number, rate: PaintRate,
  ) {
    this.#stage = stage;
    this.#rate = rate;
    this.#pictures = pictures;
    this.#clock = clock;
    this.#range = range;
    this.#speed = speed;
    this.#due = this.#head = { lap: 0, frame: from };
    this.#ahead = new ReadAhead(stage.bytes, range);
    document.addEventListener("visibilitychange", this.#seen);
    void this.#start(from);
  }

  get running(): boolean {
    return !this.#ended;
  }

  stop(): void {
    this.#ended = true;
    this.#stage.status.settled();
    document.removeEventListener("visibilitychange", this.#seen);
    cancelAnimationFrame(this.#tick);
    this.#clock.hold();
    this.#ahead.stop();
    for (const slot of this.#slots.splice(0)) slot.coming.drop();
  }

  /** Nothing is painted in a hidden page, so sound would run out of the range. */
  readonly #seen = (): void => {
    if (!this.#tick || this.#holding) return;
    if (document.hidden) this.#clock.hold();
    else this.#clock.resume();
  };

  /** The clock starts with the first picture, so that none of the first ones comes late. */
  async #start(from: number): Promise<void> {
    this.#stage.status.wants();
    this.#askMore(null);
    try {
      await this.#slots[0]?.coming.done;
      const row = await this.#stage.bytes.rows.row(from, this.#ahead.signal);
      if (this.#ended) return;
      this.#clock.start(this.#stage.seconds(row.pts), this.#speed);
      if (document.hidden) this.#clock.hold();
      this.#dueSince = performance.now();
      this.#frame();
    } catch (error) {
      if (!this.#ended) this.#stage.blame(error);
    }
  }

  #frame(): void {
    if (this.#ended) return;
    this.#advance(this.#clock.time);
    this.#paintDue();
    this.#holdWhileStarving();
    if (this.#ended) return;
    this.#askMore(this.#clock.time);
    this.#tick = requestAnimationFrame(() => this.#frame());
  }

  #advance(time: number): void {
    const { rows } = this.#stage.bytes;
    const last = rows.peek(this.#range.end - 1);
    const before = this.#due;
    if (last && time >= this.#stage.seconds(last.end_pts)) {
      this.#clock.jump(this.#stage.seconds(rows.peek(this.#range.start)?.pts ?? 0));
      this.#due = { lap: before.lap + 1, frame: this.#range.start };
    } else {
      let { frame } = before;
      const pts = this.#stage.pts(time) + 0.01;
      while (frame + 1 < this.#range.end && (rows.peek(frame + 1)?.pts ?? Infinity) <= pts) frame++;
      this.#due = { lap: before.lap, frame };
    }
    if (isAfter(this.#due, before)) this.#dueSince = performance.now();
  }

  /** The newest picture that is due; older ones that were not painted are lost. */
  #paintDue(): void {
    let count = 0;
    for (const [at, slot] of this.#slots.entries()) {
      if (isAfter(slot, this.#due)) break;
      if (slot.coming.picture || slot.coming.error) count = at + 1;
    }
    for (const [at, slot] of this.#slots.splice(0, count).entries()) {
      const picture = at === count - 1 && !this.#ended ? slot.coming.take() : null;
      if (picture) {
        this.#stage.paint(picture, slot.frame);
        picture.close();
        this.#rate.note();
        this.#painted = slot;
      } else {
        this.dropped++;
        if (slot.coming.error) this.#refused(slot.coming.error);
        slot.coming.drop();
      }
    }
  }

  /** A frame that came damaged is left out; where no way leads to the bytes, playing is over. */
  #refused(error: unknown): void {
    if (error instanceof Error && "kind" in error && error.kind === "broken") return;
    this.#stage.blame(error);
    this.stop();
  }

  #holdWhileStarving(): void {
    const [first] = this.#slots;
    const fed = !first || isAfter(first, this.#due) || first.coming.picture !== null;
    if (this.#holding && fed) {
      this.#holding = false;
      this.#stage.status.settled();
      this.#clock.resume();
    } else if (!this.#holding && !fed && performance.now() - this.#dueSince > STARVING_MS && this.#isBehind()) {
      this.#holding = true;
      this.#stage.status.wants();
      this.#clock.hold();
    }
  }

  #isBehind(): boolean {
    return isAfter(this.#due, this.#painted) && this.#slots.every((slot) => slot.coming.decoding === null);
  }

  #askMore(time: number | null): void {
    while (this.#slots.length < COMING) {
      if (time !== null) this.#skipLate(time);
      const slot = { ...this.#head, coming: this.#pictures.start(this.#head.frame) };
      void slot.coming.done.then(() => this.#measure(slot.coming));
      this.#slots.push(slot);
      this.#lastAsked = this.#stage.bytes.rows.peek(slot.frame) ?? null;
      this.#head = this.#thinned(following(this.#head, this.#range));
    }
    this.#ahead.from(this.#head.frame);
  }

  /** Move on to the first frame that is still on screen by the time it will be decoded. */
  #skipLate(time: number): void {
    const before = this.#slots.filter((slot) => !slot.coming.picture && !slot.coming.error).length;
    const ready = this.#stage.pts(time + (before + 1) * this.#service * this.#speed);
    while (this.#head.lap === this.#due.lap && this.#head.frame + 1 < this.#range.end) {
      const row = this.#stage.bytes.rows.peek(this.#head.frame);
      if (!row || row.end_pts > ready) return;
      this.#head = following(this.#head, this.#range);
      this.dropped++;
    }
  }

  #thinned(place: Place): Place {
    const { rows } = this.#stage.bytes;
    const least = this.#stage.pts(SHORTEST_SECONDS * this.#speed);
    let next = place;
    while (this.#lastAsked && next.lap === this.#head.lap && next.frame + 1 < this.#range.end) {
      const row = rows.peek(next.frame);
      if (!row || row.pts - this.#lastAsked.pts >= least) break;
      next = following(next, this.#range);
    }
    return next;
  }

  #measure(coming: ComingPicture): void {
    const now = performance.now();
    if (coming.decoding !== null && coming.picture) {
      const took = (now - Math.max(coming.decoding, this.#lastOutput)) / 1_000;
      this.#service = 0.8 * this.#service + 0.2 * Math.min(took, 1);
    }
    this.#lastOutput = now;
  }
}
