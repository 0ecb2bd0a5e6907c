/** Failures by cause, and what can be done about them. */

import { element } from "../view/element.ts";
import { ago } from "./moments.ts";
import { type Content, type Panel, paragraph, withCommands } from "./panel.ts";
import type { Failure, Question } from "./protocol.ts";
import { unparked } from "./trouble.ts";
import { count, plural } from "./words.ts";

const NAMED = 12;

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

function who({ sources, refs }: Failure, link: ReviewLink): Content {
  const shown = sources.slice(0, NAMED).flatMap(({ id, title }, place) => [
    place ? ", " : "", link ? element("a", { href: link(id) }, String(id)) : String(id), " ",
    element("span", { class: "hs-title", title: title ?? "" }, title ?? ""),
  ]);
  const more = sources.length > NAMED ? [` and ${count(sources.length - NAMED)} more`] : [];
  const clips = refs.length ? [` · clips ${refs.slice(0, NAMED).join(", ")}${refs.length > NAMED ? " …" : ""}`] : [];
  return [...shown, ...more, ...clips];
}

/** A button; all of them rest while something is on its way. */
export function action(text: string, label: string, key: string, press: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", class: "hs-act", "data-key": key, "aria-label": label, title: label }, text);
  made.addEventListener("click", press);
  return made;
}
