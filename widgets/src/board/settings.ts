/** The reviewer's preferences: kept by the kernel, in force at once. */

import type { Desk } from "./desk.ts";
import { clashes, tableOf, written } from "./keyTable.ts";
import type { BoardKey, Begun, Preferences } from "./protocol.ts";

export class Settings {
  readonly #desk: Desk;
  readonly #save: (preferences: Preferences) => void;
  #presets: Readonly<Record<string, readonly BoardKey[]>> = {};

  constructor(desk: Desk, save: (preferences: Preferences) => void) {
    this.#desk = desk;
    this.#save = save;
  }

  begun({ preferences, presets }: Begun): void {
    this.#presets = presets;
    const { store } = this.#desk;
    store.patch({ presets: Object.keys(presets) });
    this.#set(preferences, tableOf(presets, preferences));
    if (preferences.fast === null) store.patch({ dialog: { kind: "fast" } });
  }

  /** Change some. Keys that clash are refused, and the dialog says which. */
  prefer(change: Partial<Preferences>): void {
    const { store } = this.#desk;
    const { state } = store;
    const preferences = { ...state.preferences, ...change };
    const keys = tableOf(this.#presets, preferences);
    const [clash] = "keys" in change || "preset" in change ? clashes(keys) : [];
    if (clash) return store.patch({ dialog: { kind: "remap", clash: clashing(clash) } });
    if (state.dialog?.kind === "remap") store.patch({ dialog: { kind: "remap", clash: "" } });
    this.#set(preferences, keys);
    this.#save(preferences);
  }

  #set(preferences: Preferences, keys: readonly BoardKey[]): void {
    const { store, player, keyboard } = this.#desk;
    if (preferences.fast !== store.state.preferences.fast) keyboard.disarm();
    store.patch({ preferences, keys });
    player.setSpeed(preferences.speed);
    player.setMuted(preferences.muted);
  }
}

function clashing([one, other]: readonly [BoardKey, BoardKey]): string {
  return `${written(one).toUpperCase()} can't be both “${one.about}” and “${other.about}”. Give one of them another key first.`;
}
