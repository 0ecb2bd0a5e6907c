/** What the kernel's answers do to the desk. */

import { byId, placeAt } from "./clips.ts";
import type { Desk } from "./desk.ts";
import type { Op } from "./outbox.ts";
import type { Answer, Beaten, Decided, Refused } from "./protocol.ts";
import * as sentences from "./sentences.ts";

export class Outcomes {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The kernel has named the clip that a split made. */
  renamed(from: number, to: number): void {
    this.#desk.showing.rename(from, to);
    this.#desk.modes.rename(from, to);
  }

  done(op: Op, answer: Decided): void {
    this.#desk.take(answer);
    if (op.kind === "decide") this.#desk.refresh(new Set(op.touched));
    else this.#wentBack(op, answer);
    this.#desk.sync();
  }

  /** Go back to where it was decided, and say why it was not done, and by whom. */
  refused(op: Op, answer: Refused, fallen: readonly Op[]): void {
    const { ledger, showing, toasts, store, modes, keyboard } = this.#desk;
    toasts.say("refused", sentences.takenBack(op, answer.message, fallen));
    const clip = ledger.clips[placeAt(ledger.clips, op.shown)];
    if (op.kind === "decide" && op.action !== "annotate" && clip) {
      keyboard.disarm();
      modes.end();
      store.patch({ finished: null, dialog: null });
      showing.jump(clip);
    } else this.#desk.refresh(new Set(op.touched));
    this.#desk.sync();
  }

  /** Others were there: what is on screen stays as it was seen. */
  beaten(answer: Answer): void {
    if (answer.kind !== "beaten") return;
    const { ledger } = this.#desk;
    this.#sayLost(answer);
    ledger.learn(answer);
    this.#desk.take(answer);
    this.#desk.refresh(new Set());
    this.#desk.sync();
  }

  /** Bring back what was acted on, and say what was undone. */
  #wentBack({ kind }: Op, answer: Decided): void {
    const { ledger, showing, toasts, store, modes } = this.#desk;
    const shown = byId(ledger.clips, answer.shown);
    toasts.say("done", sentences.wentBack(kind, answer.undid ?? answer.redid, shown));
    modes.end();
    if (shown) {
      store.patch({ finished: null });
      showing.show(shown);
    } else if (showing.current) showing.renew(ledger.clips);
  }

  #sayLost({ lost }: Beaten): void {
    for (const reviewer of new Set(lost.map((one) => one.reviewer))) {
      const ids = lost.filter((one) => one.reviewer === reviewer).map((one) => one.clip_id);
      const refs = ids.flatMap((id) => byId(this.#desk.ledger.clips, id)?.ref ?? []);
      if (refs.length > 0) this.#desk.toasts.say("news", sentences.takenOver(refs, reviewer));
    }
  }
}
