/** What stands over everything: a lost connection, a clip that somebody else holds, sound that waits for a click. */

import { element } from "../../view/element.ts";
import type { Holder } from "../protocol.ts";
import type { BoardState } from "../state.ts";
import { Changes } from "./changes.ts";
import { glyph } from "./marks.ts";
import { press } from "./press.ts";
import type { Region, Surroundings } from "./region.ts";
import { idle, plural } from "./words.ts";

export class Banner implements Region {
  readonly element = element("div", { class: "hb-banners" });
  readonly #offline = element("p", { class: "hb-banner hb-bad", role: "alert", hidden: true });
  readonly #held = element("p", { class: "hb-banner hb-held", role: "status", hidden: true });
  readonly #sound: HTMLButtonElement;
  readonly #surroundings: Surroundings;
  readonly #drawn = { offline: new Changes(), held: new Changes() };

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#sound = press("The browser plays sound only after a click", "Click for sound", () => surroundings.acts.act("mute"), { class: "hb-press hb-offer", hidden: true });
    this.element.append(this.#offline, this.#held, this.#sound);
  }

  update(state: BoardState): void {
    const { offline, unsaved, current, others, soundBlocked } = state;
    if (this.#drawn.offline.some(offline, unsaved)) this.#drawOffline(offline, unsaved);
    const holder = current ? others.find((one) => one.clip_id === current.id) : undefined;
    if (this.#drawn.held.some(current?.id, holder?.reviewer, holder && idle(holder.idle_seconds))) this.#drawHeld(holder);
    this.#sound.hidden = !soundBlocked;
  }

  #drawOffline(offline: string | null, unsaved: number): void {
    this.#offline.hidden = offline === null;
    if (offline === null) return;
    const kept = unsaved > 0 ? `${plural(unsaved, "decision")} kept here, sent when it is back.` : "It goes on by itself.";
    this.#offline.replaceChildren(glyph("warning"), element("span", {}, element("b", {}, offline), ` Nothing is lost. ${kept}`));
  }

  #drawHeld(holder: Holder | undefined): void {
    this.#held.hidden = holder === undefined;
    if (holder === undefined) return;
    const text = element("span", {}, element("b", {}, `${holder.reviewer} holds this clip`), `, idle for ${idle(holder.idle_seconds)}. You may watch it.`);
    const take = press(`Take the clip over from ${holder.reviewer}`, "Take over…", () => this.#surroundings.acts.takeOver(holder.clip_id), { class: "hb-press hb-plain" });
    this.#held.replaceChildren(glyph("person"), text, take);
  }
}
