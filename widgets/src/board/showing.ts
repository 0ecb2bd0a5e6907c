/** The clip on the screen: brings it up, keeps it as the reviewer saw it, and knows when keys may decide on it. */

import type { BoardPlayer } from "./boardPlayer.ts";
import { byId, looksAlike, placeAt, type Clips, type Hands } from "./clips.ts";
import { expected, Prefetch } from "./prefetch.ts";
import type { ClipRow } from "./protocol.ts";

/** A key this soon after a jump that nobody asked for was meant for the clip before. */
const GRACE_MS = 400;

export class Showing {
  readonly #player: BoardPlayer;
  readonly #changed: () => void;
  readonly #graceMs: number;
  readonly #prefetch = new Prefetch();
  #current: ClipRow | null = null;
  #last: ClipRow | null = null;
  #outdated = false;
  #grace: ReturnType<typeof setTimeout> | null = null;

  /** `changed` hears when `ready` may be another. */
  constructor(player: BoardPlayer, changed: () => void, graceMs = GRACE_MS) {
    this.#player = player;
    this.#changed = changed;
    this.#graceMs = graceMs;
  }

  /** As the reviewer sees it, whatever others have made of it since. */
  get current(): ClipRow | null {
    return this.#current;
  }

  /** What was shown last, where nothing is shown now. */
  get last(): ClipRow | null {
    return this.#current ?? this.#last;
  }

  /** Somebody else has changed the clip since it came up. */
  get outdated(): boolean {
    return this.#outdated;
  }

  get ready(): boolean {
    return this.#current !== null && this.#player.arrived && this.#grace === null;
  }

  /** Note the clip that the player is being opened with. */
  opened(clip: ClipRow | null): void {
    this.#prefetch.forget();
    this.#note(clip);
  }

  show(clip: ClipRow, frame = clip.start_frame, plays = true): void {
    this.#note(clip);
    this.#player.show(rangeOf(clip), frame, plays);
  }

  /** Show a clip that the reviewer did not ask for. */
  jump(clip: ClipRow): void {
    this.show(clip);
    this.#grace = setTimeout(() => {
      this.#endGrace();
      this.#changed();
    }, this.#graceMs);
  }

  /** Nothing is left to show. */
  rest(): void {
    this.#player.pause();
    this.#note(null);
  }

  /**
   * Take in what has become of the clips; `own` are those that the reviewer changed.
   *
   * Returns true where somebody else has changed the clip on screen just now: it stays as it was seen.
   */
  refresh(clips: Clips, own: ReadonlySet<number>): boolean {
    const current = this.#current;
    if (!current || this.#outdated) return false;
    const row = byId(clips, current.id);
    if (!row || (!looksAlike(row, current) && !own.has(row.id))) return (this.#outdated = true);
    this.#current = row;
    this.#player.recut(rangeOf(row));
    return false;
  }

  /** Show the clip on screen as it is now, or the one that took its place. */
  renew(clips: Clips): void {
    const row = byId(clips, this.#current?.id ?? null) ?? clips[placeAt(clips, this.#current?.start_frame ?? 0)];
    if (row) this.show(row);
    else this.rest();
  }

  rename(from: number, to: number): void {
    if (this.#current?.id === from) this.#current = { ...this.#current, id: to };
  }

  /** Have ready what will come up next. */
  lookAhead(clips: Clips, hands: Hands): void {
    if (!this.#current || !this.#player.canFetch) return;
    const wanted = this.#prefetch.look(clips, this.#current, hands);
    if (wanted) this.#player.prefetch(wanted);
    // What is coming up right now needs the decoder first.
    if (this.#player.arrived) this.#player.expect(expected(clips, this.#current, hands));
  }

  /** What was fetched may be lost. */
  forget(): void {
    this.#prefetch.forget();
  }

  dispose(): void {
    this.#endGrace();
    this.#player.dispose();
  }

  #note(clip: ClipRow | null): void {
    this.#last = clip ?? this.#current ?? this.#last;
    this.#current = clip;
    this.#outdated = false;
    this.#endGrace();
  }

  #endGrace(): void {
    if (this.#grace !== null) clearTimeout(this.#grace);
    this.#grace = null;
  }
}

export function rangeOf({ start_frame, end_frame }: ClipRow): { start: number; end: number } {
  return { start: start_frame, end: end_frame };
}
