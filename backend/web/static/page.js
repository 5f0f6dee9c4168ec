/**
 * The page: wires the form, the session, the steps, the results and the map. `/` asks; `/runs/<id>` is the page of a run.
 *
 * Events change the view at once and the page once a frame. Everything shown is text; nothing here knows a pipeline.
 */

import { AskForm } from "./ask.js";
import { conversion } from "./cells.js";
import { element, setText } from "./dom.js";
import { columns, planSteps } from "./events.js";
import { WorldMap } from "./map.js";
import * as memory from "./memory.js";
import { Results } from "./results.js";
import { pipelines } from "./run.js";
import { download, toCsv, toJson } from "./save.js";
import { Session } from "./session.js";
import { status } from "./status.js";
import { StepList } from "./steps.js";
import { EMPTY, waitingStep } from "./view.js";
import { Wire } from "./wire.js";

const TICK_MS = 250;
const SLOW_FRAME_MS = 34;
const RUN_PATH = /^\/runs\/([a-z2-7]{1,64})\/?$/;
const FOREIGN = { temperature: "F", distance: "mi" };
const byId = (id) => document.getElementById(id);

class Page {
  #session = null;
  #asked = false;
  #preview = EMPTY;
  #due = false;
  #frameMs = 0;
  #shownKind = "";
  #linked = "";
  #units = memory.units();
  #steps = new StepList(byId("steps"), (sentence) => this.#say(sentence), (step) => this.#wire.framesOf(step));
  #wire = new Wire({ panel: byId("wire"), line: byId("wire-line"), list: byId("wire-list") });
  #results = new Results(
    {
      table: byId("rows-frame"),
      head: byId("rows-head"),
      body: byId("rows-body"),
      count: byId("rows-count"),
      empty: byId("rows-empty"),
      out: byId("out"),
      outCount: byId("out-count"),
      outList: byId("out-list"),
      tools: byId("tools"),
      filter: byId("filter"),
      nothing: byId("rows-nothing"),
    },
    { point: (id) => this.#point(id), arranged: () => this.#paint() },
  );
  #map = new WorldMap(byId("map"), {
    point: (id) => this.#point(id),
    open: (id) => this.#results.open(id),
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
      refine: byId("refine"),
      refining: byId("refining"),
    },
    { ask: (body) => this.#ask(body), choose: (pipeline) => this.#choose(pipeline) },
  );

  async start() {
    byId("q").value ||= new URLSearchParams(location.search).get("q") ?? ""; // a link may bring the question
    byId("stop").addEventListener("click", () => this.#stop());
    byId("resume").addEventListener("click", () => this.#session.resume());
    byId("copy").addEventListener("click", () => this.#copyLink());
    byId("csv").addEventListener("click", () => this.#save("csv", "text/csv", toCsv));
    byId("json").addEventListener("click", () => this.#save("json", "application/json", toJson));
    byId("forget").addEventListener("click", () => this.#forget());
    this.#offerUnits();
    this.#listRuns();
    addEventListener("popstate", () => this.#follow());
    setInterval(() => this.#session?.active && !this.#session.over && this.#schedule(), TICK_MS);
    this.#follow();
    try {
      this.#choose(this.#form.offer(await pipelines()));
    } catch (error) {
      this.#trouble(`What can be asked is not known: ${error.message} A question works all the same.`);
      if (!["Refused", "NotReachable", "MalformedEvent"].includes(error.name)) throw error;
    }
  }

  /** Shows what the address names: a run, or the empty page. */
  #follow() {
    const run = RUN_PATH.exec(location.pathname)?.[1];
    if (run === undefined) {
      if (this.#session !== null) this.#idle();
    } else if (run !== this.#session?.view.run) {
      this.#begin((session) => session.attach(run), false);
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
    if (earlier?.active && !earlier.over && this.#asked) {
      // Nobody looks at the earlier run any more: let it not go on at somebody's cost. It may have ended by itself.
      earlier.cancel().catch(() => {});
    }
    this.#begin((session) => session.ask(body), true);
    document.title = body.q ? `${body.q} · Windowseat` : "Windowseat";
  }

  #begin(go, asked) {
    this.#session?.leave();
    this.#asked = asked;
    this.#linked = "";
    this.#trouble("");
    byId("said").replaceChildren();
    this.#wire.reset();
    this.#results.reset();
    const session = new Session(() => session === this.#session && this.#schedule(), { wire: this.#wire });
    this.#session = session;
    this.#steps.reset(this.#preview.steps);
    document.body.dataset.phase = "asked";
    go(session);
    this.#schedule();
  }

  #idle() {
    this.#session.leave();
    this.#session = null;
    document.body.dataset.phase = document.body.dataset.run = "idle";
    document.body.dataset.line = "";
    document.title = "Windowseat";
    this.#form.refinable(null);
    this.#steps.reset(this.#preview.steps);
    this.#results.reset();
    this.#results.render(this.#preview, this.#units);
    this.#map.render(this.#preview, [], this.#units);
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
    if (session === null) return;
    const view = session.view.state === "new" ? this.#preview : session.view;
    this.#steps.render(view.steps, session.now(), session.connection.state === "live" && !session.over);
    this.#paintUnits(view);
    this.#results.render(view, this.#units);
    this.#map.render(view, this.#results.arranged(view), this.#units);
    this.#wire.render(performance.now() - session.heardAt, session.over ? "over" : session.connection.state);
    if (view.run !== "" && view.run !== this.#linked) this.#arrived(view);
    this.#form.refinable(session.over ? view : null);
    this.#paintStatus(session);
  }

  #paintStatus(session) {
    const { kind, line = "", text, hint = "", canStop = false, canResume = false } = status(session, performance.now());
    document.body.dataset.run = kind;
    document.body.dataset.line = line;
    setText(byId("status-text"), text);
    setText(byId("status-hint"), hint);
    byId("stop").hidden = !canStop;
    byId("resume").hidden = !canResume;
    byId("copy").hidden = session.view.run === "";
    const told = `${kind} ${line === "behind" ? line : ""}`;
    if (told !== this.#shownKind && told !== "running ") this.#say([text, hint].filter(Boolean).join(" "));
    this.#shownKind = told;
  }

  /** The run has a name: its page has an address, and this browser remembers it. */
  #arrived({ run, question, started_at, pipeline }) {
    const path = `/runs/${run}`;
    if (location.pathname !== path) history.pushState(null, "", path);
    this.#linked = run;
    memory.rememberRun(run, question, started_at);
    this.#listRuns();
    if (this.#asked) return;
    this.#choose(this.#form.choose(pipeline));
    byId("q").value = question;
    document.title = `${question} · Windowseat`;
  }

  #point(id) {
    this.#map.point(id);
    this.#results.point(id);
  }

  #listRuns() {
    const known = memory.runs();
    byId("forget").hidden = known.length === 0;
    if (known.length === 0) byId("runs-list").replaceChildren(element("li", {}, "Nothing yet."));
    else byId("runs-list").replaceChildren(
      ...known.map(({ run, question, at }) => {
        const when = new Date(at);
        const day = Number.isNaN(when.getTime()) ? "" : when.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
        const time = element("span", { class: "at" }, day);
        return element("li", {}, element("a", { href: `/runs/${encodeURIComponent(run)}`, dir: "auto" }, question), " ", time);
      }),
    );
  }

  #forget() {
    memory.forgetRuns();
    this.#listRuns();
  }

  /** Units are offered where a column has them. */
  #paintUnits({ columns }) {
    for (const input of document.querySelectorAll("#units input")) {
      input.parentElement.hidden = !columns.some((column) => conversion(column, { [input.name]: FOREIGN[input.name] }));
    }
  }

  #offerUnits() {
    for (const input of document.querySelectorAll("#units input")) {
      input.checked = this.#units[input.name] === input.value;
      input.addEventListener("change", () => {
        this.#units = { ...this.#units, [input.name]: input.value };
        memory.rememberUnits(this.#units);
        this.#paint();
      });
    }
  }

  async #copyLink() {
    const said = await navigator.clipboard?.writeText(location.href).then(
      () => "Link copied.",
      () => null,
    );
    this.#trouble(said ? "" : `The link could not be copied. It is ${location.href}`);
    if (said) {
      this.#say(said);
      setText(byId("copy"), "Copied");
      setTimeout(() => setText(byId("copy"), "Copy link"), 2_000);
    }
  }

  #save(suffix, type, text) {
    const { view } = this.#session;
    download(`windowseat-${view.run.slice(0, 8)}.${suffix}`, type, text(view));
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
