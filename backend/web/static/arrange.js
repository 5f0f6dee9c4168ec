/** Which rows are shown, and in which order: the reader's filter and sorting over the run's own. Pure. */

import { formatCell, isNumeric, visibleColumns } from "./cells.js";

export const BEST_FIRST = Object.freeze({ key: null, down: false });

/** What a click on a column's heading makes of the order: up, then down, then the run's own again. */
export function nextOrder({ key, down }, clicked) {
  if (key !== clicked) return { key: clicked, down: false };
  return down ? BEST_FIRST : { key: clicked, down: true };
}

/** Without case and accents, so that "malaga" finds "Málaga". */
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase("en");

/**
 * The rows whose cells have every word of `words`; a word after "!" must be in none of them.
 *
 * @param {object[]} rows as the run has them, best first
 */
export function filtered(rows, words, columns) {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return rows;
  const visible = visibleColumns(columns);
  return rows.filter((row) => {
    const text = folded(visible.map((column) => formatCell(row.cells[column.key], column)).join("\n"));
    return wanted.every((word) => (word.startsWith("!") ? word === "!" || !text.includes(word.slice(1)) : text.includes(word)));
  });
}

/** The rows by one column; what is not known comes last, whichever way. Equal ones keep their order. */
export function sorted(rows, { key, down }, columns) {
  const column = columns.find((one) => one.key === key);
  if (column === undefined) return rows;
  const value = (row) => sortable(row.cells[key], column);
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" && typeof b === "number" ? a - b : compare(String(a), String(b));
    return down ? -order : order;
  });
}

const compare = new Intl.Collator("en", { sensitivity: "base", numeric: true }).compare;

function sortable(cell, column) {
  if (cell === null || cell === undefined || cell === "" || (Array.isArray(cell) && cell.length === 0)) return null;
  if (typeof cell === "number" && isNumeric(column)) return cell;
  return formatCell(cell, column);
}
