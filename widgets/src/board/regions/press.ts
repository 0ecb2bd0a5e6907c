/** What can be pressed: by mouse without taking the keys away, and by Tab and Enter for what no key of the table does. */

import { element } from "../../view/element.ts";

/**
 * A button that Tab reaches. The mouse does not move the focus, so that the keys of the board go on working after a click; Enter and
 * Space on it are its own and never reach the board.
 */
export function press(label: string, content: Node | string, pressed: () => void, attributes = {}): HTMLButtonElement {
  const made = element("button", { type: "button", class: "hb-press", "aria-label": label, title: label, ...attributes }, content);
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", pressed);
  keepKeys(made, ["Enter", " "]);
  return made;
}

/** These keys stay with the element; without a list all of them do. */
export function keepKeys(made: HTMLElement, keys?: readonly string[]): void {
  made.addEventListener("keydown", (event) => {
    if (keys === undefined || keys.includes(event.key)) event.stopPropagation();
  });
}

/** Replaces the text only where it is another: a screen reader and a selection stay undisturbed. */
export function write(made: HTMLElement, text: string, title?: string): void {
  if (made.textContent !== text) made.textContent = text;
  if (title !== undefined && made.title !== title) made.title = title;
}
