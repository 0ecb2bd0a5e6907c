/** How old the page is, in words, and what to do where it will get no younger. Pure. */

import { span } from "./words.ts";

/** After so many seconds without news the page calls itself stale. */
export const STALE_SECONDS = 30;

/** How the last question ended; `asking` before there was an answer. */
export type Contact =
  | { state: "asking" | "answered" | "silent" | "gone" }
  | { state: "refused"; message: string };

export interface Words {
  /** `as of 12 s ago`; empty before the first answer. */
  age: string;
  stale: boolean;
  /** What is wrong, with the way out; null while all is well. */
  alarm: string | null;
}

export function freshness(contact: Contact, age: number | null, onDashboard: boolean): Words {
  const stale = age !== null && age >= STALE_SECONDS;
  const told = age === null ? "" : `as of ${span(age)} ago${stale ? ": stale" : ""}`;
  const old = age === null ? "" : ` What you see is ${span(age)} old.`;
  const again = onDashboard ? "Reload the page" : "Run the cell again";
  const alarms: Record<Contact["state"], string | null> = {
    asking: null,
    answered: null,
    refused: contact.state === "refused" ? `The catalog can't be asked: ${contact.message}${old && `.${old}`}` : null,
    silent: `The kernel behind this page does not answer.${old} ${again}.`,
    gone: `The server is gone.${old} ${onDashboard ? "Start `heaters dashboard` again, then reload the page." : "Start JupyterLab again."}`,
  };
  return { age: told, stale: stale || contact.state === "silent" || contact.state === "gone", alarm: alarms[contact.state] };
}
