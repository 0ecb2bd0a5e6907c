/** The first lines: what this is, how old it is, and what has to be looked at. */

import { element } from "../view/element.ts";
import type { Words } from "./freshness.ts";
import { type Content, sign, withCommands } from "./panel.ts";
import type { PanelName, Trouble } from "./trouble.ts";

const TOAST_MS = 30_000;

interface Asks {
  refresh(): void;
  reload(): void;
  show(panel: PanelName): void;
  /** Address of the review page; null where there is none. */
  review: string | null;
}

export class Head {
  readonly element: HTMLElement;
  readonly #where = element("span", { class: "hs-where" });
  readonly #age = element("span", { class: "hs-age", "data-testid": "age" });
  readonly #alarm = element("div", { class: "hs-alarm", role: "alert", hidden: true });
  readonly #verdict = element("div", { class: "hs-verdict", role: "status", "aria-label": "Verdict" });
  readonly #toast = element("div", { class: "hs-toast", role: "status", hidden: true });
  readonly #asks: Asks;
  #fading: ReturnType<typeof setTimeout> | undefined;
  #alarmed: string | null = null;
  #judged = "";

  constructor(asks: Asks) {
    this.#asks = asks;
    const refresh = element("button", { type: "button", class: "hs-act", title: "Ask again now (r)" }, "Refresh");
    refresh.addEventListener("click", () => asks.refresh());
    const review = asks.review ? [element("a", { class: "hs-act hs-review-link", href: asks.review }, "Review page")] : [];
    const line = element(
      "header", { class: "hs-header" }, element("h1", {}, "Status"), this.#where, this.#age, refresh, ...review,
    );
    this.element = element("div", {}, line, this.#alarm, this.#verdict, this.#toast);
  }

  where(workspace: string): void {
    this.#where.textContent = workspace;
    this.#where.title = workspace;
  }

  fresh(words: Words): void {
    this.#age.textContent = words.age || (words.alarm ? "" : "asking the kernel…");
    this.#age.classList.toggle("hs-stale", words.stale);
    const same = (text: string | null) => text?.replaceAll(/\d+/g, "") ?? null;
    const changed = same(words.alarm) !== same(this.#alarmed);
    if (words.alarm === this.#alarmed) return;
    this.#alarmed = words.alarm;
    this.#alarm.hidden = words.alarm === null;
    if (changed) this.#alarm.replaceChildren(sign("bad"), " ", element("span", {}, ...this.#alarmText()), this.#reload());
    else this.#alarm.children[1]?.replaceChildren(...this.#alarmText());
  }

  #alarmText(): Content {
    return withCommands(this.#alarmed ?? "");
  }

  #reload(): HTMLButtonElement {
    const made = element("button", { type: "button", class: "hs-act" }, this.#asks.review ? "Reload" : "Ask again");
    made.addEventListener("click", () => (this.#asks.review ? this.#asks.reload() : this.#asks.refresh()));
    return made;
  }

  judge(troubles: readonly Trouble[], summary: string): void {
    const key = JSON.stringify([troubles, summary]);
    if (key === this.#judged) return;
    this.#judged = key;
    const worst = troubles[0]?.tone ?? "ok";
    this.#verdict.dataset["tone"] = worst;
    const well = element("b", {}, "All is well");
    const chips = troubles.map((one) => this.#chip(one));
    const words = element("span", { class: "hs-quiet" }, summary);
    this.#verdict.replaceChildren(...(chips.length ? chips : [sign("ok"), " ", well]), " ", words);
  }

  #chip({ panel, tone, text }: Trouble): HTMLButtonElement {
    const made = element("button", { type: "button", class: `hs-chip hs-${tone}`, title: "Show it" }, sign(tone), " ", text);
    made.addEventListener("click", () => this.#asks.show(panel));
    return made;
  }

  /** Says what was done, for a while, or why it was not. */
  say(text: string, tone: "ok" | "bad"): void {
    clearTimeout(this.#fading);
    if (tone === "ok") this.#fading = setTimeout(() => (this.#toast.hidden = true), TOAST_MS);
    this.#toast.hidden = false;
    this.#toast.dataset["tone"] = tone;
    this.#toast.replaceChildren(sign(tone), " ", ...withCommands(text));
  }
}
