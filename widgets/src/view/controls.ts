/** The line and the bar under the picture: where one is, how fast, and what plays. */

import type { Hotkey, Show } from "../protocol.ts";
import { timecode } from "../timecode.ts";
import { button, element } from "./element.ts";
import { icon, type IconName } from "./icons.ts";
import { keyName } from "./keys.ts";

export interface Shown {
  frame: number;
  playing: boolean;
  speed: number;
  muted: boolean;
  fps: number;
}

export class Controls {
  readonly element: HTMLElement;
  readonly line: HTMLInputElement;
  readonly #name = element("span", { class: "hp-name" });
  readonly #facts = element("span", { class: "hp-facts" });
  readonly #kind = element("span", { class: "hp-kind" });
  readonly #play: HTMLButtonElement;
  readonly #mute: HTMLButtonElement;
  readonly #speed: HTMLButtonElement;
  #show: Show | null = null;

  constructor(hotkeys: readonly Hotkey[], act: (action: string) => void, scrub: (frame: number) => void) {
    const key = (action: string) => keyName(hotkeys, action);
    this.line = element("input", { type: "range", min: 0, max: 0, value: 0, step: 1, tabindex: -1, "aria-label": "frame" });
    this.line.addEventListener("input", () => scrub(Number(this.line.value)));
    this.#play = button("play or pause", key("toggle"), icon("play"), () => act("toggle"));
    this.#mute = button("sound on or off", key("mute"), icon("sound"), () => act("mute"));
    this.#speed = button("next speed", key("faster"), "1×", () => act("nextSpeed"));
    const bar = element(
      "div",
      { class: "hp-bar" },
      button("one frame back", key("back"), icon("back"), () => act("back")),
      this.#play,
      button("one frame on", key("forward"), icon("forward"), () => act("forward")),
      this.#name,
      this.#facts,
      this.#speed,
      this.#mute,
      this.#kind,
    );
    this.element = element("div", {}, element("div", { class: "hp-line" }, this.line), bar);
  }

  /** `[start, end)` that the line covers. */
  range(): { start: number; end: number } {
    const { clip, source } = this.#show ?? {};
    return { start: clip?.start_frame ?? 0, end: clip?.end_frame ?? source?.frames ?? 1 };
  }

  film(show: Show): void {
    this.#show = show;
    const { start, end } = this.range();
    this.line.min = String(start);
    this.line.max = String(end - 1);
    const ref = show.clip ? `${show.clip.ref} ` : "";
    this.#name.textContent = ref + show.source.title;
    this.#name.title = show.source.title + (show.clip ? `, clip ${show.clip.ref}, ${show.clip.state}` : "");
    this.#mute.hidden = !show.source.audio;
  }

  kind(text: string, why: string): void {
    this.#kind.textContent = text;
    this.#kind.title = why;
  }

  update(shown: Shown): void {
    const show = this.#show;
    if (!show) return;
    const { start, end } = this.range();
    this.line.value = String(shown.frame);
    this.line.setAttribute("aria-valuetext", `frame ${shown.frame} of the source`);
    const place = shown.frame >= start && shown.frame < end ? `${shown.frame - start + 1} / ${end - start}` : "outside the clip";
    const bold = element("b", {}, place);
    const rate = shown.playing ? ` · ${shown.fps.toFixed(0)} fps` : "";
    this.#facts.replaceChildren(bold, ` · frame ${shown.frame} · ${timecode(Math.max(0, shown.frame), show.source.fps)}${rate}`);
    this.#draw(this.#play, shown.playing ? "pause" : "play");
    this.#draw(this.#mute, shown.muted ? "muted" : "sound");
    this.#speed.textContent = `${shown.speed}×`;
  }

  #draw(button: HTMLButtonElement, name: IconName): void {
    if (button.dataset["icon"] === name) return;
    button.dataset["icon"] = name;
    button.replaceChildren(icon(name));
  }
}
