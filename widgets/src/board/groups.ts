/** Groups: clips that are judged together, named after their lowest id. The twin of `heaters/domain/groups.py`. */

import type { Clips } from "./clips.ts";
import type { ClipRow } from "./protocol.ts";

/** The chosen clips and all members of their groups, in the order of `clips`. */
export function membersOf(clips: Clips, chosen: Clips): ClipRow[] {
  const ids = new Set(chosen.map((clip) => clip.id));
  const groups = new Set(chosen.map((clip) => clip.group_id));
  return clips.filter((clip) => ids.has(clip.id) || (clip.group_id !== null && groups.has(clip.group_id)));
}

/** Lowest id; temporary ones (below 0) are younger than all others. */
export function oldest(ids: readonly number[]): number {
  return ids.reduce((low, id) => (age(id) < age(low) ? id : low));
}

/**
 * Name the groups whose members change after their lowest member, and dissolve those with one member left.
 *
 * `rows` are new and changed clips, `gone` those that end; `others` of the result are the other members of these groups.
 */
export function settle(clips: Clips, rows: Clips, gone: Clips): { rows: ClipRow[]; others: ClipRow[] } {
  const drafted = new Set([...rows, ...gone].map((clip) => clip.id));
  const old = new Map(clips.filter((clip) => drafted.has(clip.id)).map((clip) => [clip.id, clip.group_id]));
  const touched = new Set(gone.map((clip) => clip.group_id));
  for (const row of rows) {
    const was = old.get(row.id) ?? null;
    if (was !== row.group_id) touched.add(was).add(row.group_id);
  }
  touched.delete(null);
  if (touched.size === 0) return { rows: [...rows], others: [] };
  const others = clips.filter((clip) => touched.has(clip.group_id) && !drafted.has(clip.id));
  const members = new Map<number | null, number[]>();
  for (const { id, group_id } of [...rows, ...others]) {
    if (touched.has(group_id)) members.set(group_id, [...(members.get(group_id) ?? []), id]);
  }
  const named = (row: ClipRow): ClipRow => {
    const ids = members.get(row.group_id);
    return ids ? { ...row, group_id: ids.length > 1 ? oldest(ids) : null } : row;
  };
  return { rows: rows.map(named), others: others.map(named) };
}

function age(id: number): number {
  return id < 0 ? 2 ** 40 - id : id;
}
