/** The review board without its looks: everything that a key or the mouse does to it comes by here. */

import type { ScreenEvents } from "../player/screen.ts";
import type { BoardScreen } from "./boardPlayer.ts";
import { byId, placeAt } from "./clips.ts";
import { Commands } from "./commands.ts";
import { Desk } from "./desk.ts";
import type { Words } from "./forecast.ts";
import type { Press } from "./keyboard.ts";
import type { LineTimes } from "./line.ts";
import { Opening } from "./opening.ts";
import { destination } from "./places.ts";
import type { Asked, ClipRow, Preferences } from "./protocol.ts";
import type { Session } from "./session.ts";
import { Settings } from "./settings.ts";
import type { BoardActs, BoardState } from "./state.ts";
import type { Hear } from "./store.ts";
import { Talk } from "./talk.ts";

export interface BoardParts {
  send(message: Asked): void;
  screen(events: ScreenEvents): BoardScreen;
  session: Session;
  /** Of the page's address: `?clip=12.47&source=12&reviewer=NAME`. */
  search: string;
  /** The page was loaded again. */
  reloaded?: boolean;
  /** Put the cursor into the note. */
  note(): void;
  times?: Partial<LineTimes>;
  beatMs?: number;
  /** After a jump that nobody asked for, keys decide nothing for so long. */
  graceMs?: number;
}

export class Board implements BoardActs {
  readonly #desk: Desk;
  readonly #talk: Talk;
  readonly #opening: Opening;
  readonly #settings: Settings;
  readonly #commands: Commands;

