/**
 * The map: where the rows are, and from where. For any run whose columns have a latitude and a longitude.
 *
 * The origin is the last step, in the order of the plan, whose outcome has numbers under the keys of those two columns; it
 * is called what it has under the key of the first column, or else its first text. The twin of tui/map/scene.py. A column
 * of kind `category` gives each mark a colour and a shape. One mark is in the tab order; arrow keys go from row to row.
 */

import { formatWithUnit, visibleColumns } from "./cells.js";
import { frame, greatCircle, near } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDE, NARROW] = [2.1, 1.25];
const [LEAST_WIDTH, PHONE_WIDTH] = [280, 500];
const KNOWN = { hot: "a", normal: "b", cold: "c" };
const SHAPES = {
  a: "M0-6.2 5.6 4.4H-5.6z",
  b: "M-4.6 0a4.6 4.6 0 1 0 9.2 0a4.6 4.6 0 1 0-9.2 0z",
  c: "M0 6.2 5.6-4.4H-5.6z",
  d: "M-4.4-4.4H4.4V4.4H-4.4z",
  e: "M0-6 6 0 0 6-6 0z",
};

const draw = (name, attributes = {}, ...children) => {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

/** The columns that hold latitude and longitude; null where rows have no place. */
function coordinates({ columns }) {
  const [lat, lon] = ["latitude", "longitude"].map((kind) => columns.find((column) => column.kind === kind)?.key);
  return lat === undefined || lon === undefined ? null : { lat, lon };
}

/** The place that all rows are seen from, or null. */
export function origin(view) {
  const keys = coordinates(view);
  const places = keys === null ? [] : view.steps.map(({ detail }) => detail);
  const last = places.findLast((detail) => isPlace(detail?.[keys.lat], detail?.[keys.lon]));
  if (last === undefined) return null;
  const texts = [last[visibleColumns(view.columns)[0]?.key], ...Object.values(last)];
  const name = texts.find((text) => typeof text === "string" && text !== "") ?? "";
  return { lat: last[keys.lat], lon: last[keys.lon], name };
}

const isPlace = (lat, lon) => Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;

export class WorldMap {
  #section;
  #told;
  #drawn = {};
  #marks = new Map();
  #current = null;
  #land = null;
  #svg;
  #layers;
  #label;
  #key;
  #width = 0;
  #last = null;

  /**
   * @param {HTMLElement} section hidden for as long as there is nothing to put on a map
   * @param {{point: (id: string | null) => void, open: (id: string) => void}} told
   */
  constructor(section, told) {
    this.#section = section;
    this.#told = told;
  }

  render(view, rows, units) {
    const keys = coordinates(view);
    const from = origin(view);
    const placed = keys === null ? [] : rows.filter(({ cells }) => isPlace(cells[keys.lat], cells[keys.lon]));
    this.#section.hidden = placed.length === 0;
    if (placed.length === 0) return;
    const key = JSON.stringify([from, units, placed.map(({ id, state }) => [id, state])]);
    if (this.#drawn.key === key && this.#drawn.rows === view.rows) return;
    this.#drawn = { key, rows: view.rows };
    this.#make();
    this.#width = Math.max(LEAST_WIDTH, Math.round(this.#svg.getBoundingClientRect().width));
    this.#last = [view, rows, units];
    const points = placed.map(({ id, state, cells }) => ({ id, state, cells, lat: cells[keys.lat], lon: cells[keys.lon] }));
    this.#draw(from, points, view.columns, units);
  }

  /** Shows which row is meant, from outside: nothing, or the id of a row. */
  point(id) {
    if (this.#current !== null) this.#marks.get(this.#current)?.node.classList.remove("meant");
    this.#current = this.#marks.has(id) ? id : null;
    const mark = this.#marks.get(id);
    if (mark === undefined) {
      this.#label?.setAttribute("visibility", "hidden");
      return;
    }
    mark.node.classList.add("meant");
    if (mark.node !== document.activeElement) mark.node.parentNode.append(mark.node); // above its neighbours; a move takes the focus
    this.#name(mark);
  }

  #make() {
    if (this.#svg) return;
    this.#layers = { land: draw("g", { class: "land" }), lines: draw("g", { class: "lines" }), marks: draw("g") };
    this.#label = draw("g", { class: "name", visibility: "hidden", "aria-hidden": "true" }, draw("rect", { rx: 4 }), draw("text"));
    this.#svg = draw("svg", { role: "group" }, this.#layers.land, this.#layers.lines, this.#layers.marks, this.#label);
    this.#svg.setAttribute("aria-label", "Map: arrow keys go from place to place, Enter opens one");
    this.#svg.addEventListener("keydown", (event) => this.#onKey(event));
    this.#svg.addEventListener("pointerleave", () => this.#told.point(null));
    this.#key = document.createElement("p");
    this.#key.className = "key";
    this.#section.append(this.#svg, this.#key);
    new ResizeObserver(() => this.#resized()).observe(this.#svg);
    fetch("/static/land.svg")
      .then((answer) => answer.text())
      .then((text) => {
        this.#land = /\sd="([^"]+)"/.exec(text)?.[1] ?? "";
        this.#drawLand();
      })
      .catch(() => {}); // a map without land is still a map
  }

  #resized() {
    const width = Math.round(this.#svg.getBoundingClientRect().width);
    if (this.#last === null || width < LEAST_WIDTH || width === this.#width) return;
    this.#drawn = {};
    this.render(...this.#last);
  }

  #draw(from, points, columns, units) {
    const centre = from?.lon ?? points[0].lon;
    const lines = from === null ? [] : points.map((point) => greatCircle(from, point));
    const places = points.map(({ lat, lon }) => [near(lon, centre), lat]);
    const ratio = this.#width < PHONE_WIDTH ? NARROW : WIDE;
    this.box = frame([...(from === null ? [] : [[from.lon, from.lat]]), ...places, ...lines.flat()], ratio);
    this.#svg.setAttribute("viewBox", `0 0 ${this.#width} ${Math.round(this.#width / ratio)}`);
    this.#drawLand();
    this.#layers.lines.replaceChildren(...lines.map((line) => draw("path", { d: this.#pathOf(line) })));
    this.#drawMarks(from, points, centre, columns, units);
  }

  #project(lon, lat) {
    const { x, y, width, stretch } = this.box;
    const scale = this.#width / width;
    return [(lon - x) * scale, (-lat * stretch - y) * scale];
  }

  #pathOf(line) {
    return `M${line.map(([lon, lat]) => this.#project(lon, lat).map((value) => value.toFixed(1)).join(" ")).join("L")}`;
  }

  #drawLand() {
    if (this.#land === null || this.box === undefined) return;
    const { x, y, width, stretch } = this.box;
    const scale = this.#width / width;
    const worlds = [-360, 0, 360].filter((shift) => shift - 200 < x + width && shift + 200 > x);
    this.#layers.land.replaceChildren(
      ...worlds.map((shift) => {
        const [sx, sy] = [scale / 10, (scale * stretch) / 10];
        return draw("path", { d: this.#land, transform: `translate(${(shift - x) * scale} ${-y * scale}) scale(${sx} ${sy})` });
      }),
    );
  }

  #drawMarks(from, points, centre, columns, units) {
    const focused = [...this.#marks].find(([, { node }]) => node === document.activeElement)?.[0];
    const category = columns.find(({ kind }) => kind === "category");
    const kinds = [...new Set(points.map(({ cells }) => cells[category?.key] ?? null))];
    const others = kinds.filter((kind) => !(kind in KNOWN));
    const letterOf = (kind) => KNOWN[kind] ?? "bdeac"[others.indexOf(kind) % 5];
    this.#marks.clear();
    const nodes = points.map((point, index) => {
      const letter = letterOf(point.cells[category?.key] ?? null);
      const [x, y] = this.#project(near(point.lon, centre), point.lat);
      const words = placeWords(point, columns, units);
      const node = draw("g", {
        class: `place ${letter}${point.state === "provisional" ? " provisional" : ""}`,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        tabindex: index === 0 ? "0" : "-1",
        role: "button",
        "aria-label": words,
      }, draw("circle", { class: "reach", r: 12 }), draw("path", { d: SHAPES[letter] }));
      this.#marks.set(point.id, { id: point.id, node, x, y, words });
      node.addEventListener("pointerenter", () => this.#told.point(point.id));
      node.addEventListener("focus", () => this.#told.point(point.id));
      node.addEventListener("click", () => this.#told.open(point.id));
      return node;
    });
    if (from !== null) nodes.unshift(this.#home(from));
    this.#layers.marks.replaceChildren(...nodes.reverse()); // the best is drawn last, above the others
    this.#marks.get(focused)?.node.focus();
    this.#writeKey(category, kinds.filter((kind) => kind !== null), letterOf, from);
    this.point(this.#current);
  }

  #home({ lat, lon }) {
    const [x, y] = this.#project(lon, lat);
    return draw("g", { class: "home", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, draw("circle", { r: 7 }), draw("circle", { r: 2.5 }));
  }

  #writeKey(category, kinds, letterOf, from) {
    const entry = (node, words) => {
      const line = document.createElement("span");
      line.append(draw("svg", { class: "sample", viewBox: "-8 -8 16 16", "aria-hidden": "true" }, node), words);
      return line;
    };
    const home = from?.name ? [entry(draw("g", { class: "home" }, draw("circle", { r: 7 }), draw("circle", { r: 2.5 })), from.name)] : [];
    const marks = category === undefined ? [] : kinds.map((kind) =>
      entry(draw("g", { class: `place ${letterOf(kind)}` }, draw("path", { d: SHAPES[letterOf(kind)] })), String(kind)),
    );
    this.#key.replaceChildren(...home, ...marks);
  }

  #name({ x, y, words }) {
    const [back, text] = this.#label.children;
    text.textContent = words;
    this.#label.setAttribute("visibility", "visible");
    const width = text.getComputedTextLength() + 14;
    const left = Math.min(Math.max(4, x - width / 2), Math.max(4, this.#width - width - 4));
    const top = y > 40 ? y - 34 : y + 14;
    for (const [key, value] of Object.entries({ x: left, y: top, width, height: 22 })) back.setAttribute(key, String(value));
    text.setAttribute("x", String(left + 7));
    text.setAttribute("y", String(top + 15.5));
  }

  #onKey(event) {
    const ids = [...this.#marks.keys()];
    const at = ids.findIndex((id) => this.#marks.get(id).node === event.target);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: ids.length - 1 }[event.key];
    if (at < 0) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#told.open(ids[at]);
    } else if (to !== undefined) {
      event.preventDefault();
      const next = this.#marks.get(ids[(to + ids.length) % ids.length]);
      event.target.setAttribute("tabindex", "-1");
      next.node.setAttribute("tabindex", "0");
      next.node.focus();
    }
  }
}

/** "Aguadilla, 29 °C, 3 h 41": the first cell, then the temperature and the duration where there are any. */
function placeWords({ id, cells }, columns, units) {
  const [first] = visibleColumns(columns);
  const facts = ["temperature", "duration"].map((kind) => columns.find((column) => column.kind === kind));
  const words = facts.filter((column) => column && typeof cells[column.key] === "number");
  const name = first && cells[first.key] !== undefined ? formatWithUnit(cells[first.key], first, units) : id;
  return [name, ...words.map((column) => formatWithUnit(cells[column.key], column, units))].join(", ");
}
