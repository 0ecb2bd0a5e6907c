/** The run that lives, the last one, the next one. */

import { element } from "../view/element.ts";
import { ago, at } from "./moments.ts";
import { fact, facts, type Content, type Panel, table } from "./panel.ts";
import type { ActiveRun, Job, NextRun, Run, Status } from "./protocol.ts";
import { overdue, type Tone } from "./trouble.ts";
import { bytes, count, plural, span } from "./words.ts";

const ENDS: Record<Run["state"], string> = {
  running: "is running", done: "ended well", failed: "ended with failures", interrupted: "was interrupted", died: "died: its process is gone",
};

export function drawRuns(panel: Panel, status: Status): void {
  const { run, last_run: last, next_run: next, runs, pending } = status;
  const late = overdue(status);
  const died = last?.state === "died" && run === null;
  const tone: Tone = died ? "bad" : late !== null || last?.state === "interrupted" ? "warn" : run || last ? "ok" : "plain";
  const before = runs.find((one) => one.state !== "running");
  panel.show([run, runs, next, pending, late !== null], tone, run ? "one is at work" : "", () => [
    facts(
      ...(run ? [fact("now", ...living(run))] : []),
      fact("last", ...(before ? ended(before) : [run ? "none before this one" : "no run yet"])),
      run ? fact("left", work(next, pending)) : fact("next", ...coming(next, pending, late)),
    ),
    ...(runs.length > 1 ? [earlier(runs)] : []),
  ]);
}

function living(run: ActiveRun): Content {
  const since = run.started ? [" for ", ago(new Date(run.started * 1000).toISOString(), (age) => age)] : [];
  const where = ` (pid ${run.pid ?? "?"} on ${run.host ?? "?"})`;
  const done = run.progress ? `: ${run.progress}` : "";
  const jobs = run.working.map((job) => element("div", {}, ...named(job), " for ", ago(job.since, (age) => age)));
  return [`heaters ${run.verb ?? "run"} has been at work`, ...since, where, done, ...jobs];
}

/** What a job works on. */
export function named(job: Job): Content {
  const what = element("span", { class: "hs-title", title: job.title ?? "" }, job.title ?? "a source that is gone");
  return [`${job.stage} ${job.ref ?? job.source_id} `, what, job.attempts > 1 ? ` (attempt ${job.attempts})` : ""];
}

function ended(run: Run): Content {
  const took = run.finished_at ? (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000 : null;
  return [
    `${run.verb} ${run.id} ${ENDS[run.state]}, `, ago(run.finished_at ?? run.started_at), ` · ${tally(run)}`,
    took !== null && run.state !== "died" ? `, took ${span(took)}` : "",
  ];
}

function tally(run: Run): string {
  const failed = run.failed ? `, ${count(run.failed)} failed` : "";
  const waiting = run.waiting ? `, ${count(run.waiting)} waiting` : "";
  return `${count(run.done)} done${failed}${waiting}`;
}

function work(next: NextRun, pending: Record<string, number>): string {
  const stages = Object.entries(pending).map(([stage, number]) => `${stage} ${count(number)}`).join(", ");
  return next.sources ? `work with ${plural(next.sources, "source")} (${stages})` : "nothing to do";
}

function coming(next: NextRun, pending: Record<string, number>, late: number | null): Content {
  const todo = work(next, pending);
  if (next.every_seconds === null || next.expected_at === null) return [todo, " · when it comes is not known: the runs so far have no rhythm"];
  const every = ` · one came every ${span(next.every_seconds)}`;
  const when = late === null ? [", the next about ", at(next.expected_at)] : [", but none since ", at(next.expected_at)];
  return [todo, every, ...when];
}

function earlier(runs: readonly Run[]): HTMLElement {
  const rows = runs.map((run) => [
    [`${run.verb} ${run.id}`], [run.state], [at(run.started_at)], [tally(run)], [bytes(run.bytes)],
  ]);
  const shown = table("The last runs", ["run", "end", "began", "units", "#bytes"], rows);
  return element("details", {}, element("summary", { "data-key": "runs" }, `The last ${runs.length} runs`), shown);
}
