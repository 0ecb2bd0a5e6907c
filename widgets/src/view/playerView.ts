/** One view of a `ReviewPlayer`: picture, line, bar, keys, and what is wrong when something is. */

import { KernelLine } from "../bytes/kernelLine.ts";
import type { FrameRange, PlayerState } from "../player/player.ts";
import { Screen } from "../player/screen.ts";
import type { FromKernel, Show } from "../protocol.ts";
import { Controls, FASTEST, faster, SLOWEST, slower } from "./controls.ts";
import { element } from "./element.ts";
import { Hover, HOVER_WIDTH } from "./hover.ts";
import { listen } from "./keys.ts";
import { Reporter, type Model, type Traits } from "./model.ts";

const LATE_MS = 300;
const NO_KERNEL_MS = 8_000;
const NO_KERNEL = "The kernel that knows this clip does not answer. Run the cell again.";

/** Of several views of one model, only the first one is heard. */
const heard = new WeakMap<Model, PlayerView>();

export class PlayerView {
  readonly #model: Model;
  readonly #root: HTMLElement;
  readonly #veil = element("p", { class: "hp-veil", role: "status", "aria-live": "polite" });
  readonly #offer = element("button", { type: "button", class: "hp-offer", tabindex: -1, hidden: true }, "🔈 click for sound");
  readonly #controls: Controls;
  readonly #hover: Hover;
  readonly #screen: Screen;
  readonly #line: KernelLine;
  readonly #reporter: Reporter;
  readonly #off: (() => void)[] = [];
  readonly #ticker: ReturnType<typeof setInterval>;
  #timer: ReturnType<typeof setTimeout>;
  #show: Show | null = null;
  /** The frame that was asked for last; -1 while playing. */
  #wanted = -1;

  constructor(host: HTMLElement, model: Model, baseUrl: string) {
    this.#model = model;
    this.#reporter = new Reporter(model);
    if (!heard.has(model)) heard.set(model, this);
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
    this.#hear();
    this.#state({ state: "loading" });
    this.#ticker = setInterval(() => this.#tick(), 250);
    this.#timer = setTimeout(() => this.#state({ state: "failed", message: NO_KERNEL }), NO_KERNEL_MS);
    model.send({ kind: "hello" });
  }

  dispose(): void {
    this.#off.forEach((off) => off());
    clearInterval(this.#ticker);
    clearTimeout(this.#timer);
    this.#reporter.flush();
    if (heard.get(this.#model) === this) heard.delete(this.#model);
    this.#hover.hide();
    this.#screen.dispose();
    this.#line.dispose();
    this.#root.remove();
  }

  /** Paint a frame of the source; playing goes on from there. */
  seek(frame: number): void {
    const player = this.#screen.player;
    if (!player || !this.#show) return;
    const target = Math.min(Math.max(0, frame), this.#show.source.frames - 1);
    this.#wanted = target;
    if (player.playing) this.#play(target);
    else void player.seek(target);
  }

  act(action: string): void {
    const { start, end } = this.#controls.range();
    this.#root.focus({ preventScroll: true });
    const acts: Record<string, () => void> = {
      toggle: () => this.#set("playing", !this.#model.get("playing")),
      pause: () => this.#set("playing", false),
      back: () => this.#step(-1),
      forward: () => this.#step(1),
      back10: () => this.#step(-10),
      forward10: () => this.#step(10),
      first: () => this.seek(start),
      last: () => this.seek(end - 1),
      slower: () => this.#set("speed", slower(this.#model.get("speed"))),
      faster: () => this.#set("speed", faster(this.#model.get("speed")) ?? FASTEST),
      nextSpeed: () => this.#set("speed", faster(this.#model.get("speed")) ?? SLOWEST),
      mute: () => this.#set("muted", !this.#model.get("muted")),
    };
    acts[action]?.();
  }

  #step(by: number): void {
    const { start, end } = this.#controls.range();
    const from = this.#wanted >= 0 ? this.#wanted : (this.#screen.player?.frame ?? start);
    this.#set("playing", false);
    this.seek(Math.min(Math.max(from + by, start), end - 1));
  }

  #set<K extends "playing" | "speed" | "muted">(name: K, value: Traits[K]): void {
    this.#model.set(name, value);
    this.#model.save_changes();
  }

  #hear(): void {
    const listenTo = (event: "frame" | "playing" | "speed" | "muted", act: () => void) => {
      this.#model.on(`change:${event}`, act);
      this.#off.push(() => this.#model.off(`change:${event}`, act));
    };
    listenTo("frame", () => this.#frameChanged());
    listenTo("playing", () => this.#playingChanged());
    listenTo("speed", () => this.#playingChanged());
    listenTo("muted", () => this.#mutedChanged());
    const message = (content: FromKernel, buffers: DataView[]) => {
      if (content.kind !== "show") this.#line.receive(content, buffers);
      else void this.#showClip(content, buffers);
    };
    this.#model.on("msg:custom", message);
    this.#off.push(() => this.#model.off("msg:custom", message));
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
    await this.#screen.show(show, avcc, rows);
    if (this.#show !== show) return;
    this.#mutedChanged();
    if (this.#model.get("playing")) this.#play(show.frame);
  }

  #play(from: number): void {
    const range: FrameRange = this.#controls.range();
    const inside = from >= range.start && from < range.end ? from : range.start;
    this.#wanted = -1;
    this.#screen.player?.play(range, this.#model.get("speed"), inside);
  }

  #frameChanged(): void {
    const frame = this.#model.get("frame");
    if (frame !== this.#screen.player?.frame && frame !== this.#wanted) this.seek(frame);
  }

  #playingChanged(): void {
    const player = this.#screen.player;
    if (!player) return;
    if (this.#model.get("playing")) this.#play(player.frame);
    else if (player.playing) {
      player.pause();
      this.#wanted = player.frame;
      this.#report(player.frame);
      this.#reporter.flush();
    }
    this.#refresh();
  }

  #mutedChanged(): void {
    this.#screen.player?.setMuted(this.#model.get("muted") || heard.get(this.#model) !== this);
    this.#refresh();
  }

  #takeOffer(): void {
    this.#offer.hidden = true;
    this.#set("muted", false);
    this.#mutedChanged();
    this.#playingChanged();
  }

  #painted(frame: number): void {
    this.#report(frame);
    this.#refresh();
  }

  #report(frame: number): void {
    if (!this.#screen.player?.playing) this.#reporter.report("frame", frame);
  }

  /** While playing Python hears four times a second where it is. */
  #tick(): void {
    const player = this.#screen.player;
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
    const traits = { speed: this.#model.get("speed"), muted: this.#model.get("muted") };
    this.#controls.update({ frame: player.frame, playing: player.playing, fps: player.fpsShown, ...traits });
  }

  #hoverHeight(): number {
    const source = this.#show?.source;
    return source ? Math.round((HOVER_WIDTH * source.height) / source.width) : 90;
  }
}
