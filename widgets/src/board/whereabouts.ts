/** Notices when a reviewer has gone off to clips that nobody holds: those around him are to be his then. */

import type { Hands } from "./clips.ts";
import type { ClipRow } from "./protocol.ts";

/** Who only passes by takes nothing. */
const STAYS_MS = 700;

export class Whereabouts {
  readonly #hands: () => Hands;
  readonly #stays: (clip: ClipRow) => void;
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at: number | null = null;

  /** `stays` hears of a clip that nobody holds and on which the reviewer is for a while. */
  constructor(hands: () => Hands, stays: (clip: ClipRow) => void, ms = STAYS_MS) {
    this.#hands = hands;
    this.#stays = stays;
    this.#ms = ms;
  }

  /** To be called whenever another clip may be on screen. */
  note(clip: ClipRow | null): void {
    if (clip?.id === this.#at) return;
    clearTimeout(this.#timer);
    this.#at = clip?.id ?? null;
    if (clip?.state === "pending") this.#timer = setTimeout(() => this.#look(clip), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #look(clip: ClipRow): void {
    const { held, elsewhere } = this.#hands();
    if (clip.id > 0 && !held.has(clip.id) && !elsewhere.has(clip.id)) this.#stays(clip);
  }
}
