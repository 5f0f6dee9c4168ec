/** The form: the question, examples to choose from, the options that the pipeline takes. */

import { element, link, setText } from "./dom.js";
import { cleanTree } from "./text.js";

const INPUTS = new Map([
  ["number", { type: "number", step: "any" }],
  ["flag", { type: "checkbox" }],
]);

const SENT_BY_ITSELF = new Set(["tz", "previous"]);

export class AskForm {
  #form;
  #parts;
  #pipelines = [];
  #previous = null;

  /**
   * @param {HTMLFormElement} form
   * @param {{question, examples, options, fields, choice, picker, title, attributions, refine, refining: HTMLElement}} parts
   * @param {{ask: (body: object) => void, choose: (pipeline: object) => void}} told
   */
  constructor(form, parts, told) {
    this.#form = form;
    this.#parts = parts;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      told.ask(this.#body());
    });
    parts.choice.addEventListener("change", () => told.choose(this.#show()));
  }

  /**
   * Shows what can be asked, as `GET /pipelines` has it.
   *
   * @returns the pipeline that is chosen now, or undefined if there is none
   */
  offer(pipelines) {
    this.#pipelines = cleanTree(pipelines);
    const { choice, picker } = this.#parts;
    const wanted = choice.value; // as the server drew it, or the reader chose meanwhile
    choice.replaceChildren(...this.#pipelines.map(({ name, title }) => element("option", { value: name }, title)));
    if (this.#pipelines.some(({ name }) => name === wanted)) choice.value = wanted;
    picker.hidden = this.#pipelines.length < 2;
    return this.#show();
  }

  /** Takes the pipeline called `name`, where there is one; what is written in the fields stays if it is that already. */
  choose(name) {
    const { choice } = this.#parts;
    if (choice.value === name || !this.#pipelines.some((one) => one.name === name)) return undefined;
    choice.value = name;
    return this.#show();
  }

  get #chosen() {
    return this.#pipelines.find(({ name }) => name === this.#parts.choice.value) ?? this.#pipelines[0];
  }

  #show() {
    const pipeline = this.#chosen;
    if (pipeline === undefined) return undefined;
    const { examples = [], options = [], attributions = [], title } = pipeline;
    setText(this.#parts.title, title);
    this.#parts.examples.replaceChildren(...examples.map((example) => this.#chip(example)));
    if (examples.length > 0) this.#parts.question.placeholder = examples[0];
    const offered = options.filter(({ key }) => !SENT_BY_ITSELF.has(key));
    this.#parts.fields.replaceChildren(...offered.map(field));
    this.#parts.options.hidden = offered.length === 0;
    this.#parts.attributions.replaceChildren(
      ...attributions.map(({ text, url }) => element("li", {}, link(text ?? "", url))),
    );
    return pipeline;
  }

  /**
   * Whether the next question may refine the answer that is shown: `view` is that of its run, or null. Only where the
   * pipeline takes follow-ups.
   */
  refinable(view) {
    const takes = view !== null && this.#chosen?.follow_ups === true;
    const run = takes && ["ok", "partial"].includes(view.state) ? view.run : null;
    if (run === this.#previous) return;
    this.#previous = run;
    this.#parts.refine.classList.toggle("off", run === null); // its place is kept: nothing below may move
    this.#parts.refining.checked = false;
  }

  #chip(example) {
    const button = element("button", { type: "button", class: "chip", dir: "auto" }, example);
    button.addEventListener("click", () => {
      this.#parts.question.value = example;
      this.#form.requestSubmit();
    });
    return element("li", {}, button);
  }

  #body() {
    const pipeline = this.#chosen?.name;
    const options = {};
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    if (timeZone) options.tz = timeZone;
    if (this.#previous !== null && this.#parts.refining.checked) options.previous = this.#previous;
    for (const input of this.#parts.fields.querySelectorAll("input")) {
      if (input.type === "checkbox" && input.checked) options[input.name] = true;
      else if (input.type === "number" && input.value !== "") options[input.name] = input.valueAsNumber;
      else if (input.type === "text" && input.value.trim() !== "") options[input.name] = input.value.trim();
    }
    return { q: this.#parts.question.value.trim(), ...(pipeline && { pipeline }), options };
  }
}

function field({ key, label, kind }) {
  const input = element("input", { name: key, autocomplete: "off", ...(INPUTS.get(kind) ?? { type: "text" }) });
  return element("label", {}, element("span", {}, label), input);
}
