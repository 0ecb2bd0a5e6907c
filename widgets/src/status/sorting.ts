/** The order of the sources table. Pure. */

import type { SourceLine } from "./protocol.ts";

export const HEADS = [
  ["id", "source"], ["title", "title"], ["state", "state"], ["duration", "length"], ["pending", "clips"], ["error", "last error"],
] as const;

export type SortKey = (typeof HEADS)[number][0];

type Value = number | string;

const VALUES: Record<SortKey, (line: SourceLine) => Value> = {
  id: (line) => line.id,
  title: (line) => line.title.toLowerCase(),
  state: (line) => line.state,
  duration: (line) => line.duration ?? -1,
  pending: (line) => line.clips["pending"] ?? 0,
  error: (line) => line.error ?? "",
};

/** By that column; equal ones by number, newest first. What is empty comes last in both directions. */
export function sorted(lines: readonly SourceLine[], key: SortKey, down: boolean): SourceLine[] {
  const value = VALUES[key];
  const keyed = lines.map((line) => ({ line, value: value(line) }));
  keyed.sort((one, other) => {
    const empty = Number(one.value === "") - Number(other.value === "");
    return empty || (down ? -1 : 1) * compare(one.value, other.value) || other.line.id - one.line.id;
  });
  return keyed.map(({ line }) => line);
}

function compare(one: Value, other: Value): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
