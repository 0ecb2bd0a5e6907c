/** The line under the picture: a line to scrub on, which frame this is, where the clip begins and ends, speed and sound. */

import type { Ratio } from "../../protocol.ts";
import { timecode } from "../../timecode.ts";
import { button, element } from "../../view/element.ts";
import { icon } from "../../view/icons.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { write } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { keyOf, lasting } from "./words.ts";

export class Facts implements Region {
  readonly element: HTMLElement;
  readonly #line = element("input", { type: "range", min: 0, max: 0, value: 0, step: 1, tabindex: -1, "aria-label": "Frame of the clip", class: "hb-line" });
  readonly #play: HTMLButtonElement;
  readonly #speed: HTMLButtonElement;
  readonly #sound: HTMLButtonElement;
  readonly #place = element("b", { class: "hb-frame" });
  readonly #frame = element("span");
  readonly #timecode = element("span");
  readonly #cuts = element("span", { class: "hb-inout" });
  readonly #drawn = { clip: new Changes(), frame: new Changes(), player: new Changes() };

  constructor({ acts, focus }: Surroundings) {
    this.#line.addEventListener("input", () => acts.seek(Number(this.#line.value)));
    this.#line.addEventListener("change", focus);
    this.#play = button("play or pause", "", icon("play"), () => acts.act("toggle"));
    this.#speed = button("faster", "", "1×", () => acts.act("faster"));
    this.#sound = button("sound on or off", "", icon("sound"), () => acts.act("mute"));
    for (const made of [this.#play, this.#speed, this.#sound]) made.classList.add("hb-press");
    const [source, code] = [label("source frame", this.#frame), label("at", this.#timecode)];
    const texts = element("div", { class: "hb-texts" }, label("frame", this.#place), source, code, this.#cuts);
    this.element = element("div", { class: "hb-facts" }, this.#line, element("div", { class: "hb-bar" }, this.#play, texts, this.#speed, this.#sound));
  }

  update(state: BoardState): void {
    const { source, current, frame, playing, preferences, keys } = state;
    if (this.#drawn.clip.some(source, current?.start_frame, current?.end_frame)) this.#drawClip(state);
    if (this.#drawn.frame.some(source, frame, current)) this.#drawFrame(state);
    if (this.#drawn.player.some(playing, preferences.speed, preferences.muted, source?.audio, keys)) this.#drawPlayer(state);
  }

  #drawClip({ source, current }: BoardState): void {
    this.element.toggleAttribute("inert", current === null);
    if (!source || !current) return write(this.#cuts, "");
    const [first, last] = [current.start_frame, current.end_frame - 1];
    this.#line.min = String(first);
    this.#line.max = String(last);
    write(this.#cuts, `in ${first} · out ${last} · ${lasting(last - first + 1, source.fps)}`, inAndOut(first, last, source.fps));
  }

  #drawFrame({ source, current, frame }: BoardState): void {
    if (!source || !current || frame < 0) {
      for (const made of [this.#place, this.#frame, this.#timecode]) write(made, "–");
      return;
    }
    const length = current.end_frame - current.start_frame;
    const inside = frame >= current.start_frame && frame < current.end_frame;
    write(this.#place, inside ? `${frame - current.start_frame + 1}/${length}` : "outside");
    write(this.#frame, String(frame));
    write(this.#timecode, timecode(frame, source.fps));
    this.#line.value = String(frame);
    this.#line.setAttribute("aria-valuetext", `frame ${frame - current.start_frame + 1} of ${length}`);
    const done = length > 1 ? (frame - current.start_frame) / (length - 1) : 1;
    this.#line.style.setProperty("--done", `${Math.min(1, Math.max(0, done)) * 100}%`);
  }

  #drawPlayer({ playing, preferences, source, keys }: BoardState): void {
    const { speed, muted } = preferences;
    this.#play.replaceChildren(icon(playing ? "pause" : "play"));
    this.#play.title = `${playing ? "Pause" : "Play"} (${keyOf(keys, "toggle")})`;
    write(this.#speed, `${speed}×`, `Speed: ${keyOf(keys, "slower")} slower, ${keyOf(keys, "faster")} faster`);
    this.#sound.hidden = source?.audio !== true;
    this.#sound.replaceChildren(icon(muted ? "muted" : "sound"), muted ? "muted" : "sound");
    this.#sound.title = `Sound on or off (${keyOf(keys, "mute")})`;
  }
}

function label(name: string, value: HTMLElement): HTMLElement {
  return element("span", {}, element("small", {}, `${name} `), value);
}

function inAndOut(first: number, last: number, fps: Ratio): string {
  return `First frame ${first} at ${timecode(first, fps)}, last frame ${last} at ${timecode(last, fps)}`;
}
