/** Addresses that media elements load: the server's own, or a blob of bytes that came another way. */

import { BytesFault, type ByteRange, type MediaFile } from "./byteSource.ts";
import type { Ladder } from "./ladder.ts";

const PART_BYTES = 2 ** 19;
/** More than this is not held in memory for want of a server. */
const MOST_BYTES = 2 ** 28;

/** An address, and what to do when it is not needed any more. */
export interface MediaAddress {
  readonly url: string;
  /** By `Date.now()`: from then on an element is to load a new one when it does not disturb. */
  readonly until: number;
  release(): void;
}

/** Let a media element load this; from another site as one that may be drawn on a canvas, and without cookies. */
export function load(element: HTMLMediaElement, { url }: MediaAddress): void {
  element.crossOrigin = new URL(url, location.href).origin === location.origin ? null : "anonymous";
  element.src = url;
}

/** Where to load a file of `size` bytes from. Throws a `BytesFault` where there is no way. */
export async function mediaAddress(ladder: Ladder, file: MediaFile, size: number, signal: AbortSignal): Promise<MediaAddress> {
  const found = await (await ladder.choose(signal)).url(file, signal);
  if (found) return { ...found, release: () => undefined };
  if (size > MOST_BYTES) {
    throw new BytesFault("refused", "without a server of heaters beside the kernel this browser can't play so long a video");
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const range of partsOf(size)) parts.push((await ladder.read(file, range, signal)) as Uint8Array<ArrayBuffer>);
  const blob = URL.createObjectURL(new Blob(parts, { type: file === "audio" ? "audio/mp4" : "video/mp4" }));
  return { url: blob, until: Infinity, release: () => URL.revokeObjectURL(blob) };
}

function partsOf(size: number): ByteRange[] {
  const count = Math.ceil(size / PART_BYTES);
  return Array.from({ length: count }, (_, at) => ({
    start: at * PART_BYTES, end: Math.min((at + 1) * PART_BYTES, size),
  }));
}
