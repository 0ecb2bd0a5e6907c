/** What keeps a decision from being carried out; the sentences are those of `heaters/domain/refusals.py`. */

import type { Clips } from "./clips.ts";
import type { ClipRow } from "./protocol.ts";

/** The kernel would refuse this decision; the message is for the reviewer. */
export class Refusal extends Error {}

export function refuseExporting(clips: Clips): void {
  for (const { ref, state } of clips) {
    if (state !== "exporting") continue;
    throw new Refusal(
      `clip ${ref} is exporting: wait until the export has ended; \`heaters export\` ends one that was killed`,
    );
  }
}

/** Keep decisions from exporting and exported clips, and from archived ones if `archived`; `chosen` are those that were named. */
export function refuseFrozen(clips: Clips, verb: string, archived: boolean, chosen: Clips = []): void {
  refuseExporting(clips);
  for (const clip of clips) {
    if (clip.state !== "exported" && !(archived && clip.state === "archived")) continue;
    const partner = chosen.length && !chosen.includes(clip) ? partnerOf(clip, chosen) : undefined;
    const aside = partner ? `, or ungroup ${partner.ref}, which is in one group with it` : "";
    throw new Refusal(`clip ${clip.ref} is ${clip.state}: reset it first to ${verb} it${aside}`);
  }
}

/** The frame, where `low < frame < high`. */
export function neededFrame(frame: number | null, low: number, high: number, what: string): number {
  if (high - low < 2) throw new Refusal(`${what} has only frame ${low}: there is nothing to part`);
  if (frame !== null && low < frame && frame < high) return frame;
  throw new Refusal(`frame ${frame} is outside ${what}: it must be from ${low + 1} to ${high - 1}`);
}

function partnerOf(clip: ClipRow, chosen: Clips): ClipRow | undefined {
  return clip.group_id === null ? undefined : chosen.find((one) => one.group_id === clip.group_id);
}
