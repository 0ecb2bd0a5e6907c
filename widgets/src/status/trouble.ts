/** What an operator has to look at, worst first. Pure. */

import type { Failure, Status } from "./protocol.ts";
import { count, plural, span } from "./words.ts";

/** In the order of how bad it is; each has a glyph too, so that no colour stands alone. */
export type Tone = "bad" | "warn" | "ok" | "plain";

export type PanelName =
  | "runs" | "failures" | "stuck" | "disk" | "review" | "sources" | "leases" | "reviewers" | "stages";

export interface Trouble {
  panel: PanelName;
  tone: "bad" | "warn";
  text: string;
}

/** Seconds after which a run that has not come is missed: half of what usually lies between two. */
export function overdue(status: Status): number | null {
  const { sources, every_seconds: every, expected_at: at } = status.next_run;
  if (status.run !== null || sources === 0 || every === null || at === null) return null;
  const late = (Date.parse(status.at) - Date.parse(at)) / 1000;
  return late > every / 2 ? late : null;
}

/** Sources of a cause that are not parked: runs go on trying them. */
export function unparked(failure: Failure): number[] {
  return failure.source_ids.filter((id) => !failure.parked_ids.includes(id));
}

export function troubles(status: Status): Trouble[] {
  const found: (Trouble | false)[] = [
    status.last_run?.state === "died" && status.run === null && { panel: "runs", tone: "bad", text: "the last run died" },
    !status.disk.fits && { panel: "disk", tone: "bad", text: "pending work does not fit on the disk" },
    ...failing(status.failures),
    late(status),
    status.stuck.length > 0 && { panel: "stuck", tone: "warn", text: `${count(status.stuck.length)} stuck` },
  ];
  return found.filter((one) => one !== false).sort((one, other) => rank(one) - rank(other));
}

/** All of it in a few words, for when there is no trouble. */
export function summary({ sources, clips, backlog }: Status): string {
  const all = Object.values(sources).reduce((sum, one) => sum + one, 0);
  const made = Object.values(clips).reduce((sum, one) => sum + one, 0);
  return `${plural(all, "source")}, ${count(sources["ready"] ?? 0)} ready · ${plural(made, "clip")}, ${count(backlog.pending)} to review`;
}

function failing(failures: readonly Failure[]): Trouble[] {
  const failed = new Set(failures.flatMap(unparked));
  const parked = new Set(failures.flatMap((one) => one.parked_ids));
  const causes = plural(failures.length, "cause");
  return [
    ...(failed.size ? [{ panel: "failures", tone: "bad", text: `${plural(failed.size, "source")} failed (${causes})` } as const] : []),
    ...(parked.size ? [{ panel: "failures", tone: "warn", text: `${count(parked.size)} parked` } as const] : []),
  ];
}

function late(status: Status): Trouble | false {
  const seconds = overdue(status);
  return seconds !== null && { panel: "runs", tone: "warn", text: `no run for ${span(seconds + (status.next_run.every_seconds ?? 0))}` };
}

function rank(trouble: Trouble): number {
  return trouble.tone === "bad" ? 0 : 1;
}
