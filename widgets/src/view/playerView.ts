/** One view of a `ReviewPlayer`: picture, line, bar, keys, and what is wrong when something is. */

import { KernelLine } from "../bytes/kernelLine.ts";
import type { FrameRange, Player, PlayerState } from "../player/player.ts";
import { Screen } from "../player/screen.ts";
import { FASTEST, faster, SLOWEST, slower } from "../player/speeds.ts";
import type { FromKernel, Order, Show } from "../protocol.ts";
import { Controls } from "./controls.ts";
import { element } from "./element.ts";
import { Hover, HOVER_WIDTH } from "./hover.ts";
import { listen } from "./keys.ts";
import { Reporter, type Model, type Shared, type Traits } from "./model.ts";

const LATE_MS = 300;
const NO_KERNEL_MS = 8_000;
const NO_KERNEL = "The kernel that knows this clip does not answer. Run the cell again.";

/** By player. anywidget 0.11 gives each view a model object of its own, so these are no names of a player. */
const players = new Map<string, Shared<PlayerView>>();

function sharedOf(model: Model): Shared<PlayerView> {
  const [playing, speed, muted] = [model.get("playing"), model.get("speed"), model.get("muted")];
  const found = players.get(model.get("_player_id")) ?? { views: new Set(), playing, speed, muted };
  players.set(model.get("_player_id"), found);
  return found;
}

export class PlayerView {
  readonly #model: Model;
  readonly #shared: Shared<PlayerView>;
  readonly #root: HTMLElement;
  readonly #veil = element("p", { class: "hp-veil", role: "status", "aria-live": "polite" });
  readonly #offer = element("button", { type: "button", class: "hp-offer", tabindex: -1, hidden: true }, "Click for sound");
  readonly #controls: Controls;
  readonly #hover: Hover;
  readonly #screen: Screen;
  readonly #line: KernelLine;
  readonly #reporter: Reporter;
  readonly #off: () => void;
  readonly #ticker: ReturnType<typeof setInterval>;
  #timer: ReturnType<typeof setTimeout>;
  #show: Show | null = null;
  /** The frame that was asked for last; -1 while playing. */
  #wanted = -1;
  /** Another clip is on its way to the screen. */
  #switching = false;
  /** Of the player, while it plays. */
  #speed = 1;

