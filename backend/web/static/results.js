/** The result as it grows: a table by the run's columns, sorted and filtered by its reader, and what was left out. */

import { BEST_FIRST, filtered, nextOrder, sorted } from "./arrange.js";
import { METRIC, formatCell, heading, isNumeric, visibleColumns } from "./cells.js";
import { element, setText } from "./dom.js";
import { rowFacts } from "./facts.js";
import { finished, leftOut, shownRows } from "./view.js";
import { tally } from "./words.js";

/** Rows keep their elements for as long as they are in, so that nothing moves but by the order. */
export class Results {
  #parts;
  #told;
  #columns = null;
  #rows = new Map();
  #drawn = null;
  #order = BEST_FIRST;
  #words = "";
  #units = METRIC;
  #open = new Set();
  #meant = null;

  /**
   * @param {{table, head, body, count, empty, out, outCount, outList, tools, filter, nothing: HTMLElement}} parts
   * @param {{point: (id: string | null) => void, arranged: () => void}} told `point` hears which row is meant
   */
  constructor(parts, told) {
    this.#parts = parts;
    this.#told = told;
    parts.filter.addEventListener("input", () => {
      this.#words = parts.filter.value;
      told.arranged();
    });
    parts.body.addEventListener("pointerleave", () => told.point(null));
  }

