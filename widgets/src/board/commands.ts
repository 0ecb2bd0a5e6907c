/** What the actions of the table of keys do; the regions' buttons do the same by their names. */

import { FASTEST, faster, slower } from "../player/speeds.ts";
import type { Desk } from "./desk.ts";
import { isLetter } from "./keyboard.ts";
import type { ClipRow, Preferences } from "./protocol.ts";
import { Refusal } from "./refusals.ts";
import * as sentences from "./sentences.ts";
import type { DecisionLetter, Dialog } from "./state.ts";

export interface CommandEvents {
  note(): void;
  /** There is something in the outbox. */
  send(): void;
  open(source: number): void;
  prefer(change: Partial<Preferences>): void;
  takeOver(clipId: number): void;
}

export class Commands {
  readonly #desk: Desk;
  readonly #events: CommandEvents;
  readonly #acts: Readonly<Record<string, () => void>>;

  constructor(desk: Desk, events: CommandEvents) {
    this.#desk = desk;
    this.#events = events;
    const { store, player, deciding } = desk;
    const preferences = () => store.state.preferences;
    this.#acts = {
      commit: () => this.#commit(),
      reset: () => this.#decide("reset"),
      ungroup: () => this.#decide("ungroup"),
      split: () => this.#split(),
      moveIn: () => deciding.moveIn(player.frame),
      moveOut: () => deciding.moveOut(player.frame),
      undo: () => this.goBack("undo"),
      redo: () => this.goBack("redo"),
      goTo: () => store.patch({ dialog: { kind: "goto", message: "" } }),
      help: () => store.patch({ dialog: { kind: "help" } }),
      remap: () => store.patch({ dialog: { kind: "remap", clash: "" } }),
      note: () => events.note(),
      fast: () => events.prefer({ fast: preferences().fast !== true }),
      slower: () => events.prefer({ speed: slower(preferences().speed) }),
      faster: () => events.prefer({ speed: faster(preferences().speed) ?? FASTEST }),
      mute: () => this.#mute(),
    };
  }

  /** Do what an action of the table says; `held` is for how many milliseconds its key has been down. */
  act(action: string, held: number): void {
    const label = /^label([1-9])$/.exec(action)?.[1];
    if (isLetter(action)) this.#letter(action);
    else if (label !== undefined) this.#label(this.#desk.store.state.labels[Number(label) - 1]);
    else (this.#desk.moving.acts[action] ?? this.#acts[action])?.(held);
  }

  /** `downTo` is the oldest event that `undo_to` takes back. */
  goBack(kind: "undo" | "redo" | "undo_to", downTo = 0): void {
    this.#desk.ledger.goBack(kind, this.#desk.showing.last?.start_frame ?? 0, downTo);
    this.#events.send();
  }

  answer(which: "yes" | "no"): void {
    const { store } = this.#desk;
    const { dialog } = store.state;
    store.patch({ dialog: null });
    if (dialog?.kind === "fast") this.#events.prefer({ fast: which === "yes" });
    if (which === "no") return;
    if (dialog?.kind === "take-over") this.#events.takeOver(dialog.clip.id);
    if (dialog?.kind === "bulk") this.#confirmed(dialog);
  }

  /** Carry it out if the clips still are what the question said of them; else it is another question. */
  #confirmed({ action, clips }: Extract<Dialog, { kind: "bulk" }>): void {
    const { ledger, deciding, modes, toasts } = this.#desk;
    const { range } = modes.places(ledger.clips);
    const now = range ? ledger.clips.slice(range[0], range[1] + 1) : [];
    const same = now.length === clips.length && now.every(({ id, version }, at) => id === clips[at]?.id && version === clips[at]?.version);
    if (same) {
      if (deciding.decide(action, clips.map((clip) => clip.id))) modes.end();
      return;
    }
    toasts.say("news", sentences.askedAnew());
    if (now.length > 1) this.#bulk(action, now);
  }

  #letter(action: DecisionLetter): void {
    const { mode, range } = this.#desk.modes.places(this.#desk.ledger.clips);
    if (mode === "picker") this.#siblings(action);
    else if (range && range[0] < range[1]) this.#bulk(action, this.#desk.ledger.clips.slice(range[0], range[1] + 1));
    else if (this.#decide(action)) this.#desk.modes.end();
  }

  #decide(action: string): boolean {
    const { current } = this.#desk.showing;
    return current !== null && this.#desk.deciding.decide(action, [current.id]);
  }

  /** Ask first: it says how many, and whose decisions it replaces. */
  #bulk(action: DecisionLetter, clips: readonly ClipRow[]): void {
    const { ledger, toasts, store } = this.#desk;
    try {
      ledger.foresee({ action, clip_ids: clips.map((clip) => clip.id), frame: null, values: {} });
      store.patch({ dialog: { kind: "bulk", action, clips, decidedBefore: sentences.decidedBefore(clips) } });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toasts.say("refused", sentences.sentence(error.message));
    }
  }

  /** Merge or group the clip on screen with the siblings that are picked. */
  #siblings(action: DecisionLetter): void {
    const { modes, ledger, showing, toasts, deciding } = this.#desk;
    const places = [...modes.places(ledger.clips).picked];
    if (action !== "merge" && action !== "group") return;
    if (places.length === 0) return toasts.say("refused", `Pick the clips to ${action} ${showing.current?.ref ?? "it"} with first.`);
    const ids = [showing.current, ...places.map((place) => ledger.clips[place])].flatMap((clip) => clip?.id ?? []);
    if (deciding.decide(action, ids)) modes.end();
  }

  #split(): void {
    const { showing, deciding, player, modes } = this.#desk;
    const { current } = showing;
    if (current && deciding.decide("split", [current.id], { frame: player.frame })) modes.splitting = false;
  }

  /** The same label twice takes it away. */
  #label(label: string | undefined): void {
    const { current } = this.#desk.showing;
    if (!current || label === undefined) return;
    this.#desk.deciding.decide("annotate", [current.id], { values: { label: current.label === label ? null : label } });
  }

  #mute(): void {
    const { store, player } = this.#desk;
    const { soundBlocked, preferences } = store.state;
    store.patch({ soundBlocked: false });
    if (soundBlocked) player.setMuted(false);
    this.#events.prefer({ muted: !soundBlocked && !preferences.muted });
  }

  /** Enter with no letter held: at the end of the queue it opens the next source. */
  #commit(): void {
    const { finished, current } = this.#desk.store.state;
    if (current === null && finished?.next) this.#events.open(finished.next.id);
  }
}
