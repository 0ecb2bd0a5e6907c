/** One source in the page: its rows, the ways to its bytes, and its address for media elements. */

import { HttpSource } from "../bytes/http.ts";
import { FrameBytes } from "../bytes/frameBytes.ts";
import { pageCache } from "../bytes/cache.ts";
import type { ByteSource, MediaFile } from "../bytes/byteSource.ts";
import { KernelSource, type KernelLine } from "../bytes/kernelLine.ts";
import { Ladder } from "../bytes/ladder.ts";
import { mediaAddress, type MediaAddress } from "../bytes/mediaFile.ts";
import { RowStore } from "../bytes/rowStore.ts";
import type { Show, SourceFacts } from "../protocol.ts";
import type { Status } from "./status.ts";
import type { VideoSupply } from "./videoElement.ts";

const FIRST_BYTES = { start: 0, end: 12 };

export class Film implements VideoSupply {
  readonly source: SourceFacts;
  readonly rows: RowStore;
  readonly bytes: FrameBytes;
  readonly ladder: Ladder;

  constructor(show: Show, line: KernelLine, baseUrl: string, status: Status) {
    this.source = show.source;
    this.rows = new RowStore(
      show.source.frames,
      (first, end, signal) => line.rows(show.source.id, first, end, signal),
      (message) => status.lost("rows", message),
    );
    this.ladder = new Ladder(waysTo(show, line, baseUrl), (message) => status.lost("bytes", message));
    this.bytes = new FrameBytes(
      (range, signal) => this.ladder.read("proxy", range, signal),
      this.rows, pageCache, `${show.source.id}:${show.source.version}`,
    );
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

function waysTo({ urls, paths, source }: Show, line: KernelLine, baseUrl: string): ByteSource[] {
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`, location.href);
  const joined = (path: string | null) => (path === null ? null : new URL(path.replace(/^\/+/, ""), base).href);
  return [
    ...(urls ? [new HttpSource("cdn", urls)] : []),
    ...(paths ? [new HttpSource("server", { proxy: joined(paths.proxy), audio: joined(paths.audio) })] : []),
    new KernelSource(line, source.id),
  ];
}
