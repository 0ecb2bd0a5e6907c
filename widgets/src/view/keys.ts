/** Turns keys into actions by the table that the kernel sent. */

import type { Hotkey } from "../protocol.ts";

/** What a held key may repeat: moving, never deciding. */
const REPEATS = new Set(["back", "forward", "back10", "forward10"]);

/** The action of a key press; undefined where the key is nobody's, or a text field has it. */
export function actionOf(event: KeyboardEvent, table: readonly Hotkey[]): string | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || isText(event.target)) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = table.find((one) => one.key === key && one.shift === event.shiftKey);
  if (found === undefined) return undefined;
  return event.repeat && !REPEATS.has(found.action) ? "" : found.action;
}

/** How a key is written for people. */
export function keyName(table: readonly Hotkey[], action: string): string {
  const found = table.find((one) => one.action === action);
  if (found === undefined) return "";
  const name = { " ": "Space", ArrowLeft: "←", ArrowRight: "→" }[found.key] ?? found.key.toUpperCase();
  return found.shift ? `Shift+${name}` : name;
}

/**
 * Calls `act` for keys of the table while `root` has the focus.
 *
 * JupyterLab 4.6 takes keys for itself unless the focused element carries the attribute *and* the event stops here.
 */
export function listen(root: HTMLElement, table: () => readonly Hotkey[], act: (action: string) => void): void {
  root.dataset["lmSuppressShortcuts"] = "true";
  root.addEventListener("keydown", (event) => {
    const action = actionOf(event, table());
    if (action === undefined) {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (action) act(action);
  });
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement ? target.type !== "range" : target instanceof HTMLTextAreaElement;
}