  /** Begins anew: nothing sorted, filtered or opened. */
  reset() {
    this.#order = BEST_FIRST;
    this.#open.clear();
    this.#words = this.#parts.filter.value = "";
    this.#drawn = null;
    if (this.#columns !== null) this.#drawHead(this.#columns);
  }

  /** The rows that are shown, as they are ordered. */
  arranged(view) {
    return sorted(filtered(shownRows(view), this.#words, view.columns), this.#order, view.columns);
  }

  render(view, units) {
    const arrangement = JSON.stringify([this.#order, this.#words, units, [...this.#open]]);
    const drawn = this.#drawn;
    if (drawn?.rows === view.rows && drawn.order === view.order && drawn.state === view.state) {
      if (drawn.columns === view.columns && drawn.arrangement === arrangement) return;
    }
    if (view.columns !== this.#columns || JSON.stringify(units) !== JSON.stringify(this.#units)) {
      this.#units = units;
      this.#drawHead(view.columns);
    }
    const all = shownRows(view);
    const shown = this.arranged(view);
    const out = leftOut(view);
    this.#drawRows(shown, view);
    this.#drawLeftOut(out);
    this.#drawWords(view, all.length, shown.length, out.length);
    this.#drawn = { ...view, arrangement };
  }

  /** Shows which row is meant, from outside: nothing, or the id of a row. */
  point(id) {
    this.#rows.get(this.#meant)?.node.classList.remove("meant");
    this.#meant = id;
    this.#rows.get(id)?.node.classList.add("meant");
  }

  /** Opens a row, and brings it into sight. */
  open(id) {
    this.#open.add(id);
    this.#told.arranged();
    const entry = this.#rows.get(id);
    entry?.node.scrollIntoView({ block: "nearest" });
    entry?.node.querySelector("button")?.focus();
  }

  #drawHead(columns) {
    this.#columns = columns;
    this.#rows.clear();
    const cells = visibleColumns(columns).map((column) => {
      const { key, down } = this.#order;
      const sorting = key !== column.key ? "none" : down ? "descending" : "ascending";
      const button = element("button", { type: "button", title: "Sort" }, heading(column, this.#units));
      button.addEventListener("click", () => this.#sortBy(column.key));
      const attributes = { scope: "col", role: "columnheader", class: kindOf(column), "aria-sort": sorting };
      return element("th", attributes, button);
    });
    this.#parts.head.replaceChildren(element("tr", { role: "row" }, ...cells));
    this.#parts.body.replaceChildren();
  }

  #sortBy(key) {
    this.#order = nextOrder(this.#order, key);
    const columns = visibleColumns(this.#columns);
    columns.forEach((column, index) => {
      const word = column.key !== this.#order.key ? "none" : this.#order.down ? "descending" : "ascending";
      this.#parts.head.rows[0].cells[index].setAttribute("aria-sort", word);
    });
    this.#told.arranged();
  }

  #drawRows(rows, view) {
    const columns = visibleColumns(this.#columns);
    const kept = new Set(rows.map((row) => row.id));
    for (const [id, entry] of this.#rows) {
      if (!kept.has(id)) {
        entry.node.remove();
        entry.more?.remove();
        this.#rows.delete(id);
      }
    }
    let next = this.#parts.body.firstElementChild;
    const place = (node) => {
      if (node === next) next = next.nextElementSibling;
      else this.#parts.body.insertBefore(node, next);
    };
    for (const row of rows) {
      const entry = this.#rows.get(row.id) ?? this.#makeEntry(row, columns);
      if (entry.row !== row) fillRow(entry.node, row, columns, this.#units);
      place(entry.node);
      this.#drawMore(entry, row, view, columns.length);
      if (entry.more) place(entry.more);
      entry.row = row;
    }
  }

  #makeEntry({ id }, columns) {
    const node = makeRow(columns);
    const button = node.querySelector("button");
    button?.addEventListener("click", () => {
      if (!this.#open.delete(id)) this.#open.add(id);
      this.#told.arranged();
    });
    node.addEventListener("pointerenter", () => this.#told.point(id));
    node.addEventListener("focusin", () => this.#told.point(id));
    const entry = { node, more: null, row: null };
    this.#rows.set(id, entry);
    return entry;
  }

  #drawMore(entry, row, view, width) {
    const open = this.#open.has(row.id);
    entry.node.querySelector("button")?.setAttribute("aria-expanded", String(open));
    if (!open) {
      entry.more?.remove();
      entry.more = null;
    } else if (entry.more === null || entry.row !== row) {
      const cell = element("td", { colspan: String(width), role: "cell" }, rowFacts(row, view, this.#units));
      const more = element("tr", { class: "more", role: "row" }, cell);
      entry.more?.replaceWith(more);
      entry.more = more;
    }
  }

  #drawLeftOut(rows) {
    const { out, outCount, outList } = this.#parts;
    if (leftOutKey(rows) === leftOutKey(this.#drawn === null ? [] : leftOut(this.#drawn))) return;
    out.hidden = rows.length === 0;
    setText(outCount, `${rows.length} left out, and why`);
    const named = visibleColumns(this.#columns)[0];
    outList.replaceChildren(
      ...rows.map(({ id, cells, why }) => {
        const name = cells[named?.key] === undefined ? id : formatCell(cells[named.key], named);
        const reason = element("span", { class: "why", dir: "auto" }, why);
        return element("li", {}, element("span", { class: "name", dir: "auto" }, name), " – ", reason);
      }),
    );
  }

  #drawWords(view, all, shown, out) {
    const { table, count, empty, tools, nothing } = this.#parts;
    const over = finished(view);
    table.hidden = shown === 0;
    tools.hidden = all === 0;
    empty.hidden = all > 0;
    nothing.hidden = all === 0 || shown > 0;
    const words = all + out === 0 ? "" : tally(all, out, over);
    setText(count, shown < all ? `${shown} of ${words}` : words);
    if (over) setText(empty, out === 0 ? "This run found no rows." : "Nothing is left; the reasons are below.");
    else setText(empty, out === 0 ? "What is found appears here, row by row." : "Nothing yet that fits.");
  }
}

const leftOutKey = (rows) => rows.map((row) => `${row.id}\n${row.why}`).join("\n\n");

function kindOf(column) {
  if (isNumeric(column)) return "numeric";
  return ["code", "list"].includes(column.kind) ? column.kind : "words";
}

function makeRow(columns) {
  const cells = columns.map((column, index) =>
    index === 0
      ? element("th", { scope: "row", role: "rowheader", class: kindOf(column), dir: "auto" }, element("button", { type: "button" }))
      : element("td", { role: "cell", class: kindOf(column), dir: "auto" }),
  );
  return element("tr", { role: "row" }, ...cells);
}

function fillRow(node, row, columns, units) {
  node.dataset.state = row.state;
  columns.forEach((column, index) => {
    const cell = node.cells[index];
    const text = formatCell(row.cells[column.key], column, units);
    if (index === 0) fillName(cell.firstElementChild, text, row.state);
    else {
      setText(cell, text);
      cell.dataset.label = heading(column, units);
    }
  });
}

function fillName(button, text, state) {
  const unsettled = state === "provisional" ? element("span", { class: "visually-hidden" }, " (not settled yet)") : null;
  button.replaceChildren(...[text, unsettled].filter((part) => part !== null));
}
