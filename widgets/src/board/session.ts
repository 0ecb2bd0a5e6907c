/** Who this tab is: the same after a reload, another one in a tab that was duplicated. */

import { claimName, type Claim } from "./claim.ts";

export type TabStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** What a session keeps over a reload. */
export type Kept = "place" | "outbox";

export interface Session {
  id: string;
  keep(what: Kept, value: unknown): void;
  /** Null where nothing was kept. */
  kept(what: Kept): unknown;
  /** Let another page have the name. */
  end(): void;
}

/** Boards of this page, by number. */
const slots = new Set<number>();

/** `storage` lives and dies with the tab, and is copied with it when somebody duplicates the tab. */
export async function openSession(storage: TabStorage, claim: Claim = claimName): Promise<Session> {
  let own = 0;
  while (slots.has(own)) own++;
  slots.add(own);
  const key = (what: Kept | "session") => `heaters-board-${own}-${what}`;
  const before = storage.getItem(key("session"));
  let release = before === null ? null : await claim(before);
  const id = before !== null && release !== null ? before : uuid();
  if (id !== before) {
    storage.removeItem(key("place"));
    storage.removeItem(key("outbox"));
    storage.setItem(key("session"), id);
    release = await claim(id);
  }
  return {
    id,
    keep: (what, value) => storage.setItem(key(what), JSON.stringify(value)),
    kept: (what) => JSON.parse(storage.getItem(key(what)) ?? "null") as unknown,
    end: () => {
      slots.delete(own);
      release?.();
    },
  };
}

/** The tab's own storage, or, where the page must not use it, one that a reload forgets. */
export function tabStorage(): TabStorage {
  try {
    return window.sessionStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

/** `crypto.randomUUID` is there in secure contexts only. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
