/** A `<video>` element: it seeks to the middle of a frame, and its frame callback says which frame is on screen. */

import { readNumber } from "./barcode.ts";
import { context2d, READ_EVERY, Times, type Contestant, type FilmFacts, type Paint, type Played } from "./contestant.ts";

const GIVE_UP_MS = 10_000;

export class VideoPeer implements Contestant {
  readonly #file: "proxy" | "gop";
  #video!: HTMLVideoElement;
  #times!: Times;
  #copy!: HTMLCanvasElement;

  constructor(file: "proxy" | "gop") {
    this.#file = file;
  }

  async open(film: FilmFacts): Promise<void> {
    const { width, height } = film.show.source;
    this.#times = new Times(film);
    this.#copy = document.createElement("canvas");
    [this.#copy.width, this.#copy.height] = [width, height];
    const video = (this.#video = document.createElement("video"));
    [video.width, video.height, video.preload, video.src] = [width, height, "auto", film[this.#file]];
    document.body.append(video);
    await new Promise<void>((resolve, reject) => {
      video.requestVideoFrameCallback(() => resolve());
      video.onerror = () => reject(new Error(video.error?.message));
    });
  }

  seek(frame: number): Promise<void> {
    const video = this.#video;
    return new Promise((resolve) => {
      const late = setTimeout(resolve, GIVE_UP_MS);
      const look = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
        if (this.#times.at(mediaTime) !== frame) return void video.requestVideoFrameCallback(look);
        clearTimeout(late);
        resolve();
      };
      video.requestVideoFrameCallback(look);
      video.currentTime = this.#times.middle(frame);
    });
  }

  number(): number {
    context2d(this.#copy).drawImage(this.#video, 0, 0);
    return readNumber(this.#copy);
  }

  async scrub(first: number, end: number, painted: (frame: number) => void): Promise<void> {
    for (let frame = first; frame < end; frame++) {
      await this.seek(frame);
      painted(frame);
    }
  }

  async play(frames: number): Promise<Played> {
    const video = this.#video;
    const paints: Paint[] = [];
    await this.#rewind();
    const before = video.getVideoPlaybackQuality().droppedVideoFrames;
    const began = performance.now();
    const ended = new Promise<void>((resolve) => {
      video.onended = () => resolve();
      const look = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
        const number = paints.length % READ_EVERY ? null : this.number();
        paints.push({ frame: this.#times.at(mediaTime), at: performance.now(), heard: video.currentTime, number });
        if (!video.ended) video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
      setTimeout(resolve, frames * 40 + 30_000);
    });
    await video.play();
    await ended;
    const dropped = video.getVideoPlaybackQuality().droppedVideoFrames - before;
    return { paints, dropped, seconds: (performance.now() - began) / 1_000 };
  }

  async #rewind(): Promise<void> {
    if (this.#video.currentTime === 0) return;
    const back = new Promise((resolve) => (this.#video.onseeked = resolve));
    this.#video.currentTime = 0;
    await back;
  }
}
