/** What the kernel and the page say to each other. Its Python twin is `heaters/ui/messages.py`. */

/** A whole number of ticks over ticks a second, exact: `[numerator, denominator]`. */
export type Ratio = readonly [number, number];

/** One prepared source, as the player needs it. */
export interface SourceFacts {
  id: number;
  title: string;
  frames: number;
  fps: Ratio;
  /** Seconds of one unit of `FrameRows.pts`. */
  time_base: Ratio;
  /** Size of the review proxy: upright, square pixels. */
  width: number;
  height: number;
  /** From the avcC of the proxy, such as `avc1.64001f`. */
  codec: string;
  proxy_bytes: number;
  /** First 12 hex digits of the proxy's SHA-256: the page keeps its bytes apart from those of an older proxy. */
  version: string;
  audio: boolean;
  audio_bytes: number;
}

/** Where the files lie in S3 or behind a CDN. They work for some seconds from when they came; then there are new ones. */
export interface Urls {
  from: "s3" | "cdn";
  proxy: string;
  audio: string | null;
  seconds: number;
}

export interface ClipFacts {
  id: number;
  ref: string;
  /** `[start_frame, end_frame)` of the source. */
  start_frame: number;
  end_frame: number;
  state: string;
}

/** Show this source, and in it this clip. Buffers: the avcC, then the rows of `[rows_first, rows_end)`. */
export interface Show {
  kind: "show";
  /** Counts up; answers to an older one are not for the page any more. */
  show: number;
  source: SourceFacts;
  clip: ClipFacts | null;
  rows_first: number;
  rows_end: number;
  /** Relative to the page's base URL. Null where no server of ours is beside the kernel. */
  paths: { proxy: string; audio: string | null } | null;
  /** Addresses on another site to try before the paths. */
  urls: Urls | null;
  /** False forces the `<video>` player. */
  webcodecs: boolean;
  /** Frame to show first, and whether it plays from there. */
  frame: number;
  playing: boolean;
}

export interface RowsReply {
  kind: "rows";
  id: number;
}

export interface BytesReply {
  kind: "bytes";
  id: number;
}

export interface UrlsReply {
  kind: "urls";
  id: number;
  /** Null where the source lies in a folder by now. */
  urls: Urls | null;
}

/** A request that can't be answered, in a sentence for the user. */
export interface FailedReply {
  kind: "failed";
  id: number;
  message: string;
}

/** Python has set a trait. The page hears of it here and not by the trait, whose late echoes would take users back. */
export interface Order {
  kind: "order";
  frame?: number;
  playing?: boolean;
  speed?: number;
  muted?: boolean;
}

export type FromKernel = Show | RowsReply | BytesReply | UrlsReply | FailedReply | Order;

/** A row of `heaters/ui/hotkeys.py`. */
export interface Hotkey {
  action: string;
  key: string;
  about: string;
  shift: boolean;
}

export type ToKernel =
  | { kind: "hello" }
  | { kind: "rows"; id: number; source: number; first: number; end: number }
  | { kind: "urls"; id: number; source: number }
  | { kind: "read"; id: number; source: number; file: "proxy" | "audio"; offset: number; size: number };
