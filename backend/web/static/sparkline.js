/** A series of numbers as a small line, with its highest and lowest said in words. */

import { conversion } from "./cells.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [160, 34];

/** The points [x, y] of a cell of kind `series`: a list of numbers, or of pairs of a label and a number. */
export function seriesOf(cell) {
  if (!Array.isArray(cell)) return [];
  return cell
    .map((one, index) => (Array.isArray(one) ? [one[0], one[1]] : [index, one]))
    .filter(([, value]) => typeof value === "number" && Number.isFinite(value));
}

/** The drawing, or null where there are fewer than two points. */
export function sparkline(cell, column, units) {
  const points = seriesOf(cell);
  if (points.length < 2) return null;
  const convert = conversion(column, units);
  const values = points.map(([, value]) => convert?.of(value) ?? value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (index) => 3 + (index * (WIDTH - 6)) / (values.length - 1);
  const y = (value) => HEIGHT - 4 - ((value - low) * (HEIGHT - 8)) / Math.max(high - low, 1e-9);
  const at = values.indexOf(high);
  const unit = convert?.unit ?? column.unit ?? "";
  const svg = make("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  svg.setAttribute("aria-label", `from ${Math.round(low)} to ${Math.round(high)} ${unit}, highest at ${points[at][0]}`);
  svg.append(
    make("polyline", { points: values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }),
    make("circle", { cx: x(at).toFixed(1), cy: y(high).toFixed(1), r: "2.5" }),
  );
  return svg;
}

function make(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
