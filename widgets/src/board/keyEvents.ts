/** Listens to the browser's keys for the board. Text fields keep theirs. */

import type { Press } from "./keyboard.ts";

export interface KeyListener {
  /** True where the key is the board's. */
  down(press: Press): boolean;
  up(press: Press): void;
  /** The focus has gone: nothing that is held counts any more. */
  left(): void;
}

/**
 * Hear keys while the focus is inside of `root`; ends when what is returned is called.
 *
 * JupyterLab 4.6 takes keys for itself unless the focused element carries the attribute *and* the event stops here.
 */
export function listenKeys(root: HTMLElement, listener: KeyListener): () => void {
  const closed = new AbortController();
  const { signal } = closed;
  root.dataset["lmSuppressShortcuts"] = "true";
  root.addEventListener("keydown", (event) => {
    if (isText(event) || event.isComposing) return event.stopPropagation();
    const press = pressOf(event);
    if (listener.down(press)) event.preventDefault();
    else if (press.ctrl || press.alt) return;
    event.stopPropagation();
  }, { signal });
  // A key that went down here may come up anywhere.
  window.addEventListener("keyup", (event) => listener.up(pressOf(event)), { signal, capture: true });
  root.addEventListener("focusout", () => listener.left(), { signal });
  window.addEventListener("blur", () => listener.left(), { signal });
  document.addEventListener("visibilitychange", () => document.hidden && listener.left(), { signal });
  return () => closed.abort();
}

function pressOf(event: KeyboardEvent): Press {
  // AltGr, with which some keyboards write symbols, comes as Ctrl and Alt.
  const altGraph = event.getModifierState("AltGraph");
  return {
    key: event.key, code: event.code, shift: event.shiftKey, ctrl: (event.ctrlKey || event.metaKey) && !altGraph,
    alt: event.altKey && !altGraph, repeat: event.repeat, at: event.timeStamp,
  };
}

function isText(event: Event): boolean {
  const [target] = event.composedPath();
  if (target instanceof HTMLInputElement) return !["range", "checkbox", "radio", "button"].includes(target.type);
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLElement && target.isContentEditable;
}
