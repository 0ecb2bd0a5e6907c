/** What the kernel and the status page say to each other. Its Python twin is `heaters/ui/status.py`, with `Workspace.status`. */

/** ISO 8601, UTC. */
export type Moment = string;

export type RunState = "running" | "done" | "failed" | "interrupted" | "died";

export interface Run {
  id: number;
  verb: string;
  state: RunState;
  pid: number;
  host: string;
  started_at: Moment;
  finished_at: Moment | null;
  done: number;
  failed: number;
  waiting: number;
  bytes: number;
}

/** A unit of work that says it is running. */
export interface Job {
  run_id: number | null;
  stage: string;
  source_id: number;
  /** Of the clip that is exported; null where the work is on a source. */
  ref: string | null;
  title: string | null;
  since: Moment;
  attempts: number;
}

/** Who holds the workspace's run lock. */
export interface ActiveRun {
  pid?: number;
  host?: string;
  verb?: string;
  /** Seconds since 1970. */
  started?: number;
  progress?: string;
  /** Null for what is no run, such as the janitor. */
  id: number | null;
  working: Job[];
}

export interface NextRun {
  /** Sources that it will have work with. */
  sources: number;
  /** How regularly runs have come; null where they have not. */
  every_seconds: number | null;
  expected_at: Moment | null;
}

/** Failures that have one cause. */
export interface Failure {
  stage: string;
  /** Of the newest of them. */
  error: string;
  at: Moment;
  /** How many sources, or for `export` how many clips. */
  count: number;
  source_ids: number[];
  parked_ids: number[];
  sources: { id: number; title: string | null }[];
  refs: string[];
}

export interface Disk {
  /** Bytes; null where the store has no limit. */
  free: number | null;
  /** What a run may project to fill. */
  allowed: number | null;
  needed: number;
  /** The part of `needed` that copies of originals are. */
  originals: number;
  /** By master mode, without the originals. */
  projected: Record<string, number>;
  master_mode: string;
  sources: number;
  fits: boolean;
}

export interface Backlog {
  pending: number;
  per_hour: number | null;
  clips: number;
  hours: number;
  left: number | null;
  active: boolean;
  done_at: Moment | null;
  last_at: Moment | null;
}

export interface Lease {
  reviewer: string;
  source_id: number;
  title: string | null;
  clips: number;
  first: string;
  last: string;
  since: Moment | null;
  acted_at: Moment | null;
  expires_at: Moment;
}

export interface ReviewerHour {
  reviewer: string;
  hour: Moment;
  decisions: number;
  clips: number;
}

export interface StageTotals {
  stage: string;
  done: number;
  failed: number;
  seconds: number;
  median_seconds: number | null;
  bytes: number;
}

export interface FileTotals {
  kind: string;
  storage_class: string;
  files: number;
  bytes: number;
}

export interface SourceLine {
  id: number;
  title: string;
  state: string;
  duration: number | null;
  clips: Record<string, number>;
  error: string | null;
}

/** As the buffer of an answer holds it, in JSON. */
export interface Status {
  workspace: string;
  at: Moment;
  sources: Record<string, number>;
  clips: Record<string, number>;
  pending: Record<string, number>;
  run: ActiveRun | null;
  last_run: Run | null;
  runs: Run[];
  next_run: NextRun;
  failures: Failure[];
  stuck: Job[];
  disk: Disk;
  backlog: Backlog;
  leases: Lease[];
  reviewers: ReviewerHour[];
  stages: StageTotals[];
  files: FileTotals[];
  source_list: SourceLine[];
}

export type Question = { kind: "look" } | { kind: "retry" | "park"; sources: number[] };

export type Asked = Question & { id: string };

export type Answer = { kind: "status"; id: string; said: string } | { kind: "refused"; id: string; message: string };
