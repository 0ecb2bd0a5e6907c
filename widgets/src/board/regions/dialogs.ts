/** The window over the board: one at a time, and its keys never reach the board. */

import { element } from "../../view/element.ts";
import type { BoardState, Dialog } from "../state.ts";
import { GoTo } from "./goTo.ts";
import { Help } from "./help.ts";
import { bulk, fast, takeOver } from "./questions.ts";
import type { Region, Surroundings } from "./region.ts";
import { Remap } from "./remap.ts";

/** What stands in the window. */
export interface DialogBody extends Region {
  readonly title: string;
  /** Has the focus at first; else the window itself has it. */
  readonly first?: HTMLElement;
  /** Enter, where no button has the focus. */
  enter?(): void;
  /** A key that is the window's own; true when it was one. */
  key?(event: KeyboardEvent): boolean;
}

type Kind = NonNullable<Dialog>["kind"];

const BODIES: { [K in Kind]: (surroundings: Surroundings, dialog: Extract<Dialog, { kind: K }>, state: BoardState) => DialogBody } = {
  help: (surroundings) => new Help(surroundings),
  goto: (surroundings) => new GoTo(surroundings),
  remap: (surroundings) => new Remap(surroundings),
  fast: (surroundings, _, state) => fast(surroundings, state),
  bulk,
  "take-over": takeOver,
};

export class Dialogs implements Region {
  readonly element = element("dialog", { class: "hb-dialog", tabindex: -1 });
  readonly #surroundings: Surroundings;
  readonly #page: boolean;
  #shown: Dialog = null;
  #body: DialogBody | null = null;

  /** `page`: the board is all of the page. */
  constructor(surroundings: Surroundings, page: boolean) {
    this.#surroundings = surroundings;
    this.#page = page;
    this.element.addEventListener("keydown", (event) => this.#key(event));
    // Chromium closes a dialog at the second Escape, whatever the page says of the first.
    this.element.addEventListener("close", () => this.#shown !== null && !this.element.open && this.#surroundings.acts.answer("no"));
    this.element.addEventListener("mousedown", (event) => event.target === this.element && this.#outside(event));
  }

  update(state: BoardState): void {
    const { dialog } = state;
    if (dialog === null) this.#close();
    else if (this.#isOther(dialog)) this.#open(dialog, state);
    this.#shown = dialog;
    this.#body?.update(state);
  }

  /** A message that changes leaves the window as it is; another question is another window. */
  #isOther(dialog: NonNullable<Dialog>): boolean {
    if (this.#shown?.kind !== dialog.kind) return true;
    return dialog !== this.#shown && (dialog.kind === "bulk" || dialog.kind === "take-over");
  }

  #open(dialog: NonNullable<Dialog>, state: BoardState): void {
    const make = BODIES[dialog.kind] as (surroundings: Surroundings, dialog: Dialog, state: BoardState) => DialogBody;
    const body = make(this.#surroundings, dialog, state);
    this.#body = body;
    const title = element("h2", {}, body.title);
    this.element.setAttribute("aria-label", body.title);
    this.element.dataset["kind"] = dialog.kind;
    this.element.replaceChildren(title, body.element);
    // What nobody has asked for stays in its cell of a notebook, and leaves the focus to whoever types elsewhere.
    const unasked = dialog.kind === "fast" && !this.#page;
    if (unasked) this.element.open = true;
    else if (!this.element.open && this.element.isConnected) this.element.showModal();
    if (!unasked) (body.first ?? this.element).focus();
  }

  /** The board has got the focus: an open window takes it. */
  focus(): void {
    if (this.element.open) this.element.focus({ preventScroll: true });
  }

  #close(): void {
    this.#shown = null;
    this.#body = null;
    if (!this.element.open) return;
    this.element.close();
    this.#surroundings.focus();
  }

  #outside(event: MouseEvent): void {
    const box = this.element.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) this.#surroundings.acts.answer("no");
  }

  /** A key that is held down answers nothing: the Enter that opened the window is still on its way. */
  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.isComposing || this.#body?.key?.(event)) return;
    const onButton = event.target instanceof HTMLButtonElement || event.target instanceof HTMLSelectElement;
    if (event.key === "Escape") this.#surroundings.acts.answer("no");
    else if (event.key === "Enter" && !event.repeat && !onButton) this.#body?.enter?.();
    else if (event.key !== "Enter" || !event.repeat) return;
    event.preventDefault();
  }
}
