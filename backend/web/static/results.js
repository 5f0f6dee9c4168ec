/** The result as it grows: a table by the run's columns, and what was left out, with the reason. */

import { formatCell, heading, isNumeric, visibleColumns } from "./cells.js";
import { element, setText } from "./dom.js";
import { finished, leftOut, shownRows } from "./view.js";
import { tally } from "./words.js";

/** Rows keep their elements for as long as they are in, so that nothing moves but by the final order. */
export class Results {
  #parts;
  #columns = null;
  #rows = new Map();
  #drawn = null;

  /** @param {{table, head, body, count, empty, out, outCount, outList: HTMLElement}} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  render(view) {
    const { rows, order, columns, state } = view;
    const drawn = this.#drawn;
    if (drawn !== null && drawn.rows === rows && drawn.order === order && drawn.state === state) {
      if (drawn.columns === columns) return;
    }
    if (columns !== this.#columns) this.#drawHead(columns);
    const shown = shownRows(view);
    const out = leftOut(view);
    this.#drawRows(shown);
    this.#drawLeftOut(out);
    this.#drawWords(view, shown.length, out.length);
    this.#drawn = view;
  }

  #drawHead(columns) {
    this.#columns = columns;
    this.#rows.clear();
    const cells = visibleColumns(columns).map((column) =>
      element("th", { scope: "col", role: "columnheader", class: kindOf(column) }, heading(column)),
    );
    this.#parts.head.replaceChildren(element("tr", { role: "row" }, ...cells));
    this.#parts.body.replaceChildren();
  }

  #drawRows(rows) {
    const columns = visibleColumns(this.#columns);
    const kept = new Set(rows.map((row) => row.id));
    for (const [id, { node }] of this.#rows) {
      if (!kept.has(id)) {
        node.remove();
        this.#rows.delete(id);
      }
    }
    let next = this.#parts.body.firstElementChild;
    for (const row of rows) {
      const entry = this.#rows.get(row.id) ?? { node: makeRow(columns), row: null };
      this.#rows.set(row.id, entry);
      if (entry.row !== row) fillRow(entry.node, row, columns);
      entry.row = row;
      if (entry.node === next) next = next.nextElementSibling;
      else this.#parts.body.insertBefore(entry.node, next);
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

  #drawWords(view, shown, out) {
    const { table, count, empty } = this.#parts;
    const over = finished(view);
    table.hidden = shown === 0;
    empty.hidden = shown > 0;
    setText(count, shown + out === 0 ? "" : tally(shown, out, over));
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
      ? element("th", { scope: "row", role: "rowheader", class: kindOf(column), dir: "auto" })
      : element("td", { role: "cell", class: kindOf(column), "data-label": heading(column), dir: "auto" }),
  );
  return element("tr", { role: "row" }, ...cells);
}

function fillRow(node, row, columns) {
  node.dataset.state = row.state;
  columns.forEach((column, index) => setText(node.cells[index], formatCell(row.cells[column.key], column)));
  if (row.state === "provisional") {
    node.cells[0]?.append(element("span", { class: "visually-hidden" }, " (not settled yet)"));
  }
}
