/** All sources, with a search that answers at every key. */

import { element } from "../view/element.ts";
import type { ReviewLink } from "./failures.ts";
import type { Panel } from "./panel.ts";
import type { SourceLine } from "./protocol.ts";
import { HEADS, type SortKey, sorted } from "./sorting.ts";
import { SourceRow } from "./sourceRow.ts";
import { count, plural } from "./words.ts";

/** More rows than a table is pleasant with; the search finds the others. */
const MOST_SHOWN = 1000;

export class Sources {
  readonly search = element("input", {
    type: "search", class: "hs-search", placeholder: "Find by title, number, state or error", "aria-label": "Find sources", spellcheck: false, "data-key": "search",
  });
  readonly #found = element("span", { class: "hs-quiet", role: "status" });
  readonly #body = element("tbody");
  readonly #heads = new Map<SortKey, HTMLElement>();
  readonly #rows = new Map<number, SourceRow>();
  readonly #link: ReviewLink;
  #list: readonly SourceLine[] = [];
  #sort: { key: SortKey; down: boolean } = { key: "id", down: true };
  #drawn = "";

  constructor(panel: Panel, link: ReviewLink) {
    this.#link = link;
    this.search.addEventListener("input", () => this.#arrange());
    const head = element("tr", {}, ...HEADS.map(([key, text]) => this.#head(key, text)));
    const table = element("table", { class: "hs-table hs-source-table" }, element("thead", {}, head), this.#body);
    panel.body.replaceChildren(
      element("div", { class: "hs-find" }, this.search, this.#found),
      element("div", { class: "hs-scroll hs-tall", tabindex: 0, role: "group", "aria-label": "All sources" }, table),
    );
    this.#showSort();
  }

  update(list: readonly SourceLine[]): void {
    const key = JSON.stringify(list);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#list = list;
    const ids = new Set(list.map((one) => one.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    for (const one of list) {
      const row = this.#rows.get(one.id) ?? new SourceRow(this.#link);
      this.#rows.set(one.id, row);
      row.update(one);
    }
    this.#arrange();
  }

  /** Puts the rows that the search means into the table, in order. */
  #arrange(): void {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = sorted(this.#list, this.#sort.key, this.#sort.down).filter((one) => this.#rows.get(one.id)?.means(words));
    const shown = found.slice(0, MOST_SHOWN);
    const root = this.#body.getRootNode() as Document | ShadowRoot;
    const focused = root.activeElement as HTMLElement | null;
    this.#body.replaceChildren(...shown.flatMap((one) => this.#rows.get(one.id)?.element ?? []));
    if (focused && this.#body.contains(focused)) focused.focus();
    const hidden = found.length > shown.length ? `, the first ${count(MOST_SHOWN)} are shown` : "";
    this.#found.textContent = words.length ? `${count(found.length)} of ${plural(this.#list.length, "source")}${hidden}` : hidden.slice(2);
  }

  #head(key: SortKey, text: string): HTMLElement {
    const press = element("button", { type: "button", class: "hs-sort" }, text);
    press.addEventListener("click", () => {
      const same = this.#sort.key === key;
      this.#sort = { key, down: same ? !this.#sort.down : key === "id" || key === "pending" };
      this.#showSort();
      this.#arrange();
    });
    const made = element("th", { scope: "col", class: `hs-col-${key}` }, press);
    this.#heads.set(key, made);
    return made;
  }

  #showSort(): void {
    for (const [key, head] of this.#heads) {
      const order = this.#sort.down ? "descending" : "ascending";
      head.setAttribute("aria-sort", key === this.#sort.key ? order : "none");
    }
  }
}
