/** The review board in the page: its regions, and how they are put together. */

import { element } from "../view/element.ts";
import boardStyle from "./board.css";
import dialogsStyle from "./regions/dialogs.css";
import linesStyle from "./regions/lines.css";
import sideStyle from "./regions/side.css";
import stageStyle from "./regions/stage.css";
import { CutCheck } from "./regions/cutCheck.ts";
import { Dialogs } from "./regions/dialogs.ts";
import { Facts } from "./regions/facts.ts";
import { Filmstrip } from "./regions/filmstrip.ts";
import { Header } from "./regions/header.ts";
import { History } from "./regions/history.ts";
import { KeysBar } from "./regions/keysBar.ts";
import type { Pictures, Region, Surroundings } from "./regions/region.ts";
import { Stage } from "./regions/stage.ts";
import { Timeline } from "./regions/timeline.ts";
import { Wording, type WordField } from "./regions/wording.ts";
import type { BoardActs, BoardState } from "./state.ts";

/** Of the document or shadow root that holds a board; its first rule names `.heaters-board`. */
export const boardCss = [boardStyle, stageStyle, sideStyle, linesStyle, dialogsStyle].join("\n");

export interface BoardParts {
  /** The player paints on it. */
  canvas: HTMLCanvasElement;
  acts: BoardActs;
  /** Small pictures of the source on show; another object for another source. */
  pictures: () => Pictures | null;
  /** The board is all of the page and fills it, as in the dashboard; otherwise it is as high as its width asks for. */
  page: boolean;
}

export class BoardView {
  /** Keys are heard on it: it has the focus unless a text field or a dialog has it. */
  readonly element: HTMLElement;
  readonly #regions: readonly Region[];
  readonly #wording: Wording;
  readonly #disposed: readonly { dispose(): void }[];
  #aspect = 0;

  constructor({ canvas, acts, pictures, page }: BoardParts) {
    const surroundings: Surroundings = { acts, pictures, focus: () => this.focus() };
    const [cuts, strip, timeline] = [new CutCheck(surroundings), new Filmstrip(surroundings), new Timeline(surroundings)];
    const [stage, facts, history] = [new Stage(canvas, surroundings), new Facts(surroundings), new History(surroundings)];
    const [header, keys, dialogs] = [new Header(surroundings), new KeysBar(surroundings), new Dialogs(surroundings, page)];
    this.#wording = new Wording(surroundings);
    this.#disposed = [cuts, strip, timeline];
    this.#regions = [header, stage, facts, cuts, this.#wording, history, timeline, strip, keys, dialogs];
    const side = element("div", { class: "hb-side" }, cuts.element, this.#wording.element, history.element);
    const parts = [header.element, stage.element, facts.element, side, timeline.element, strip.element, keys.element];
    const board = element("div", { class: "hb-board" }, ...parts);
    const about = { tabindex: 0, role: "application", "aria-label": "heaters review board" };
    this.element = element("div", { class: page ? "heaters-board hb-page" : "heaters-board", ...about }, board, dialogs.element);
    this.element.addEventListener("focus", () => dialogs.focus());
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.focus());
    board.addEventListener("mousedown", (event) => event.target instanceof HTMLElement && !event.target.matches("input, textarea, select") && this.focus());
  }

  update(state: BoardState): void {
    this.element.dataset["mode"] = state.mode;
    this.element.dataset["armed"] = state.armed ?? "";
    this.element.toggleAttribute("data-waiting", state.current !== null && !state.ready);
    this.element.dataset["shows"] = state.source === null ? "nothing" : state.current === null ? "source" : "clip";
    const aspect = state.source ? state.source.width / state.source.height : 16 / 9;
    if (aspect !== this.#aspect) this.#shape(aspect);
    for (const region of this.#regions) region.update(state);
  }

  #shape(aspect: number): void {
    this.#aspect = aspect;
    this.element.style.setProperty("--hb-aspect", aspect.toFixed(4));
    this.element.toggleAttribute("data-upright", aspect < 1);
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  /** Puts the cursor into a field of the clip; Enter or Escape gives the keys back to the board. */
  edit(field: WordField): void {
    this.#wording.edit(field);
  }

  dispose(): void {
    for (const region of this.#disposed) region.dispose();
    this.element.remove();
  }
}
