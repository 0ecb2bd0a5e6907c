/** Stuck work, the disk, and how long the review will take. */

import { element } from "../view/element.ts";
import { ago, at } from "./moments.ts";
import { fact, facts, type Panel, paragraph, withCommands } from "./panel.ts";
import type { Backlog, Disk, Job } from "./protocol.ts";
import { named } from "./runs.ts";
import { bytes, count, plural, span } from "./words.ts";

export function drawStuck(panel: Panel, stuck: readonly Job[]): void {
  panel.show(stuck, stuck.length ? "warn" : "ok", stuck.length ? count(stuck.length) : "", () => {
    if (!stuck.length) return [paragraph("Nothing: all that is said to be at work has a living process.")];
    const items = stuck.map((job) => element("li", {}, ...named(job), " · since ", ago(job.since)));
    const way = paragraph("Its worker is gone. ", ...withCommands("The next `heaters run` (for clips: `heaters export`) takes it up again."));
    return [element("ul", { class: "hs-stuck-list" }, ...items), way];
  });
}

export function drawDisk(panel: Panel, disk: Disk): void {
  panel.show(disk, disk.fits ? "ok" : "bad", disk.fits ? "" : "a run would be refused", () => {
    const { free, allowed, needed, originals, projected, master_mode: mode, sources } = disk;
    const other = mode === "ffv1" ? "source" : "ffv1";
    const rows = [
      fact("free", free === null ? "no limit" : bytes(free)),
      fact("needed", sources ? `up to ${bytes(needed)} for ${plural(sources, "source")} to prepare` : "nothing: no source waits to be prepared"),
    ];
    if (sources && originals) rows.push(fact("of that", `${bytes(originals)} copies of originals`));
    if (sources) rows.push(fact("else", `${bytes((projected[other] ?? 0) + originals)} with master_mode ${other}`));
    const bar = sources && free ? [meter(needed, allowed ?? free, free)] : [];
    const way = disk.fits ? [] : [paragraph(...withCommands(`Free some space, or set \`master_mode = "${other}"\`. Runs may fill ${bytes(allowed ?? 0)}.`))];
    return [...bar, facts(...rows), ...way, element("p", { class: "hs-quiet" }, "Exports are not counted.")];
  });
}

function meter(needed: number, allowed: number, free: number): HTMLElement {
  const share = Math.min(1, needed / free);
  const about = `pending work needs ${bytes(needed)} of ${bytes(free)} free; runs may fill ${bytes(allowed)}`;
  const fill = element("span", { class: "hs-fill", style: `width: ${(share * 100).toFixed(1)}%` });
  const limit = element("span", { class: "hs-limit", style: `left: ${((allowed / free) * 100).toFixed(1)}%` });
  return element("div", { class: "hs-meter", role: "img", "aria-label": about, title: about }, fill, limit);
}

export function drawReview(panel: Panel, backlog: Backlog): void {
  const { pending, per_hour: rate, left, done_at: done, last_at: last, clips, hours, active } = backlog;
  panel.show(backlog, "plain", pending ? `${plural(pending, "clip")} left` : "", () => {
    if (!pending) return [paragraph(last ? "All clips are decided." : "No clip waits for a decision.")];
    const rows = [fact("left", plural(pending, "clip"))];
    if (rate === null || left === null) {
      rows.push(fact("pace", clips ? `no pace yet: only ${plural(clips, "clip")} decided in the last 14 days` : "no pace yet: nobody has decided in the last 14 days"));
    } else {
      rows.push(fact("pace", `${count(rate)} clips an hour, over the last ${span(hours * 3600)} of work`));
      rows.push(fact("needs", `${span(left * 3600)} of work at that pace`));
      rows.push(fact("done", ...(done ? ["about ", at(done), ", if it goes on like this"] : ["when somebody goes on: nobody decides just now"])));
    }
    if (last) rows.push(fact("latest", "decision ", ago(last), active ? "" : ", nobody since"));
    return [facts(...rows)];
  });
}
