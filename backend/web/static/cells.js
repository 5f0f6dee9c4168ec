/** A value of the result as text, by the kind of its column. Pure; the twin of tui/cells.py. */

const UNKNOWN = "–";
const NUMERIC = new Set(["integer", "number", "duration", "temperature", "percent"]);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** The columns that a table shows: coordinates are for maps. */
export const visibleColumns = (columns) => columns.filter(({ kind }) => kind !== "latitude" && kind !== "longitude");

/** Whether the column's cells line up at the right. */
export const isNumeric = ({ kind }) => NUMERIC.has(kind);

/** The label with its unit; a duration shows its own. */
export const heading = ({ label, unit, kind }) => (unit && kind !== "duration" ? `${label} (${unit})` : label);

/** @param {number} value minutes */
export function minutes(value) {
  const sign = value < 0 ? "-" : "";
  const total = Math.round(Math.abs(value));
  if (total < 60) return `${sign}${total} min`;
  return `${sign}${Math.trunc(total / 60)} h ${String(total % 60).padStart(2, "0")}`;
}

/** A cell as text; what is not known is a dash, what doesn't fit its kind is shown as it is. */
export function formatCell(value, column) {
  if (value === null || value === undefined || value === "") return UNKNOWN;
  if (Array.isArray(value)) return value.length === 0 ? UNKNOWN : value.map(item).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && isNumeric(column)) return formatNumber(value, column);
  return plain(value);
}

function formatNumber(value, { kind, unit }) {
  if (kind === "duration") return minutes(value);
  const rounded = number.format(kind === "number" ? value : Math.round(value) + 0); // + 0: never "-0"
  if (unit) return rounded;
  if (kind === "temperature") return `${rounded}°`;
  return kind === "percent" ? `${rounded}%` : rounded;
}

/** One entry of a list stays on one line. */
const item = (value) => plain(value).replaceAll(" ", "\u00a0");
const plain = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));
