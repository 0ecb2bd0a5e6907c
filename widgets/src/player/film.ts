/** One source in the page: its rows, the ways to its bytes, and its address for media elements. */

import { HttpSource } from "../bytes/http.ts";
import { FrameBytes } from "../bytes/frameBytes.ts";
import { pageCache } from "../bytes/cache.ts";
import type { ByteSource, MediaFile } from "../bytes/byteSource.ts";
import { KernelSource, type KernelLine } from "../bytes/kernelLine.ts";
import { Ladder, type TellWay } from "../bytes/ladder.ts";
import { mediaAddress, type MediaAddress } from "../bytes/mediaFile.ts";
import { RowStore } from "../bytes/rowStore.ts";
import { SignedSource } from "../bytes/signed.ts";
import type { Show, SourceFacts, Urls } from "../protocol.ts";
import type { Status } from "./status.ts";
import type { VideoSupply } from "./videoElement.ts";

const FIRST_BYTES = { start: 0, end: 12 };

export class Film implements VideoSupply {
  readonly source: SourceFacts;
  readonly rows: RowStore;
  readonly bytes: FrameBytes;
  readonly ladder: Ladder;
  readonly #elsewhere: SignedSource | null;

  /** `way` hears how the bytes come, at first and whenever that changes. */
  constructor(show: Show, line: KernelLine, baseUrl: string, status: Status, way: TellWay) {
    this.source = show.source;
    this.rows = new RowStore(
      show.source.frames,
      (first, end, signal) => line.rows(show.source.id, first, end, signal),
      (message) => status.lost("rows", message),
    );
    this.#elsewhere = show.urls && new SignedSource(show.urls, (signal) => line.urls(show.source.id, signal));
    const ways = [...(this.#elsewhere ? [this.#elsewhere] : []), ...ownWays(show, line, baseUrl)];
    this.ladder = new Ladder(ways, (message) => status.lost("bytes", message), way);
    this.bytes = new FrameBytes(
      (range, signal) => this.ladder.read("proxy", range, signal),
      this.rows, pageCache, `${show.source.id}:${show.source.version}`,
    );
  }

  /** Addresses that came with another clip of it. */
  take(urls: Urls): void {
    this.#elsewhere?.take(urls);
  }

  address(signal: AbortSignal, file: MediaFile = "proxy"): Promise<MediaAddress> {
    const size = file === "proxy" ? this.source.proxy_bytes : this.source.audio_bytes;
    return mediaAddress(this.ladder, file, size, signal);
  }

  async alive(signal: AbortSignal): Promise<void> {
    await this.ladder.read("proxy", FIRST_BYTES, signal);
  }

  dispose(): void {
    this.ladder.dispose();
    this.rows.dispose();
  }
}

function ownWays({ paths, source }: Show, line: KernelLine, baseUrl: string): ByteSource[] {
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`, location.href);
  const joined = (path: string | null) => (path === null ? null : new URL(path.replace(/^\/+/, ""), base).href);
  return [
    ...(paths ? [new HttpSource("server", { proxy: joined(paths.proxy), audio: joined(paths.audio) })] : []),
    new KernelSource(line, source.id),
  ];
}
