/**
 * The page: wires the form, the session, the steps and the results.
 *
 * Events change the view at once and the page once a frame. Everything shown is text; nothing here knows a pipeline.
 */

import { AskForm } from "./ask.js";
import { setText } from "./dom.js";
import { columns, planSteps } from "./events.js";
import { Results } from "./results.js";
import { pipelines } from "./run.js";
import { Session } from "./session.js";
import { status } from "./status.js";
import { StepList } from "./steps.js";
import { EMPTY, waitingStep } from "./view.js";

const TICK_MS = 250;
const SLOW_FRAME_MS = 34;
const byId = (id) => document.getElementById(id);

class Page {
  #session = null;
  #preview = EMPTY;
  #due = false;
  #frameMs = 0;
  #shownKind = "";
  #steps = new StepList(byId("steps"), (sentence) => this.#say(sentence));
  #results = new Results({
    table: byId("rows-frame"),
    head: byId("rows-head"),
    body: byId("rows-body"),
    count: byId("rows-count"),
    empty: byId("rows-empty"),
    out: byId("out"),
    outCount: byId("out-count"),
    outList: byId("out-list"),
  });
  #form = new AskForm(
    byId("ask"),
    {
      question: byId("q"),
      examples: byId("examples"),
      options: byId("options"),
      fields: byId("fields"),
      choice: byId("pipeline"),
      picker: byId("picker"),
      title: byId("title"),
      attributions: byId("attributions"),
    },
    { ask: (body) => this.#ask(body), choose: (pipeline) => this.#choose(pipeline) },
  );

  async start() {
    byId("q").value ||= new URLSearchParams(location.search).get("q") ?? ""; // a link may bring the question
    byId("stop").addEventListener("click", () => this.#stop());
    byId("resume").addEventListener("click", () => this.#session.resume());
    setInterval(() => this.#session?.active && !this.#session.over && this.#schedule(), TICK_MS);
    try {
      this.#choose(this.#form.offer(await pipelines()));
    } catch (error) {
      this.#trouble(`What can be asked is not known: ${error.message} A question works all the same.`);
      if (!["Refused", "NotReachable", "MalformedEvent"].includes(error.name)) throw error;
    }
  }

  #choose(pipeline) {
    if (pipeline === undefined) return;
    const steps = planSteps(pipeline.plan ?? []).map(waitingStep);
    this.#preview = { ...EMPTY, steps, columns: columns(pipeline.columns ?? []) };
    if (this.#session === null) this.#steps.reset(steps);
  }

  #ask(body) {
    const earlier = this.#session;
    if (earlier?.active && !earlier.over) {
      // Nobody looks at the earlier run any more: let it not go on at somebody's cost. It may have ended by itself.
      earlier.cancel().catch(() => {});
    }
    earlier?.leave();
    this.#trouble("");
    byId("said").replaceChildren();
    const session = new Session(() => session === this.#session && this.#schedule());
    this.#session = session;
    this.#steps.reset(this.#preview.steps);
    document.body.dataset.phase = "asked";
    document.title = body.q ? `${body.q} · Windowseat` : "Windowseat";
    session.ask(body);
    this.#schedule();
  }

  async #stop() {
    try {
      await this.#session.cancel();
    } catch (error) {
      this.#trouble(`The run could not be stopped: ${error.message}`);
    }
  }

  #schedule() {
    if (this.#due) return;
    this.#due = true;
    const paint = () => {
      const began = performance.now();
      this.#due = false;
      this.#paint();
      setTimeout(() => (this.#frameMs = performance.now() - began)); // after the browser's own layout and drawing
    };
    // A long table is dear to lay out: then it is drawn less often, so that the tab stays at hand.
    if (this.#frameMs < SLOW_FRAME_MS) requestAnimationFrame(paint);
    else setTimeout(() => requestAnimationFrame(paint), 2 * this.#frameMs);
  }

  #paint() {
    const session = this.#session;
    const view = session.view.state === "new" ? this.#preview : session.view;
    this.#steps.render(view.steps, session.now(), session.connection.state === "live" && !session.over);
    this.#results.render(view);
    const { kind, text, hint = "", canStop = false, canResume = false } = status(session, performance.now());
    document.body.dataset.run = kind;
    setText(byId("status-text"), text);
    setText(byId("status-hint"), hint);
    byId("stop").hidden = !canStop;
    byId("resume").hidden = !canResume;
    if (kind !== this.#shownKind && kind !== "running") this.#say([text, hint].filter(Boolean).join(" "));
    this.#shownKind = kind;
  }

  #trouble(text) {
    setText(byId("trouble"), text);
    byId("trouble").hidden = text === "";
  }

  /** Adds a sentence to the live region, where a screen reader says it once. */
  #say(sentence) {
    const line = document.createElement("p");
    line.textContent = sentence;
    byId("said").append(line);
    while (byId("said").childElementCount > 30) byId("said").firstElementChild.remove();
  }
}

await new Page().start();
