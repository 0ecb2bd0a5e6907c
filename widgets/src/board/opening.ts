/** Where a page begins: what the address says, or, after a reload, where the reviewer was. */

import type { Op } from "./outbox.ts";
import type { Session } from "./session.ts";

/** What the page asks the kernel to open. */
export interface Wish {
  /** A ref. */
  clip: string | null;
  source: number | null;
  /** Frame of the source to come up on; null: the clip's first. */
  frame: number | null;
  /** Play from there. */
  plays: boolean;
}

interface Kept extends Wish {
  /** The address then: another one is another wish. */
  search: string;
}

export class Opening {
  /** Who decides, where the address says so. */
  readonly reviewer: string | null;
  readonly #search: string;
  readonly #session: Session;
  readonly #said: Wish;
  #reloaded: boolean;

  /**
   * `search` of the page's address: `?clip=12.47`, `?source=12`, `?reviewer=NAME`.
   *
   * The clip in it counts for who follows a link, and not for who was there already and loads the page again (`reloaded`).
   */
  constructor(search: string, reloaded: boolean, session: Session) {
    const said = new URLSearchParams(search);
    const source = Number(said.get("source") ?? NaN);
    this.reviewer = said.get("reviewer")?.trim() || null;
    this.#said = { clip: said.get("clip"), source: Number.isInteger(source) ? source : null, frame: null, plays: true };
    this.#search = search;
    this.#reloaded = reloaded;
    this.#session = session;
  }

  first(): Wish {
    const kept = this.#session.kept("place") as Kept | null;
    const isLink = (this.#said.clip !== null || this.#said.source !== null) && !this.#reloaded;
    this.#reloaded = true;
    return kept?.search === this.#search && !isLink ? kept : this.#said;
  }

  /** Note where the reviewer is. */
  keep(wish: Wish): void {
    this.#session.keep("place", { ...wish, search: this.#search } satisfies Kept);
  }

  /** What a reload has left unsent. */
  outbox(): Op[] {
    return (this.#session.kept("outbox") as Op[] | null) ?? [];
  }
}
