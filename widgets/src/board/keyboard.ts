/** Keys to actions: what is held, what is armed, and what a key may do now. Knows no browser. */

import { find, type Chord } from "./keyTable.ts";
import type { BoardKey, Mode } from "./protocol.ts";
import type { DecisionLetter } from "./state.ts";

export interface Press extends Chord {
  repeat: boolean;
  /** Milliseconds, as `KeyboardEvent.timeStamp` has them. */
  at: number;
}

/** How the board stands while a key goes down. */
export interface Standing {
  keys: readonly BoardKey[];
  mode: Mode;
  /** One key decides. */
  fast: boolean;
  /** The first frame of the clip that a decision would be about is on the canvas. */
  ready: boolean;
}

export interface Heard {
  /** It is a key of the table: nobody else shall have it. */
  ours: boolean;
  /** What to do; null where the key only arms, repeats, or comes too early. */
  action: string | null;
  /** Milliseconds for which the key has been down. */
  held: number;
}

/** What a held key may repeat: moving, never deciding. */
const REPEATS: ReadonlySet<string> = new Set([
  "back", "forward", "back10", "forward10", "splitBack", "splitForward", "previousClip", "nextClip", "pickBack",
  "pickForward", "pageBack", "pageForward",
]);
const LETTERS: ReadonlySet<string> = new Set<DecisionLetter>(["approve", "skip", "archive", "merge", "group"]);
/** What changes the clip on screen, and so waits until that can be seen. */
const DECIDES = /^(approve|skip|archive|merge|group|split|moveIn|moveOut|reset|ungroup|commit|label[1-9])$/;
const NOBODYS: Heard = { ours: false, action: null, held: 0 };

export class Keyboard {
  /** Letters that are down, by the key's place on the keyboard. */
  readonly #letters = new Map<string, DecisionLetter>();
  readonly #since = new Map<string, number>();

  /** The letter that Enter commits; null while none is held, or more than one. */
  get armed(): DecisionLetter | null {
    const [letter, other] = new Set(this.#letters.values());
    return letter === undefined || other !== undefined ? null : letter;
  }

  down(press: Press, standing: Standing): Heard {
    const place = placeOf(press);
    if (!press.repeat) this.#since.set(place, press.at);
    // macOS tells of no key that is released while Cmd is down.
    if (press.ctrl || press.alt) this.disarm();
    const row = find(standing.keys, press, standing.mode);
    if (!row) return NOBODYS;
    const action = press.repeat && !REPEATS.has(row.action) ? null : this.#meant(row.action, place, standing);
    const early = action !== null && DECIDES.test(action) && !standing.ready;
    return { ours: true, action: early ? null : action, held: press.at - (this.#since.get(place) ?? press.at) };
  }

  up(press: Pick<Press, "key" | "code">): void {
    this.#letters.delete(placeOf(press));
    this.#since.delete(placeOf(press));
    // With Shift let go in between, a key has another name on its way up.
    if (press.key === "Meta" || press.key === "Control") this.disarm();
  }

  /** The focus has gone, or another clip came up that nobody asked for: what is held counts no more. */
  disarm(): void {
    this.#letters.clear();
  }

  #meant(action: string, place: string, { fast, mode }: Standing): string | null {
    // A letter for a range only opens a dialog, which has to be confirmed.
    if (isLetter(action) && !fast && mode !== "range") {
      this.#letters.set(place, action);
      return null;
    }
    if (action !== "commit") return action;
    if (mode === "split") return "split";
    return this.#letters.size > 1 ? null : (this.armed ?? action);
  }
}

/** Frames that one step covers: a key that is held goes faster and faster. */
export function strideOf(heldMs: number): number {
  return 2 ** Math.min(4, Math.floor(heldMs / 600));
}

export function isLetter(action: string): action is DecisionLetter {
  return LETTERS.has(action);
}

function placeOf({ key, code }: Pick<Press, "key" | "code">): string {
  return code || key.toLowerCase();
}
