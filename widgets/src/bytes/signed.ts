/** Bytes straight from S3 or a CDN, by addresses that the kernel makes anew before they expire. */

import { BytesFault, type ByteRange, type ByteSource, type MediaFile, type MediaUrl } from "./byteSource.ts";
import type { Urls } from "../protocol.ts";
import { HttpSource } from "./http.ts";
import { orAborted } from "./pause.ts";

/** Asks the kernel. */
export type Renew = (signal: AbortSignal) => Promise<Urls>;

/** Of an address' life: from then on the next one is fetched, while this one still works. */
const SOON = 0.5;
/** From then on it is not tried any more: clocks differ, and a request takes time. */
const OVER = 0.95;
/** A read waits no longer for a new address, of which nobody knows when it comes: a kernel may be at work. */
const RENEW_MS = 3_000;
/** What is refused so early is not refused for its age. */
const JUST_MADE_MS = 1_000;

interface Given {
  readonly http: HttpSource;
  readonly at: number;
  readonly lasts: number;
}

export class SignedSource implements ByteSource {
  readonly name: string;
  readonly elsewhere = true;
  readonly #renew: Renew;
  #given: Given;
  #coming: Promise<Given> | null = null;

  constructor(urls: Urls, renew: Renew) {
    this.name = urls.from;
    this.#renew = renew;
    this.#given = given(urls);
  }

  /** Addresses that came by themselves. */
  take(urls: Urls): void {
    this.#given = given(urls);
  }

  /** An element can't be given another address without loading again, so it gets one that lasts, if the kernel makes one. */
  async url(file: MediaFile, signal: AbortSignal): Promise<MediaUrl | null> {
    const used = this.#given;
    const { http, at, lasts } = age(used) < SOON ? used : await this.#next(used, signal).catch(() => used);
    signal.throwIfAborted();
    const found = await http.url(file);
    return found && { url: found.url, until: Math.max(at + SOON * lasts, Date.now() + RENEW_MS) };
  }

  /** What is refused is tried once more by a new address: this one may have expired early, with the key that signed it. */
  async read(file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const used = await this.#current(signal);
    try {
      return await used.http.read(file, range, signal);
    } catch (error) {
      if (!(error instanceof BytesFault) || !isForAge(error, used)) throw error;
    }
    return await (await this.#next(used, signal)).http.read(file, range, signal);
  }

  async #current(signal: AbortSignal): Promise<Given> {
    const used = this.#given;
    if (age(used) >= OVER) return await this.#next(used, signal);
    if (age(used) >= SOON) void this.#next(used, signal).catch(() => undefined);
    return used;
  }

  /** What came, or comes, after this one; one question to the kernel for all who wait. */
  async #next(used: Given, signal: AbortSignal): Promise<Given> {
    if (this.#given !== used) return this.#given;
    const late = AbortSignal.timeout(RENEW_MS);
    const coming = (this.#coming ??= this.#ask().finally(() => (this.#coming = null)));
    try {
      return await orAborted(coming, AbortSignal.any([signal, late]));
    } catch (error) {
      if (signal.aborted || !late.aborted) throw error;
      throw new BytesFault("lost", "its address has expired, and the kernel makes no new one");
    }
  }

  async #ask(): Promise<Given> {
    const urls = await this.#renew(new AbortController().signal);
    return (this.#given = given(urls));
  }
}

function given(urls: Urls): Given {
  return { http: new HttpSource(urls.from, urls, true), at: Date.now(), lasts: 1_000 * urls.seconds };
}

function age({ at, lasts }: Given): number {
  return (Date.now() - at) / lasts;
}

/** A page hears nothing of a refusal to which the CORS rules were not applied: that is as if nobody answered. */
function isForAge(fault: BytesFault, used: Given): boolean {
  if (fault.kind === "refused") return Date.now() - used.at > JUST_MADE_MS;
  return fault.kind === "lost" && age(used) >= SOON;
}
