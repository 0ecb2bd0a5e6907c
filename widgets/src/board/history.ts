/** The source's log as far as the page has heard of it, and the labels in use. Pure. */

import type { Clips } from "./clips.ts";
import type { EventRow } from "./protocol.ts";

const MOST = 200;

/** Both lists as one, newest first; what `news` says of an event holds. */
export function merged(known: readonly EventRow[], news: readonly EventRow[]): readonly EventRow[] {
  if (news.length === 0) return known;
  const bySeq = new Map([...known, ...news].map((event) => [event.seq, event]));
  return [...bySeq.values()].sort((one, other) => other.seq - one.seq).slice(0, MOST);
}

/** Labels that keys write: those known before keep their key, others come after them, the most used first. */
export function labelsOf(clips: Clips, known: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { label } of clips) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  const fresh = [...counts.keys()].filter((label) => !known.includes(label));
  if (fresh.length === 0) return known;
  fresh.sort((one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0) || (one < other ? -1 : 1));
  return [...known, ...fresh];
}
