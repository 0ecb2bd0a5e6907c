/** The table of keys in force: the preset that a reviewer chose with the changes made to it. Pure. */

import type { BoardKey, Mode, Preferences } from "./protocol.ts";

/** A key as it was pressed, however it is spelled on this keyboard. */
export interface Chord {
  /** `KeyboardEvent.key`. */
  key: string;
  /** `KeyboardEvent.code`; names the letter where the layout has no Latin ones. */
  code: string;
  shift: boolean;
  ctrl: boolean;
  alt: boolean;
}

export function tableOf(presets: Readonly<Record<string, readonly BoardKey[]>>, wanted: Preferences): BoardKey[] {
  const preset = presets[wanted.preset] ?? Object.values(presets)[0] ?? [];
  return preset.map((row) => {
    const own = wanted.keys[row.action];
    return own === undefined ? row : { ...row, ...read(own) };
  });
}

/** As people and preferences write a key: `Ctrl+Shift+z`. */
export function written({ key, shift, ctrl }: Pick<BoardKey, "key" | "shift" | "ctrl">): string {
  return `${ctrl ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${key}`;
}

export function read(text: string): Pick<BoardKey, "key" | "shift" | "ctrl"> {
  const [, held = "", key = ""] = /^((?:(?:Ctrl|Shift)\+)*)(.+)$/s.exec(text) ?? [];
  return { key: key.length === 1 ? key.toLowerCase() : key, shift: held.includes("Shift"), ctrl: held.includes("Ctrl") };
}

/** Pairs of different actions that one key would start in one mode. */
export function clashes(table: readonly BoardKey[]): [BoardKey, BoardKey][] {
  return table.flatMap((one, place) =>
    table.slice(place + 1).flatMap((other): [BoardKey, BoardKey][] => {
      const meet = one.modes.length === 0 || other.modes.length === 0 || one.modes.some((mode) => other.modes.includes(mode));
      return meet && one.action !== other.action && written(one) === written(other) ? [[one, other]] : [];
    }),
  );
}

/** The row that a key starts in a mode. */
export function find(table: readonly BoardKey[], chord: Chord, mode: Mode): BoardKey | undefined {
  if (chord.alt) return undefined;
  const key = spelled(chord);
  const rows = table.filter(
    (row) => row.key === key && row.ctrl === chord.ctrl && (row.modes.length === 0 || row.modes.includes(mode)),
  );
  const exact = rows.filter((row) => row.shift === chord.shift);
  // Which symbols need Shift is up to the keyboard.
  const fitting = exact.length === 0 && isSymbol(key) ? rows : exact;
  return fitting.find((row) => row.modes.length > 0) ?? fitting[0];
}

function spelled({ key, code }: Chord): string {
  if (key.length !== 1) return key;
  const latin = /^Key([A-Z])$/.exec(code)?.[1];
  return (latin !== undefined && !/^[\x20-\x7e]$/.test(key) ? latin : key).toLowerCase();
}

function isSymbol(key: string): boolean {
  return key.length === 1 && !/[\p{L} ]/u.test(key);
}
