/** All that is known of a row, and where each part of it comes from. */

import { formatWithUnit } from "./cells.js";
import { element } from "./dom.js";
import { sparkline } from "./sparkline.js";
import { moment } from "./words.js";

const FOR_DRAWINGS = new Set(["latitude", "longitude"]);

/** The inside of an opened row. */
export function rowFacts(row, view, units) {
  const known = view.columns.filter(({ key, kind }) => row.cells[key] !== undefined && !FOR_DRAWINGS.has(kind));
  const lines = known.map((column) => {
    const drawn = column.kind === "series" ? sparkline(row.cells[column.key], column, units) : null;
    const shown = drawn ?? formatWithUnit(row.cells[column.key], column, units);
    return element("div", {}, element("dt", {}, column.label), element("dd", { dir: "auto" }, shown));
  });
  const sources = sourcesOf(row, view);
  const list = sources.map(({ words, labels }) =>
    element("li", {}, element("span", { dir: "auto" }, words), " – ", labels.join(", ")),
  );
  const from = list.length === 0 ? null : element("div", {}, element("h3", {}, "Where this comes from"), element("ul", {}, ...list));
  return element("div", { class: "facts" }, element("dl", {}, ...lines), from);
}

/** The calls that the row's cells came from, each with the labels of those cells. */
export function sourcesOf(row, view) {
  const evidence = new Map(view.steps.flatMap(({ log }) => log).map((line) => [line.evidence?.id, line.evidence]));
  const labels = new Map();
  for (const { key, label } of view.columns) {
    const id = row.from[key];
    if (evidence.get(id)) labels.set(id, [...(labels.get(id) ?? []), label]);
  }
  return [...labels].map(([id, names]) => ({ words: describe(evidence.get(id)), labels: names }));
}

function describe({ source, operation, as_of, cached }) {
  const age = [as_of === null ? null : `as of ${moment(as_of)}`, cached ? "from cache" : null].filter(Boolean);
  return age.length === 0 ? `${source} · ${operation}` : `${source} · ${operation} (${age.join(", ")})`;
}
