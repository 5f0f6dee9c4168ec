/** The steps of a run: one line each, in the order of the plan, each one open to inspection. */

import { element, setText, tree } from "./dom.js";
import { stepNumbers } from "./view.js";
import { callFacts, duration, elapsed, outcome, spoken, stateWord, ticking } from "./words.js";

const OPENS_ITSELF = new Set(["failed", "degraded"]);
const WRITTEN = { tabindex: "0", role: "region", "aria-label": "What the language model wrote" };
const THOUGHT = { ...WRITTEN, "aria-label": "What the language model thought on the way" };
const EXCERPT = { tabindex: "0", role: "region", "aria-label": "What it answered" };
const RAW = { tabindex: "0", role: "region", "aria-label": "The frames of this step, as they came" };
const ENDED = new Set(["ok", "degraded", "failed", "skipped", "cancelled"]);

/** Draws a plan and keeps it in step with the view. What the reader opened or closed stays as it is. */
export class StepList {
  #list;
  #say;
  #framesOf;
  #rows = [];
  #plan = "";

  /**
   * @param {HTMLOListElement} list
   * @param {(sentence: string) => void} say told about each step that has ended, once
   * @param {(step: string) => {count: number, frames: string[]}} framesOf the last frames of a step
   */
  constructor(list, say, framesOf) {
    this.#framesOf = framesOf;
    this.#list = list;
    this.#say = say;
  }

  /** Begins anew: the plan of a run that has not started. */
  reset(steps) {
    this.#plan = "";
    this.render(steps, 0, false);
  }

  /** @param {number} now ms since the run began; @param {boolean} moving whether time still passes for this run */
  render(steps, now, moving) {
    if (steps.length === 0) return; // not known yet: what the server drew stays
    const plan = JSON.stringify(steps.map(({ id, title, needs }) => [id, title, needs]));
    if (plan !== this.#plan) {
      this.#plan = plan;
      const numbers = stepNumbers(steps);
      this.#rows = steps.map((step, index) => new StepRow(step, numbers[index], steps, this.#framesOf));
      this.#list.replaceChildren(...this.#rows.map((row) => row.node));
    }
    steps.forEach((step, index) => this.#rows[index].render(step, now, moving, this.#say));
  }
}

class StepRow {
  #number;
  #step = null;
  #touched = false;
  #parts;
  #body;

