/** The word on the picture: the letter that Enter would commit, or the mode. */

import type { BoardState } from "../state.ts";
import { LETTERS, type Mark } from "./marks.ts";
import { keyOf, plural } from "./words.ts";

export interface Badge {
  mark: Mark;
  about: string;
}

const MODES: Record<"split" | "picker" | "range", Mark> = {
  split: { glyph: "split", word: "split", colour: "split" },
  picker: { glyph: "group", word: "pick siblings", colour: "grouped" },
  range: { glyph: "merge", word: "range", colour: "range" },
};

/** Null while just watching. */
export function badgeOf(state: BoardState): Badge | null {
  const { armed, mode, keys } = state;
  if (armed !== null) {
    const many = state.range ? ` for ${plural(state.range[1] - state.range[0] + 1, "clip")}` : "";
    const before = state.clips[state.place - 1]?.ref;
    const joined = (armed === "merge" || armed === "group") && before && !many ? `${before} + ${state.current?.ref ?? ""} · ` : "";
    return { mark: LETTERS[armed], about: `${joined}${keyOf(keys, "commit")} commits${many} · release disarms` };
  }
  if (mode === "watch") return null;
  const about = { split: splitting, picker: picking, range: ranging }[mode](state);
  return { mark: MODES[mode], about };
}

function splitting({ current, frame, keys }: BoardState): string {
  if (!current) return "";
  if (frame <= current.start_frame || frame >= current.end_frame) return "step to the first frame of the new clip";
  const [left, right] = [frame - current.start_frame, current.end_frame - frame];
  return `${keyOf(keys, "commit")} splits before this frame: ${left} + ${right} · ${keyOf(keys, "leave")} leaves`;
}

function picking({ picked, current, keys }: BoardState): string {
  const count = plural(picked.size, "clip");
  const [merge, group, leave] = [keyOf(keys, "merge"), keyOf(keys, "group"), keyOf(keys, "leave")];
  return `${count} picked with ${current?.ref ?? ""} · ${merge} merges · ${group} groups · ${leave} leaves`;
}

function ranging({ range, clips, keys }: BoardState): string {
  const [first, last] = [clips[range?.[0] ?? -1], clips[range?.[1] ?? -1]];
  if (!range || !first || !last) return "";
  return `${first.ref} to ${last.ref}, ${plural(range[1] - range[0] + 1, "clip")} · a letter asks, then decides all · ${keyOf(keys, "leave")} leaves`;
}
