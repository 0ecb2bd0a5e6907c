/** Where bytes of one source's files come from: a signed address, our own server, or the widget's channel. */

export type MediaFile = "proxy" | "audio";

/** `[start, end)` in bytes. */
export interface ByteRange {
  start: number;
  end: number;
}

/** An address that a media element may load. */
export interface MediaUrl {
  readonly url: string;
  /** By `Date.now()`: from then on another one is to be asked for. */
  readonly until: number;
}

export interface ByteSource {
  /** How the bytes come, for people: `server`, `cdn`, `s3`, `kernel`. */
  readonly name: string;
  /** Another site than the page's: that it is silent says nothing of those below it. */
  readonly elsewhere: boolean;
  /** Null where a media element can't load it. */
  url(file: MediaFile, signal: AbortSignal): Promise<MediaUrl | null>;
  /** Exactly the bytes asked for, or a `BytesFault`. */
  read(file: MediaFile, range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
}

/**
 * - `refused`: this way does not work (an answer other than 206, a login page, not found): try the next one.
 * - `broken`: the answer was not what was asked for (short, or other bytes): ask once more, then tell.
 * - `lost`: nobody answered: wait, and go on by itself.
 */
export type FaultKind = "refused" | "broken" | "lost";

export class BytesFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