  constructor(step, number, plan, framesOf) {
    this.#number = number;
    const part = (name, kind = "span") => element(kind, { class: name });
    this.#parts = { word: part("visually-hidden"), say: part("say"), time: part("time"), bar: part("bar") };
    this.#parts.say.dir = "auto";
    const { word, say, time, bar } = this.#parts;
    const summary = element(
      "summary",
      {},
      element("span", { class: "mark", "aria-hidden": "true" }),
      element("span", { class: "number" }, number),
      element("span", { class: "title", dir: "auto" }, step.title),
      word,
      say,
      time,
      bar,
    );
    this.#body = new StepBody(step, plan, () => framesOf(step.id));
    this.details = element("details", {}, summary, this.#body.node);
    summary.addEventListener("click", () => (this.#touched = true));
    this.details.addEventListener("toggle", () => this.#body.render(this.#step, this.details.open));
    this.node = element("li", { class: step.parent === null ? "step" : "step child" }, this.details);
  }

  render(step, now, moving, say) {
    if (step.state === "running" || step !== this.#step) this.#tick(step, now, moving);
    if (step === this.#step) return;
    const before = this.#step?.state;
    this.#step = step;
    this.node.dataset.state = step.state;
    setText(this.#parts.word, ` (${stateWord(step.state)}) `);
    setText(this.#parts.say, outcome(step));
    const share = step.state === "running" && step.total ? step.done / step.total : 0;
    this.#parts.bar.style.setProperty("--share", share.toFixed(3));
    if (before !== undefined && before !== step.state && ENDED.has(step.state)) say(spoken(step, this.#number));
    if (OPENS_ITSELF.has(step.state) && !this.#touched) this.details.open = true;
    this.#body.render(step, this.details.open);
  }

  #tick(step, now, moving) {
    const ms = elapsed(step, now);
    if (ms !== null && (moving || step.ms !== null || this.#parts.time.textContent === "")) {
      setText(this.#parts.time, step.ms === null ? ticking(ms) : duration(ms));
    } else if (ms === null) {
      setText(this.#parts.time, "");
    }
  }
}

/** What is inside a step, made when it is first opened and then only added to. */
class StepBody {
  #waits;
  #drawn = null;
  #lines = 0;
  #error = element("div", { class: "trouble" });
  #log = element("ul", { class: "log" });
  #reasoning = element("pre", { ...THOUGHT, class: "model thought", dir: "auto" });
  #text = element("pre", { ...WRITTEN, class: "model", dir: "auto" });
  #detail = element("div", { class: "detail" });
  #note = element("p", { class: "note" });
  #rawText = element("pre", RAW);
  #rawCount = element("span", { class: "count" });
  #raw = element("details", { class: "raw" }, element("summary", {}, "Raw frames", this.#rawCount), this.#rawText);
  #frames;

  constructor(step, plan, frames) {
    this.#frames = frames;
    this.#raw.addEventListener("toggle", () => this.#drawRaw());
    const titles = step.needs.map((id) => plan.find((other) => other.id === id)?.title ?? id);
    this.#waits = titles.length === 0 ? "It begins at once." : `It begins after: ${titles.join(", ")}.`;
    const written = [this.#reasoning, this.#text];
    this.node = element("div", { class: "body" }, this.#note, this.#error, this.#detail, this.#log, ...written, this.#raw);
  }

  render(step, open) {
    if (!open || step === null || step === this.#drawn) return;
    this.#drawNote(step);
    if (step.error !== this.#drawn?.error) this.#drawError(step.error);
    if (step.detail !== this.#drawn?.detail) {
      this.#detail.replaceChildren(...(step.detail === null ? [] : [tree(step.detail)]));
    }
    if (step.log.length < this.#lines) {
      this.#lines = 0;
      this.#log.replaceChildren();
    }
    this.#log.append(...step.log.slice(this.#lines).map(logLine));
    this.#lines = step.log.length;
    drawText(this.#reasoning, step.reasoning);
    drawText(this.#text, step.text);
    this.#drawRaw();
    this.#drawn = step;
  }

  #drawRaw() {
    const { count, frames } = this.#frames();
    this.#raw.hidden = count === 0;
    setText(this.#rawCount, count > frames.length ? `the last ${frames.length} of ${count}` : `${count}`);
    if (this.#raw.open) setText(this.#rawText, frames.join("\n\n"));
  }

  #drawNote(step) {
    const attempts = step.attempt > 1 ? `Attempt ${step.attempt}. ` : "";
    const written = step.text !== "" || step.reasoning !== "";
    const quiet = step.log.length === 0 && !written && step.detail === null && step.error === null;
    const rest = step.state === "waiting" ? this.#waits : quiet ? "Nothing more to tell." : "";
    setText(this.#note, attempts + rest);
  }

  #drawError(error) {
    const parts = error === null ? [] : [element("p", {}, error.message)];
    if (error?.hint) parts.push(element("p", { class: "hint" }, error.hint));
    if (error) parts.push(element("p", { class: "code" }, error.code));
    this.#error.replaceChildren(...parts);
  }
}

function drawText(node, text) {
  const shown = node.firstChild;
  if (shown !== null && text.startsWith(shown.data)) shown.appendData(text.slice(shown.data.length));
  else node.replaceChildren(text);
}

function logLine({ t, level, text, evidence }) {
  const time = element("span", { class: "at" }, duration(t));
  const words = element("span", { class: "words", dir: "auto" }, level === "info" ? text : `${level}: ${text}`);
  if (evidence === null) return element("li", { "data-level": level }, time, words);
  const facts = callFacts(evidence).map(([label, value]) =>
    element("div", {}, element("dt", {}, label), element("dd", { dir: "auto" }, value)),
  );
  const excerpt = evidence.excerpt === null ? null : element("pre", EXCERPT, evidence.excerpt);
  const source = element("span", { class: "source" }, `${evidence.source} · ${evidence.operation}`);
  const call = element("details", {}, element("summary", {}, words, source), element("dl", {}, ...facts), excerpt);
  return element("li", { "data-level": level }, time, call);
}
