/** The picture and what lies on it: the armed letter, split mode, what others hold, what is wrong, toasts. */

import { element } from "../../view/element.ts";
import type { BoardState } from "../state.ts";
import { badgeOf } from "./badge.ts";
import { Banner } from "./banner.ts";
import { Changes } from "./changes.ts";
import { coloured, glyph, STATES } from "./marks.ts";
import { Panel } from "./panel.ts";
import { write } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { Toasts } from "./toasts.ts";

export class Stage implements Region {
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #badge = element("div", { class: "hb-badge", hidden: true });
  readonly #decided = element("div", { class: "hb-decided", hidden: true });
  readonly #veil = element("p", { class: "hb-veil", role: "status" });
  readonly #parts: readonly Region[];
  readonly #drawn = { badge: new Changes(), clip: new Changes(), picture: new Changes() };

  constructor(canvas: HTMLCanvasElement, surroundings: Surroundings) {
    this.#canvas = canvas;
    canvas.classList.add("hb-picture");
    canvas.setAttribute("role", "img");
    canvas.addEventListener("click", () => surroundings.acts.act("toggle"));
    const [banner, toasts, panel] = [new Banner(surroundings), new Toasts(surroundings), new Panel(surroundings)];
    this.#parts = [banner, toasts, panel];
    const frame = element("div", { class: "hb-edge", "aria-hidden": true });
    this.element = element(
      "div", { class: "hb-stage" },
      canvas, frame, this.#decided, this.#badge, this.#veil, panel.element, banner.element, toasts.element,
    );
  }

  update(state: BoardState): void {
    for (const part of this.#parts) part.update(state);
    const { armed, mode, frame, range, picked, cursor, current, clips, picture } = state;
    const still = mode === "split" ? frame : 0;
    if (this.#drawn.badge.some(armed, mode, still, range, picked, cursor, current, clips)) this.#drawBadge(state);
    if (this.#drawn.clip.some(current)) this.#drawClip(state);
    if (this.#drawn.picture.some(picture.state, "message" in picture ? picture.message : "")) this.#drawPicture(state);
  }

  #drawBadge(state: BoardState): void {
    const badge = badgeOf(state);
    this.#badge.hidden = badge === null;
    this.element.dataset["edge"] = badge === null ? "none" : badge.mark.colour;
    if (badge === null) return;
    this.element.style.setProperty("--c", `var(--hb-${badge.mark.colour})`);
    this.#badge.replaceChildren(glyph(badge.mark.glyph), element("b", {}, badge.mark.word), element("span", {}, badge.about));
  }

  #drawClip({ current }: BoardState): void {
    const label = current ? `Picture of clip ${current.ref}. Press to play or pause` : "No picture";
    this.#canvas.setAttribute("aria-label", label);
    const mark = STATES[current?.state ?? "pending"];
    this.#decided.hidden = current === null || current.state === "pending";
    this.#decided.setAttribute("style", coloured(mark));
    const who = current?.reviewer ? ` by ${current.reviewer}` : "";
    this.#decided.replaceChildren(glyph(mark.glyph), `${mark.word}${who}`);
  }

  #drawPicture({ picture }: BoardState): void {
    this.#veil.dataset["picture"] = picture.state;
    const said = "message" in picture ? picture.message : picture.state === "loading" ? "Loading the picture…" : "";
    write(this.#veil, picture.state === "lost" ? `${said}. Nothing is lost: it goes on by itself.` : said);
  }
}
