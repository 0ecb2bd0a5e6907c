/** All that lies on the reviewer's desk, and the state that is drawn from it. */

import type { ScreenEvents } from "../player/screen.ts";
import { BoardPlayer, type BoardScreen } from "./boardPlayer.ts";
import { countsOf, placeOf } from "./clips.ts";
import { Deciding } from "./deciding.ts";
import { labelsOf, merged } from "./history.ts";
import { Keyboard } from "./keyboard.ts";
import { Ledger } from "./ledger.ts";
import { Modes } from "./modes.ts";
import { Moving } from "./moving.ts";
import type { ClipRow, Place } from "./protocol.ts";
import * as sentences from "./sentences.ts";
import { Showing } from "./showing.ts";
import { Stopwatch } from "./stopwatch.ts";
import { Store } from "./store.ts";
import { Toasts } from "./toasts.ts";
import { Whereabouts } from "./whereabouts.ts";

export interface DeskEvents {
  /** There is something in the outbox. */
  made(): void;
  /** Nothing is left to decide on. */
  finished(): void;
  /** The reviewer is for a while on a clip that nobody holds. */
  stays(clip: ClipRow): void;
}

const WAYS: Readonly<Record<string, string>> = { webcodecs: "WebCodecs", video: "<video>" };

export class Desk {
  readonly store = new Store();
  readonly ledger = new Ledger();
  readonly modes = new Modes();
  readonly keyboard = new Keyboard();
  readonly stopwatch = new Stopwatch();
  readonly toasts = new Toasts((toasts) => this.store.patch({ toasts }));
  readonly player: BoardPlayer;
  readonly showing: Showing;
  readonly deciding: Deciding;
  readonly moving: Moving;
  readonly #whereabouts: Whereabouts;
  #mode = this.modes.mode;
  #shown: number | null = null;

  constructor(screen: (events: ScreenEvents) => BoardScreen, events: DeskEvents, graceMs?: number) {
    const made = screen({
      painted: (frame) => this.player.painted(frame),
      state: (picture) => this.store.patch({ picture, playing: this.player.playing }),
      soundRefused: () => this.store.patch({ soundBlocked: true }),
      chosen: (kind, why, from) => this.store.patch({ player: { kind: `${WAYS[kind]} · ${from}`, why } }),
    });
    this.player = new BoardPlayer(made, {
      painted: (frame) => this.store.patch({ frame, playing: this.player.playing }),
      arrived: () => this.#arrived(),
    });
    this.showing = new Showing(this.player, () => this.sync(), graceMs);
    this.moving = new Moving(this.player, this.showing, this.modes, () => this.ledger.clips);
    this.deciding = new Deciding(this.ledger, this.showing, {
      made: (op, rows) => {
        const text = sentences.done(op, rows);
        if (text !== null) this.toasts.say("done", text);
        events.made();
      },
      refused: (text) => this.toasts.say("refused", text),
      held: (clip, holder) => this.store.patch({ dialog: { kind: "take-over", clip, holder } }),
      finished: () => events.finished(),
    });
    this.#whereabouts = new Whereabouts(() => this.deciding.hands, (clip) => events.stays(clip));
  }

  /** Keys may decide on what is on screen: it can be seen, and nothing that is on its way will bring up another clip. */
  get ready(): boolean {
    return this.showing.ready && this.ledger.outbox.every((op) => op.kind === "decide");
  }

  /** Note where this session stands. */
  take({ held, others, history }: Place): void {
    this.deciding.hands = { held: new Set(held), elsewhere: new Set(others.map((one) => one.clip_id)) };
    this.deciding.others = others;
    this.store.patch({ held: this.deciding.hands.held, others, history: merged(this.store.state.history, history) });
  }

  /** Somebody changed clips; `own` are those that this reviewer did. */
  refresh(own: ReadonlySet<number>): void {
    const seen = this.showing.current;
    if (!this.showing.refresh(this.ledger.clips, own) || !seen) return;
    this.toasts.say("news", sentences.changedMeanwhile(seen, this.ledger.clips.find((clip) => clip.id === seen.id)));
  }

  /** Bring the state up to date, after whatever happened. */
  sync(): void {
    const [{ clips, outbox }, { current }] = [this.ledger, this.showing];
    if (current?.id !== this.#shown) this.modes.splitting = false;
    this.#shown = current?.id ?? null;
    if (this.modes.mode !== this.#mode) this.keyboard.disarm();
    this.#mode = this.modes.mode;
    const { state } = this.store;
    const same = clips === state.clips;
    const counts = same ? state.counts : countsOf(clips);
    this.store.patch({
      ...this.modes.places(clips),
      clips, current, place: placeOf(clips, current), ready: this.ready, playing: this.player.playing, unsaved: outbox.length,
      armed: this.keyboard.armed,
      counts,
      sources: same ? state.sources : state.sources.map((one) => (one.id === state.source?.id ? { ...one, pending: counts.pending } : one)),
      labels: same ? state.labels : labelsOf(clips, state.labels),
    });
    this.showing.lookAhead(clips, this.deciding.hands);
    this.#whereabouts.note(current);
  }

  dispose(): void {
    this.#whereabouts.end();
    this.toasts.dispose();
    this.showing.dispose();
  }

  #arrived(): void {
    this.stopwatch.stop(this.showing.current?.ref ?? "");
    this.sync();
  }
}
