/** Who holds what, and who has decided how much. */

import { element } from "../view/element.ts";
import { ago } from "./moments.ts";
import { type Content, type Panel, paragraph, table } from "./panel.ts";
import type { Lease, ReviewerHour } from "./protocol.ts";
import type { ReviewLink } from "./failures.ts";
import { count, plural } from "./words.ts";

const HOURS = 12;
const HOUR_MS = 3_600_000;

export function drawLeases(panel: Panel, leases: readonly Lease[], link: ReviewLink): void {
  const held = leases.reduce((sum, one) => sum + one.clips, 0);
  panel.show(leases, "plain", held ? `${plural(held, "clip")} held` : "", () => {
    if (!leases.length) return [paragraph("Nobody holds a clip: no review page is at work.")];
    const rows = leases.map((one): Content[] => [
      [one.reviewer],
      [link ? element("a", { href: link(one.source_id) }, run(one)) : run(one), " ", element("span", { class: "hs-title", title: one.title ?? "" }, one.title ?? "")],
      [count(one.clips)],
      [one.since ? ago(one.since) : "nothing decided yet"],
      [one.acted_at ? ago(one.acted_at, (age) => age) : "unknown"],
    ]);
    return [table("Who holds which clips", ["reviewer", "clips", "#held", "first decision", "idle"], rows)];
  });
}

function run({ first, last }: Lease): string {
  return first === last ? first : `${first} to ${last}`;
}

export function drawReviewers(panel: Panel, hours: readonly ReviewerHour[], now: string): void {
  const latest = Math.floor(Date.parse(now) / HOUR_MS) * HOUR_MS;
  const columns = Array.from({ length: HOURS }, (_, place) => latest - place * HOUR_MS);
  const total = hours.reduce((sum, one) => sum + one.decisions, 0);
  panel.show([hours, latest], "plain", total ? `${plural(total, "decision")} in ${HOURS} hours` : "", () => {
    if (!total) return [paragraph(`Nobody has decided in the last ${HOURS} hours.`)];
    const most = Math.max(...hours.map((one) => one.decisions));
    const names = [...new Set(hours.map((one) => one.reviewer))].sort((one, other) => one.localeCompare(other));
    const rows = names.map((name) => reviewerRow(name, hours.filter((one) => one.reviewer === name), columns, most));
    const heads = columns.map((start) => `#${String(new Date(start).getHours()).padStart(2, "0")} h`);
    return [table(`Decisions by reviewer and hour, the last ${HOURS} hours`, ["reviewer", "#decisions", "#on clips", ...heads], rows)];
  });
}

function reviewerRow(name: string, hours: readonly ReviewerHour[], columns: readonly number[], most: number): Content[] {
  const cells = columns.map((start): Content => {
    const found = hours.find((one) => Date.parse(one.hour) === start);
    if (!found) return [element("span", { class: "hs-none" }, "·")];
    const about = `${plural(found.decisions, "decision")} on ${plural(found.clips, "clip")}`;
    return [element("span", { class: "hs-heat", style: `--heat: ${(found.decisions / most).toFixed(2)}`, title: about }, count(found.decisions))];
  });
  const [decisions, clips] = [hours.reduce((sum, one) => sum + one.decisions, 0), hours.reduce((sum, one) => sum + one.clips, 0)];
  return [[element("span", { class: "hs-title", title: name }, name)], [element("b", {}, count(decisions))], [count(clips)], ...cells];
}
