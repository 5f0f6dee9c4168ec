/** The wire, for the curious: the last frames as they came, how many, how far, and when anything was last heard. */

import { element, setText } from "./dom.js";
import { size } from "./words.js";

const SHOWN = 60;
const LONGEST = 4_000;

function keep(frames, text) {
  frames.push(text);
  if (frames.length > SHOWN) frames.shift();
}

export class Wire {
  #parts;
  #frames = [];
  #drawnUpTo = 0;
  #count = 0;
  #bytes = 0;
  #last = "";
  #ofStep = new Map();

  /** @param {{panel, line, list: HTMLElement}} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.panel.addEventListener("toggle", () => this.render(0));
  }

  reset() {
    this.#frames = [];
    this.#drawnUpTo = this.#count = this.#bytes = 0;
    this.#last = "";
    this.#ofStep.clear();
    this.#parts.list.replaceChildren();
  }

  /** @param {{id: string, data: string}} frame; @param {string | null} step whose frame it is */
  frame({ id, data }, step = null) {
    this.#count += 1;
    this.#last = id || this.#last;
    const text = `id: ${id}\ndata: ${data.length > LONGEST ? `${data.slice(0, LONGEST)}…` : data}`;
    keep(this.#frames, text);
    if (step === null) return;
    const mine = this.#ofStep.get(step) ?? { count: 0, frames: [] };
    mine.count += 1;
    keep(mine.frames, text);
    this.#ofStep.set(step, mine);
  }

  /** The last frames of a step as they came, and how many there were. */
  framesOf(step) {
    return this.#ofStep.get(step) ?? { count: 0, frames: [] };
  }

  bytes(count) {
    this.#bytes += count;
  }

  /** @param {number} silence ms since the last byte came */
  render(silence, connection = "") {
    const { panel, line, list } = this.#parts;
    const heard = connection === "over" || this.#count === 0 ? "" : ` · last byte ${Math.floor(silence / 1000)} s ago`;
    setText(line, this.#count === 0 ? "nothing yet" : `${this.#count} frames · ${size(this.#bytes)} · last id ${this.#last.split(".").at(-1)}${heard}`);
    if (!panel.open || this.#drawnUpTo === this.#count) return;
    const fresh = this.#frames.slice(-Math.min(this.#count - this.#drawnUpTo, SHOWN));
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...fresh.map((text) => element("li", {}, element("pre", {}, text))));
    while (list.childElementCount > SHOWN) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
    this.#drawnUpTo = this.#count;
  }
}
