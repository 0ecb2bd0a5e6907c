/** Turns what a reviewer wants into decisions, and says where the board goes after each. */

import { byId, upcoming, type Hands } from "./clips.ts";
import type { Intent } from "./forecast.ts";
import type { Ledger } from "./ledger.ts";
import type { Op } from "./outbox.ts";
import type { ClipRow, Holder } from "./protocol.ts";
import { Refusal } from "./refusals.ts";
import * as sentences from "./sentences.ts";
import type { Showing } from "./showing.ts";

export interface DecidingEvents {
  /** A decision is on its way: `rows` are what it makes of its clips. */
  made(op: Op, rows: readonly ClipRow[]): void;
  /** It was not even tried, and why. */
  refused(text: string): void;
  /** Somebody else holds this clip. */
  held(clip: ClipRow, holder: Holder): void;
  /** Nothing is left to decide on. */
  finished(): void;
}

export class Deciding {
  /** Who holds what, as the kernel said last. */
  hands: Hands = { held: new Set(), elsewhere: new Set() };
  others: readonly Holder[] = [];
  readonly #ledger: Ledger;
  readonly #showing: Showing;
  readonly #events: DecidingEvents;

  constructor(ledger: Ledger, showing: Showing, events: DecidingEvents) {
    this.#ledger = ledger;
    this.#showing = showing;
    this.#events = events;
  }

  /** Decide on clips; false where that is refused here already. */
  decide(action: string, clip_ids: readonly number[], more: Partial<Intent> = {}): boolean {
    const seen = this.#showing.current;
    if (seen && this.#showing.outdated && (clip_ids.includes(seen.id) || action === "move-cut")) {
      this.#showing.renew(this.#ledger.clips);
      this.#events.refused(sentences.lookAgain(seen));
      return false;
    }
    try {
      return this.#make({ action, clip_ids, frame: null, values: {}, ...more });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#events.refused(sentences.sentence(error.message));
      return false;
    }
  }

  /** The clip on screen begins with the frame on the canvas. */
  moveIn(frame: number): void {
    const { current } = this.#showing;
    if (current) this.decide("move-cut", [current.id], { frame });
  }

  /** The clip on screen ends with the frame on the canvas. */
  moveOut(frame: number): void {
    const { current } = this.#showing;
    if (!current) return;
    const next = this.#ledger.clips.find((clip) => clip.start_frame === current.end_frame);
    if (next) this.decide("move-cut", [next.id], { frame: frame + 1 });
    else this.#events.refused(`Clip ${current.ref} is the last of its source: there is no cut at its end to move.`);
  }

  /** Show the next clip that waits for a decision, from a frame on; false where none is left. */
  goOn(frame: number): boolean {
    const { current } = this.#showing;
    const keepsTo = current === null || this.hands.held.has(current.id);
    const [next] = upcoming(this.#ledger.clips, frame, this.hands, keepsTo, 1);
    if (next) this.#showing.show(next);
    else {
      this.#showing.rest();
      this.#events.finished();
    }
    return next !== undefined;
  }

  #make(intent: Intent): boolean {
    const { clips } = this.#ledger;
    const shown = this.#showing.last?.start_frame ?? 0;
    const foreseen = this.#ledger.foresee(intent);
    const touched = [...foreseen.rows.map((row) => row.id), ...foreseen.gone];
    const holder = this.others.find((one) => touched.includes(one.clip_id));
    const clip = byId(clips, holder?.clip_id ?? null);
    if (holder && clip) {
      this.#events.held(clip, holder);
      return false;
    }
    const op = this.#ledger.decide(intent, foreseen, shown);
    this.#events.made(op, foreseen.rows);
    this.#follow(op, foreseen.rows, intent.clip_ids.flatMap((id) => byId(clips, id) ?? []));
    return true;
  }

  /** Go where the decision leads: to its result where that waits for another decision, else to the next clip. */
  #follow({ action, touched }: Op, [first]: readonly ClipRow[], chosen: readonly ClipRow[]): void {
    const { current } = this.#showing;
    const isSeen = current !== null && (touched.includes(current.id) || chosen.some((clip) => clip.id === current.id));
    const goesOn = ["approve", "skip", "archive"].includes(action) || (action === "group" && chosen.length === 1);
    if (isSeen && goesOn) this.goOn(Math.max(...chosen.map((clip) => clip.end_frame)));
    else if (isSeen && first && (action === "merge" || action === "split")) this.#showing.show(first);
    else this.#showing.refresh(this.#ledger.clips, new Set(touched));
  }
}