  constructor(parts: BoardParts) {
    const { session, search, reloaded = false } = parts;
    const events = {
      made: () => this.#talk.send(), finished: () => this.#talk.finish(), stays: (clip: ClipRow) => this.#talk.moveTo(clip),
    };
    this.#desk = new Desk(parts.screen, events, parts.graceMs);
    this.#opening = new Opening(search, reloaded, session);
    this.#settings = new Settings(this.#desk, (preferences) => void this.#talk.ask({ kind: "prefer", preferences }));
    this.#talk = new Talk(this.#desk, { ...parts, reviewer: this.#opening.reviewer, begun: (answer) => this.#settings.begun(answer) });
    this.#commands = new Commands(this.#desk, {
      note: parts.note, send: () => this.#talk.send(), open: (source) => this.openSource(source),
      prefer: (change) => this.prefer(change), takeOver: (clipId) => void this.#talk.takeOver(clipId),
    });
  }

  get state(): BoardState {
    return this.#desk.store.state;
  }

  /** Hear each new state; ends when what is returned is called. */
  subscribe(hear: Hear): () => void {
    return this.#desk.store.subscribe(hear);
  }

  /** Ask the kernel for the first clip. */
  start(): void {
    void this.#talk.open(this.#opening.first(), this.#opening.outbox());
  }

  /** Take a message of the kernel; false where it is not for the board. */
  receive(message: { kind: string; id?: number }, buffers: readonly DataView[]): boolean {
    return this.#talk.receive(message, buffers);
  }

  /** A key goes down; true where it is the board's. */
  down(press: Press): boolean {
    const { keyboard, store } = this.#desk;
    if (store.state.dialog !== null) return false;
    this.#talk.act();
    const { mode, keys, preferences, current } = store.state;
    // Where nothing is on screen there is nothing that a key could do to it.
    const ready = this.#desk.ready || current === null;
    const heard = keyboard.down(press, { keys, mode, fast: preferences.fast === true, ready });
    if (heard.action !== null) this.#do(heard.action, heard.held, press.at);
    this.#desk.sync();
    return heard.ours;
  }

  up(press: Pick<Press, "key" | "code">): void {
    this.#desk.keyboard.up(press);
    this.#desk.sync();
  }

  /** The focus has gone: what is held counts no more. */
  left(): void {
    this.#desk.keyboard.disarm();
    this.#desk.sync();
  }

  act(action: string): void {
    this.#talk.act();
    this.#do(action, 0, performance.now());
  }

  show(clipId: number, frame?: number): void {
    const clip = byId(this.#desk.ledger.clips, clipId);
    if (clip) this.#desk.showing.show(clip, frame, frame === undefined);
    this.#acted();
  }

  /** Stop on a frame of the source, in the clip that covers it. */
  seek(frame: number): void {
    const { ledger, showing, player } = this.#desk;
    const clip = ledger.clips[placeAt(ledger.clips, frame)];
    if (clip && clip.id !== showing.current?.id) showing.show(clip, frame, false);
    else player.seek(frame);
    this.#acted();
  }

  moveCut(clipId: number, frame: number): void {
    this.#desk.deciding.decide("move-cut", [clipId], { frame });
    this.#acted();
  }

  undoTo(seq: number): void {
    this.#commands.goBack("undo_to", seq);
    this.#acted();
  }

  annotate(values: Words, clipId: number): void {
    this.#desk.deciding.decide("annotate", [clipId], { values });
    this.#acted();
  }

  openSource(id: number): void {
    void this.#open({ clip: null, source: id, frame: null, plays: true }, (text) => this.#desk.toasts.say("refused", text));
  }

  goTo(text: string): void {
    const { ledger, store } = this.#desk;
    const { source } = store.state;
    const to = source && destination(text, source.fps);
    const refuse = (message: string) => store.patch({ dialog: { kind: "goto", message } });
    if (!source || !to) return refuse("Type a ref such as 12.47, a frame number, or a timecode such as 00:01:02:03.");
    if ("frame" in to && to.frame >= source.frames) return refuse(`The last frame of this source is ${source.frames - 1}.`);
    const frame = "frame" in to ? to.frame : undefined;
    const clip = frame !== undefined ? ledger.clips[placeAt(ledger.clips, frame)] : ledger.clips.find((one) => "ref" in to && one.ref === to.ref);
    if (clip) {
      store.patch({ dialog: null });
      this.show(clip.id, frame);
    } else if ("ref" in to) void this.#open({ clip: to.ref, source: null, frame: null, plays: true }, refuse);
  }

  pick(place: number): void {
    this.#desk.moving.pick(place);
    this.#acted();
  }

  prefer(change: Partial<Preferences>): void {
    this.#settings.prefer(change);
  }

  answer(which: "yes" | "no"): void {
    this.#commands.answer(which);
    this.#acted();
  }

  takeOver(clipId: number): void {
    const { deciding, ledger, store } = this.#desk;
    const [clip, holder] = [byId(ledger.clips, clipId), deciding.others.find((one) => one.clip_id === clipId)];
    if (clip && holder) store.patch({ dialog: { kind: "take-over", clip, holder } });
  }

  dismiss(toast: number): void {
    this.#desk.toasts.dismiss(toast);
  }

  /** The page goes, perhaps to be loaded again. */
  leave(): void {
    this.#keep();
    this.#talk.leave();
  }

  /** The page comes back as it was left. */
  comeBack(): void {
    void this.#talk.open(this.#opening.first());
  }

  dispose(): void {
    this.leave();
    this.#talk.dispose();
    this.#desk.dispose();
  }

  #do(action: string, held: number, at: number): void {
    const { showing, player, stopwatch } = this.#desk;
    const before = showing.current;
    this.#commands.act(action, held);
    if (before && !player.arrived) stopwatch.start(at, action, before.ref);
    this.#acted();
  }

  #acted(): void {
    this.#talk.act();
    this.#desk.sync();
    this.#keep();
  }

  async #open(wish: Parameters<Talk["open"]>[0], refuse: (text: string) => void): Promise<void> {
    const refused = await this.#talk.open(wish);
    if (refused !== null) refuse(refused);
  }

  /** For a reload: where the reviewer is. */
  #keep(): void {
    const { showing, player, store } = this.#desk;
    const source = store.state.source?.id ?? null;
    if (source === null) return;
    const frame = player.arrived ? player.frame : null;
    this.#opening.keep({ clip: showing.current?.ref ?? null, source, frame, plays: player.playing });
  }
}