  constructor(host: HTMLElement, model: Model, baseUrl: string) {
    this.#model = model;
    this.#reporter = new Reporter(model);
    this.#shared = sharedOf(model);
    this.#shared.views.add(this);
    const canvas = element("canvas", { class: "hp-picture", width: 640, height: 360, role: "img" });
    this.#controls = new Controls(model.get("_hotkeys"), (action) => this.act(action), (frame) => this.seek(frame));
    const stage = element("div", { class: "hp-stage" }, canvas, this.#veil);
    this.#root = element("div", { class: "heaters-player", tabindex: 0, role: "group" }, stage, this.#controls.element);
    this.#controls.element.lastElementChild?.append(this.#offer);
    this.#line = new KernelLine((message) => model.send(message));
    this.#screen = new Screen(canvas, this.#line, baseUrl, {
      painted: (frame) => this.#painted(frame),
      state: (state) => this.#state(state),
      soundRefused: () => (this.#offer.hidden = false),
      chosen: (kind, why, from) => this.#chosen(kind, why, from),
    });
    this.#hover = new Hover(this.#controls.line, () => this.#screen.pictures, () => this.#hoverHeight());
    stage.addEventListener("click", () => this.act("toggle"));
    this.#offer.addEventListener("click", () => this.#takeOffer());
    listen(this.#root, () => model.get("_hotkeys"), (action) => this.act(action));
    host.append(this.#root);
    this.#off = this.#hear();
    this.#state({ state: "loading" });
    this.#ticker = setInterval(() => this.#tick(), 250);
    this.#timer = setTimeout(() => this.#state({ state: "failed", message: NO_KERNEL }), NO_KERNEL_MS);
    model.send({ kind: "hello" });
  }

  dispose(): void {
    this.#off();
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
    this.#reporter.flush();
    this.#shared.views.delete(this);
    if (this.#shared.views.size === 0) players.delete(this.#model.get("_player_id"));
    for (const view of this.#shared.views) view.apply();
    this.#hover.hide();
    this.#screen.dispose();
    this.#line.dispose();
    this.#root.remove();
  }

  /** Paint a frame of the source; playing goes on from there. */
  seek(frame: number): void {
    const player = this.#screen.player;
    if (!this.#show) return;
    const target = Math.min(Math.max(0, frame), this.#show.source.frames - 1);
    this.#wanted = target;
    if (!player || this.#switching) return;
    if (player.playing) this.#play(target);
    else void player.seek(target);
  }

  act(action: string): void {
    const { start, end } = this.#controls.range();
    this.#root.focus({ preventScroll: true });
    const acts: Record<string, () => void> = {
      toggle: () => this.#set("playing", !this.#shared.playing),
      pause: () => this.#set("playing", false),
      back: () => this.#step(-1),
      forward: () => this.#step(1),
      back10: () => this.#step(-10),
      forward10: () => this.#step(10),
      first: () => this.seek(start),
      last: () => this.seek(end - 1),
      slower: () => this.#set("speed", slower(this.#shared.speed)),
      faster: () => this.#set("speed", faster(this.#shared.speed) ?? FASTEST),
      nextSpeed: () => this.#set("speed", faster(this.#shared.speed) ?? SLOWEST),
      mute: () => this.#set("muted", !this.#shared.muted),
    };
    acts[action]?.();
  }

  #step(by: number): void {
    const { start, end } = this.#controls.range();
    const from = this.#wanted >= 0 ? this.#wanted : (this.#screen.player?.frame ?? start);
    this.#set("playing", false);
    this.seek(Math.min(Math.max(from + by, start), end - 1));
  }

  /** Change what all views share, and tell Python. */
  #set<K extends "playing" | "speed" | "muted">(name: K, value: Traits[K]): void {
    Object.assign(this.#shared, { [name]: value });
    this.#model.set(name, value);
    this.#model.save_changes();
    for (const view of this.#shared.views) view.apply();
  }

  #hear(): () => void {
    const message = (content: FromKernel, buffers: DataView[]) => {
      if (content.kind === "show") void this.#showClip(content, buffers);
      else if (content.kind === "order") this.#obey(content);
      else this.#line.receive(content, buffers);
    };
    this.#model.on("msg:custom", message);
    return () => this.#model.off("msg:custom", message);
  }

  #obey({ frame, playing, speed, muted }: Order): void {
    const shared = this.#shared;
    shared.playing = playing ?? shared.playing;
    shared.speed = speed ?? shared.speed;
    shared.muted = muted ?? shared.muted;
    if (frame !== undefined) this.seek(frame);
    this.apply();
  }

  async #showClip(show: Show, buffers: DataView[]): Promise<void> {
    clearTimeout(this.#timer);
    const [avcc, rows] = buffers;
    if (show.show === this.#show?.show || !avcc || !rows) return;
    this.#show = show;
    this.#wanted = show.frame;
    this.#controls.film(show);
    this.#root.setAttribute("aria-label", `review player, ${show.clip ? `clip ${show.clip.ref}` : show.source.title}`);
    this.#offer.hidden = true;
    this.#switching = true;
    await this.#screen.show(show, avcc, rows);
    if (this.#show !== show) return;
    this.#switching = false;
    if (this.#wanted !== show.frame) this.seek(this.#wanted);
    this.#shared.playing = show.playing;
    this.apply();
  }

  /** Bring the player to what is shared. */
  apply(): void {
    const { views, playing, speed, muted } = this.#shared;
    const player = this.#screen.player;
    if (!player) return;
    const [first] = views;
    player.setMuted(muted || first !== this);
    if (playing && (!player.playing || speed !== this.#speed)) this.#play(player.frame);
    else if (!playing && player.playing) this.#pause(player);
    this.#refresh();
  }

  #play(from: number): void {
    const range: FrameRange = this.#controls.range();
    const inside = from >= range.start && from < range.end ? from : range.start;
    this.#wanted = -1;
    this.#speed = this.#shared.speed;
    this.#screen.player?.play(range, this.#speed, inside);
  }

  #pause(player: Player): void {
    player.pause();
    this.#wanted = player.frame;
    this.#reporter.report("frame", player.frame);
    this.#reporter.flush();
  }

  #takeOffer(): void {
    this.#offer.hidden = true;
    this.#set("muted", false);
  }

  #painted(frame: number): void {
    if (!this.#screen.player?.playing) {
      this.#reporter.report("frame", frame);
      if (frame === this.#wanted) for (const view of this.#shared.views) view.follow(frame);
    }
    this.#refresh();
  }

  /** Another view of the same model went there. */
  follow(frame: number): void {
    if (frame !== this.#wanted) this.seek(frame);
  }

  /** While playing Python hears four times a second where it is. */
  #tick(): void {
    const player = this.#screen.player;
    // A player that can't go on stops by itself.
    if (player && !player.playing && this.#shared.playing && !this.#switching) this.#set("playing", false);
    if (!player?.playing) return;
    this.#reporter.report("frame", player.frame);
    this.#reporter.report("fps_shown", Math.round(player.fpsShown * 10) / 10);
    this.#reporter.report("dropped", player.dropped);
  }

  #chosen(kind: string, why: string, from: string): void {
    this.#controls.kind(kind === "webcodecs" ? `WebCodecs · ${from}` : `<video> · ${from}`, why);
    this.#reporter.report("player_kind", kind);
    this.#reporter.report("bytes_from", from);
  }

  #state(state: PlayerState): void {
    const message = "message" in state ? state.message : state.state === "loading" ? "Loading…" : "";
    this.#root.dataset["status"] = state.state;
    this.#veil.textContent = state.state === "lost" ? `${message}. Nothing is lost: it goes on by itself.` : message;
    this.#veil.classList.remove("hp-late");
    if (state.state === "loading") setTimeout(() => this.#veil.classList.add("hp-late"), LATE_MS);
    this.#reporter.report("status", state.state);
    this.#reporter.report("error", "message" in state ? state.message : "");
  }

  #refresh(): void {
    const player = this.#screen.player;
    if (!player) return;
    this.#root.dataset["frame"] = String(player.frame);
    const { speed, muted } = this.#shared;
    this.#controls.update({ frame: player.frame, playing: player.playing, fps: player.fpsShown, speed, muted });
  }

  #hoverHeight(): number {
    const source = this.#show?.source;
    return source ? Math.round((HOVER_WIDTH * source.height) / source.width) : 90;
  }
}
