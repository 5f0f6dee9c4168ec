/** The wire, for the curious: the last frames as they came, how many, how far, and when anything was last heard. */

import { element, setText } from "./dom.js";
import { size } from "./words.js";

const SHOWN = 60;
const LONGEST = 4_000;

export class Wire {
  #parts;
  #frames = [];
  #drawnUpTo = 0;
  #count = 0;
  #bytes = 0;
  #last = "";

  /** @param {{panel, line, list: HTMLElement}} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.panel.addEventListener("toggle", () => this.render(0));
  }

  reset() {
    this.#frames = [];
    this.#drawnUpTo = this.#count = this.#bytes = 0;
    this.#last = "";
    this.#parts.list.replaceChildren();
  }

  /** @param {{id: string, data: string}} frame */
  frame({ id, data }) {
    this.#count += 1;
    this.#last = id || this.#last;
    this.#frames.push(`id: ${id}\ndata: ${data.length > LONGEST ? `${data.slice(0, LONGEST)}…` : data}`);
    if (this.#frames.length > SHOWN) this.#frames.shift();
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
