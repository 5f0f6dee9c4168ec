/** A value of the result as text, by the kind of its column and the reader's units. Pure; the twin of shared/cells.py. */

const UNKNOWN = "–";
const NUMERIC = new Set(["integer", "number", "duration", "temperature", "percent"]);
const HIDDEN = new Set(["latitude", "longitude", "series", "category"]);
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const FAHRENHEIT = { unit: "°F", of: (celsius) => (celsius * 9) / 5 + 32 };
const MILES = { unit: "mi", of: (km) => km / 1.609344 };

export const METRIC = Object.freeze({ temperature: "C", distance: "km" });

/** The columns that a table shows: coordinates are for maps, series for drawings, categories for marks. */
export const visibleColumns = (columns) => columns.filter(({ kind }) => !HIDDEN.has(kind));

/** Whether the column's cells line up at the right. */
export const isNumeric = ({ kind }) => NUMERIC.has(kind);

/** What turns a column's values into the reader's units, or undefined where they are those of the run. */
export function conversion({ kind, unit }, units = METRIC) {
  if (units.temperature === "F" && (kind === "temperature" || unit === "°C")) return FAHRENHEIT;
  if (units.distance === "mi" && unit === "km") return MILES;
  return undefined;
}

/** The label with its unit; a duration shows its own. */
export function heading(column, units = METRIC) {
  const unit = conversion(column, units)?.unit ?? column.unit;
  return unit && column.kind !== "duration" ? `${column.label} (${unit})` : column.label;
}

/** @param {number} value minutes */
export function minutes(value) {
  const sign = value < 0 ? "-" : "";
  const total = Math.round(Math.abs(value));
  if (total < 60) return `${sign}${total} min`;
  return `${sign}${Math.trunc(total / 60)} h ${String(total % 60).padStart(2, "0")}`;
}

/** A cell as text; what is not known is a dash, what doesn't fit its kind is shown as it is. */
export function formatCell(value, column, units = METRIC) {
  if (value === null || value === undefined || value === "") return UNKNOWN;
  if (Array.isArray(value)) {
    // One entry of a list stays on one line.
    const entries = value.map((entry) => formatCell(entry, column, units).replaceAll(" ", "\u00a0"));
    return entries.join(", ") || UNKNOWN;
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && isNumeric(column)) {
    return formatNumber(conversion(column, units)?.of(value) ?? value, column);
  }
  return plain(value);
}

/** A cell with its unit, for where no heading says it. */
export function formatWithUnit(value, column, units = METRIC) {
  const text = formatCell(value, column, units);
  const unit = conversion(column, units)?.unit ?? column.unit;
  if (text === UNKNOWN || !unit || column.kind === "duration" || typeof value !== "number") return text;
  return unit === "%" ? `${text}%` : `${text} ${unit}`;
}

function formatNumber(value, { kind, unit }) {
  if (kind === "duration") return minutes(value);
  const rounded = number.format(kind === "number" ? value : Math.round(value) + 0); // + 0: never "-0"
  if (unit) return rounded;
  if (kind === "temperature") return `${rounded}°`;
  return kind === "percent" ? `${rounded}%` : rounded;
}

const plain = (value) => oneLine(typeof value === "object" ? JSON.stringify(value) : String(value)) || UNKNOWN;
const oneLine = (text) => text.trim().replace(/\s+/g, " ");
