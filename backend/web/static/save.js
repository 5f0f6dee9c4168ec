/** The result as a file: CSV or JSON, every row that is in, best first. Pure but for `download`. The twin of tui/export.py. */

import { element } from "./dom.js";
import { shownRows } from "./view.js";

// What a spreadsheet takes for a formula when a text begins with it.
const FORMULA = /^[=+\-@\t]/;

/** RFC 4180 with LF line ends: a heading of column keys, then raw values; unknown ones are empty. */
export function toCsv(view) {
  const keys = view.columns.map(({ key }) => key);
  const lines = [keys, ...shownRows(view).map(({ cells }) => keys.map((key) => cells[key] ?? null))];
  return lines.map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

/** An array of objects, one a row, with every column's key. */
export function toJson(view) {
  const keys = view.columns.map(({ key }) => key);
  const rows = shownRows(view).map(({ cells }) => Object.fromEntries(keys.map((key) => [key, cells[key] ?? null])));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

function csvCell(value) {
  if (value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const joined = Array.isArray(value) ? value.map(String).join("; ") : value;
  const text = (typeof joined === "string" ? joined : JSON.stringify(joined)).replace(/\r\n?/g, "\n");
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Gives the reader a file. */
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
