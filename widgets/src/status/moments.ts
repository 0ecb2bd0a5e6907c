/** Times that go on being true: they are counted by the kernel's clock, which a browser's may differ from. */

import { element } from "../view/element.ts";
import { clock, span } from "./words.ts";

/** How long ago something was, kept up to date by `tick`; the whole date is in its title. */
export function ago(iso: string, words: (age: string) => string = (age) => `${age} ago`): HTMLTimeElement {
  const made = element("time", { datetime: iso, title: new Date(iso).toLocaleString("en-GB") });
  made.dataset["words"] = words("{}");
  return made;
}

/** A time of day, with its date where that is another one. */
export function at(iso: string): HTMLTimeElement {
  return element("time", { datetime: iso, title: new Date(iso).toLocaleString("en-GB") }, clock(iso, new Date()));
}

export class KernelClock {
  #at = 0;
  #heard = 0;

  set(iso: string): void {
    [this.#at, this.#heard] = [Date.parse(iso), performance.now()];
  }

  /** Seconds since the kernel told its time; null before it did. */
  get age(): number | null {
    return this.#at === 0 ? null : (performance.now() - this.#heard) / 1000;
  }

  /** Writes every `ago` below an element anew. */
  tick(root: HTMLElement): void {
    const now = this.#at + (performance.now() - this.#heard);
    for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-words]")) {
      const words = (time.dataset["words"] ?? "").replace("{}", span((now - Date.parse(time.dateTime)) / 1000));
      if (time.textContent !== words) time.textContent = words;
    }
  }
}
