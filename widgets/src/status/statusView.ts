/** The status page: asks the kernel every ten seconds while somebody can see it, and draws what has changed. */

import { element } from "../view/element.ts";
import { drawFailures, type ReviewLink } from "./failures.ts";
import { type Contact, freshness } from "./freshness.ts";
import { Head } from "./head.ts";
import { type Channel, type Heard, Line } from "./line.ts";
import { KernelClock } from "./moments.ts";
import { Panel, paragraph, withCommands } from "./panel.ts";
import { drawLeases, drawReviewers } from "./people.ts";
import type { Question, Status } from "./protocol.ts";
import { drawRuns } from "./runs.ts";
import { Sources } from "./sources.ts";
import { drawTotals } from "./totals.ts";
import { type PanelName, summary, troubles } from "./trouble.ts";
import { drawDisk, drawReview, drawStuck } from "./work.ts";
import { plural } from "./words.ts";

const EVERY_MS = 10_000;

const TITLES: Record<PanelName, string> = {
  runs: "Runs", failures: "Failures", stuck: "Stuck work", disk: "Disk", review: "Review", sources: "Sources",
  leases: "Who reviews", reviewers: "Decisions", stages: "Time and bytes",
};

export class StatusView {
  readonly #root: HTMLElement;
  readonly #head: Head;
  readonly #intro = element("section", { class: "hs-intro", hidden: true });
  readonly #panels: Record<PanelName, Panel>;
  readonly #sources: Sources;
  readonly #line: Line;
  readonly #clock = new KernelClock();
  readonly #base: string;
  readonly #link: ReviewLink;
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #seen = () => this.#tick();
  #contact: Contact = { state: "asking" };
  #asking = false;
  #askedAt = -Infinity;

  constructor(host: HTMLElement, channel: Channel, base: string) {
    this.#base = base;
    const onDashboard = location.pathname.replace(/\/$/, "") === `${new URL(base).pathname}status`;
    this.#link = onDashboard ? (source) => `${base}?source=${source}` : null;
    const id = `hs-${Math.random().toString(36).slice(2)}`;
    const names = Object.entries(TITLES) as [PanelName, string][];
    this.#panels = Object.fromEntries(names.map(([name, title]) => [name, new Panel(name, title, id)])) as Record<PanelName, Panel>;
    this.#sources = new Sources(this.#panels.sources, this.#link);
    this.#head = new Head({
      refresh: () => void this.#ask({ kind: "look" }), reload: () => location.reload(), show: (panel) => this.#reveal(panel),
      review: onDashboard ? base : null,
    });
    const grid = element("div", { class: "hs-grid" }, ...names.map(([name]) => this.#panels[name].element));
    this.#root = element("div", { class: "heaters-status", role: "region", "aria-label": "heaters status" }, this.#head.element, this.#intro, grid);
    this.#root.dataset["state"] = "asking";
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    host.append(this.#root);
    this.#line = new Line(channel, { status: (status) => this.#draw(status), late: (heard) => this.#take(heard, { kind: "look" }) });
    this.#ticker = setInterval(this.#seen, 1000);
    document.addEventListener("visibilitychange", this.#seen);
    void this.#ask({ kind: "look" });
  }

  dispose(): void {
    clearInterval(this.#ticker);
    document.removeEventListener("visibilitychange", this.#seen);
    this.#line.dispose();
    this.#root.remove();
  }

  /** Once a second, and when the page comes into sight. */
  #tick(): void {
    const visible = !document.hidden && this.#root.getClientRects().length > 0;
    if (!visible) return;
    if (performance.now() - this.#askedAt >= EVERY_MS) void this.#ask({ kind: "look" });
    this.#showAge();
  }

  #showAge(): void {
    this.#head.fresh(freshness(this.#contact, this.#clock.age, this.#link !== null));
    this.#clock.tick(this.#root);
  }

  async #ask(question: Question): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.#askedAt = performance.now();
    this.#root.toggleAttribute("data-busy", question.kind !== "look");
    const heard = await this.#line.ask(question);
    this.#asking = false;
    this.#root.removeAttribute("data-busy");
    this.#askedAt = performance.now();
    this.#take(heard, question);
  }

  #take(heard: Heard, question: Question): void {
    if (heard.kind === "silent") void this.#silent();
    else if (heard.kind === "status") this.#now({ state: "answered" });
    else this.#now({ state: "refused", message: heard.message });
    if (heard.kind === "status" && heard.said) this.#head.say(heard.said, "ok");
    if (question.kind === "look") return;
    if (heard.kind === "refused") this.#head.say(heard.message, "bad");
    if (heard.kind === "silent") this.#head.say(`No answer came to ${question.kind}: look whether it was done when this page is fresh again.`, "bad");
  }

  #now(contact: Contact): void {
    this.#contact = contact;
    this.#root.dataset["state"] = contact.state;
    this.#showAge();
  }

  async #silent(): Promise<void> {
    const answered = this.#contact;
    const state = (await this.#serverAnswers()) ? "silent" : "gone";
    if (this.#contact === answered) this.#now({ state });
  }

  async #serverAnswers(): Promise<boolean> {
    try {
      await fetch(`${this.#base}heaters/health`, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      return true;
    } catch {
      return false;
    }
  }

  #draw(status: Status): void {
    this.#clock.set(status.at);
    const panels = this.#panels;
    const act = (question: Question) => void this.#ask(question);
    this.#head.where(status.workspace);
    this.#head.judge(troubles(status), summary(status));
    this.#welcome(status);
    drawRuns(panels.runs, status);
    drawFailures(panels.failures, status.failures, act, this.#link);
    drawStuck(panels.stuck, status.stuck);
    drawDisk(panels.disk, status.disk);
    drawReview(panels.review, status.backlog);
    panels.sources.element.querySelector(".hs-note")?.replaceChildren(plural(status.source_list.length, "source"));
    this.#sources.update(status.source_list);
    drawLeases(panels.leases, status.leases, this.#link);
    drawReviewers(panels.reviewers, status.reviewers, status.at);
    drawTotals(panels.stages, status.stages, status.files);
    this.#clock.tick(this.#root);
  }

  /** An empty workspace says what to do instead of showing empty tables. */
  #welcome({ source_list: sources, workspace }: Status): void {
    const empty = sources.length === 0;
    this.#root.toggleAttribute("data-empty", empty);
    if (this.#intro.hidden !== empty) return;
    this.#intro.hidden = !empty;
    this.#intro.replaceChildren(
      element("h2", {}, "No sources yet"),
      paragraph(...withCommands(`Take videos in with \`heaters ingest --workspace ${workspace} FILE_OR_FOLDER\`, then start \`heaters run\`. This page follows by itself.`)),
    );
  }

  #reveal(name: PanelName): void {
    const panel = this.#panels[name].element;
    panel.scrollIntoView({ block: "nearest" });
    panel.focus();
  }

  /** Keys stay here: JupyterLab would take them for commands on cells. */
  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const typing = event.target instanceof HTMLInputElement;
    if (typing && event.key === "Escape") {
      this.#sources.search.value = "";
      this.#sources.search.dispatchEvent(new Event("input"));
    }
    if (typing || event.repeat) return;
    if (event.key === "/") {
      event.preventDefault();
      this.#sources.search.focus();
    } else if (event.key === "r") {
      void this.#ask({ kind: "look" });
    }
  }
}
