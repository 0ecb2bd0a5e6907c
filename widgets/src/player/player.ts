/** What a player does, however it decodes. */

/** `[start, end)` in frames of the source. */
export interface FrameRange {
  start: number;
  end: number;
}

export type PlayerKind = "webcodecs" | "video";

/** `lost`: no bytes come; it heals by itself. `failed`: only another clip helps; `message` says why. */
export type PlayerState =
  | { state: "ready" }
  | { state: "loading" }
  | { state: "lost"; message: string }
  | { state: "failed"; message: string };

export interface PlayerEvents {
  /** A frame was painted. */
  painted(frame: number): void;
  state(state: PlayerState): void;
  /** The browser refuses sound until the user has clicked: it plays muted. */
  soundRefused(): void;
}

export interface Player {
  readonly kind: PlayerKind;
  /** The frame on the canvas; -1 before the first. */
  readonly frame: number;
  readonly playing: boolean;
  /** Paint a frame. Newest wins: true once it is on the canvas, false when a newer call took its place. */
  seek(frame: number): Promise<boolean>;
  /** Loop over a range from `from` (default: its start) until `pause`; speed is 0.25 to 4. */
  play(range: FrameRange, speed: number, from?: number): void;
  /** Stop on the frame that is on the canvas. */
  pause(): void;
  setMuted(muted: boolean): void;
  /** Fetch bytes of frames that will be wanted, nothing is decoded. */
  prefetch(frames: readonly number[]): void;
  /** Have just these frames ready to be painted at once, as far as the player can: two or three. */
  expect(frames: readonly number[]): void;
  /** Frames painted in the last second of playing. */
  readonly fpsShown: number;
  /** Late frames that playing left out since `play`. */
  readonly dropped: number;
  /** Free decoder, pictures, sockets, elements. Nothing may be called after it. */
  dispose(): void;
}
