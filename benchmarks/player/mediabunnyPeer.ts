/** mediabunny: `VideoSampleSink` over a `UrlSource` whose cache holds a part of the film. */

import { ALL_FORMATS, Input, UrlSource, VideoSampleSink, type VideoSample } from "mediabunny";
import { readNumber } from "./barcode.ts";
import { context2d, stageCanvas, Times, type Contestant, type FilmFacts } from "./contestant.ts";

const CACHE_SHARE = 0.25;

export class MediabunnyPeer implements Contestant {
  #sink!: VideoSampleSink;
  #times!: Times;
  #canvas!: HTMLCanvasElement;

  async open(film: FilmFacts): Promise<void> {
    const { width, height, proxy_bytes } = film.show.source;
    this.#times = new Times(film);
    this.#canvas = stageCanvas(width, height);
    const source = new UrlSource(film.proxy, { maxCacheSize: Math.round(proxy_bytes * CACHE_SHARE) });
    const track = await new Input({ source, formats: ALL_FORMATS }).getPrimaryVideoTrack();
    if (!track) throw new Error("mediabunny finds no pictures");
    this.#sink = new VideoSampleSink(track, { optimizeForLatency: true });
    await this.seek(0);
  }

  async seek(frame: number): Promise<void> {
    this.#paint(await this.#sink.getSample(this.#times.middle(frame)));
  }

  number(): number {
    return readNumber(this.#canvas);
  }

  async scrub(first: number, end: number, painted: (frame: number) => void): Promise<void> {
    let frame = first;
    for await (const sample of this.#sink.samples(this.#times.middle(first), this.#times.middle(end - 1))) {
      this.#paint(sample);
      painted(frame++);
    }
  }

  #paint(sample: VideoSample | null): void {
    if (!sample) throw new Error("mediabunny gave no picture");
    sample.draw(context2d(this.#canvas), 0, 0);
    sample.close();
  }
}
