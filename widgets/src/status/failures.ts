/** Failures by cause, and what can be done about them. */

import { element } from "../view/element.ts";
import { ago } from "./moments.ts";
import { type Content, type Panel, paragraph, withCommands } from "./panel.ts";
import type { Failure, Question } from "./protocol.ts";
import { unparked } from "./trouble.ts";
import { count, plural } from "./words.ts";

const NAMED = 20;
const TITLED = 3;

export type Act = (question: Question) => void;
/** An address that reviews a source; null where there is no review page. */
export type ReviewLink = ((source: number) => string) | null;

export function drawFailures(panel: Panel, failures: readonly Failure[], act: Act, link: ReviewLink): void {
  const failed = failures.some((one) => unparked(one).length > 0);
  const note = failures.length ? plural(failures.length, "cause") : "";
  panel.show(failures, failed ? "bad" : failures.length ? "warn" : "ok", note, () => {
    if (!failures.length) return [paragraph("Nothing has failed, nothing is parked.")];
    return [element("ul", { class: "hs-causes" }, ...failures.map((one, place) => drawn(one, place, act, link)))];
  });
}

function drawn(failure: Failure, place: number, act: Act, link: ReviewLink): HTMLElement {
  const { stage, error, count: number, source_ids: ids } = failure;
  const what = stage === "export" ? plural(number, "clip") : plural(number, "source");
  const [open, parked] = [unparked(failure), failure.parked_ids];
  const again = stage === "export" ? "exports try again, up to a limit" : `${count(open.length)} tried again by runs`;
  const state = [open.length ? again : "", parked.length ? `${count(parked.length)} parked` : ""];
  const head = element(
    "div", { class: "hs-cause" },
    element("b", {}, `${stage}: ${what}`), ` · ${state.filter(Boolean).join(", ")} · `, ago(failure.at),
  );
  const text = element("p", { class: "hs-error" }, ...withCommands(error));
  const about = `${stage}, ${what}: ${error}`;
  const retry = action("Retry", `Retry ${about}`, `retry-${place}`, () => act({ kind: "retry", sources: ids }));
  const park = action("Park", `Park ${about}`, `park-${place}`, () => act({ kind: "park", sources: open }));
  const buttons = element("div", { class: "hs-actions" }, retry, ...(open.length && stage !== "export" ? [park] : []));
  return element("li", {}, element("div", { class: "hs-grow" }, head, text, element("p", { class: "hs-who" }, ...who(failure, link))), buttons);
}

/** Few are named by their titles, more by their numbers alone. */
function who({ stage, sources, refs, count: number }: Failure, link: ReviewLink): Content {
  if (stage === "export") return listed("clip", refs, number, (ref) => ref, link && ((ref) => link(Number.parseInt(ref, 10))));
  const titled = sources.length <= TITLED;
  return listed("source", sources, sources.length, ({ id, title }) => {
    const name = element("span", { class: "hs-title", title: title ?? "" }, title ?? "");
    return titled ? element("span", {}, `${id} `, name) : element("span", { title: title ?? "" }, String(id));
  }, null);
}

function listed<T>(noun: string, all: readonly T[], number: number, named: (one: T) => Node | string, link: ((one: T) => string) | null): Content {
  const shown = all.slice(0, NAMED).flatMap((one, place) => [place ? ", " : "", link ? element("a", { href: link(one) }, named(one)) : named(one)]);
  const more = number > NAMED ? [` and ${count(number - NAMED)} more`] : [];
  return [`${noun}${number === 1 ? "" : "s"} `, ...shown, ...more];
}

/** A button; all of them rest while something is on its way. */
export function action(text: string, label: string, key: string, press: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", class: "hs-act", "data-key": key, "aria-label": label, title: label }, text);
  made.addEventListener("click", press);
  return made;
}
