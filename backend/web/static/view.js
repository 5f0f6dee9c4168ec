/**
 * What a run looks like after any of its events: `fold(view, event) -> view`. The twin of shared/view.py, whose rules
 * these are; shared vectors prove that both reach the same state after every event.
 *
 * Pure and total: views are never changed, and what an event leaves alone keeps its identity, so that whoever draws
 * can compare by `===`.
 */

export const EMPTY = Object.freeze({
  upto: 0,
  t: 0,
  run: "",
  pipeline: "",
  title: "",
  question: "",
  started_at: "",
  columns: [],
  steps: [],
  rows: [],
  notices: [],
  state: "new",
  say: "",
  ms: null,
  degraded: [],
  error: null,
  order: null,
});

/** A step of the plan before anything of it is known. */
export const waitingStep = ({ id, title, needs, parent, optional }) => ({
  id,
  title,
  needs,
  parent,
  optional,
  state: "waiting",
  attempt: 0,
  say: "",
  started: null,
  ms: null,
  done: null,
  total: null,
  unit: null,
  log: [],
  text: "",
  reasoning: "",
  detail: null,
  error: null,
  retry_in_ms: null,
});

/** Whether run.finished was seen: only then is the run over, whatever the connection says. */
export const finished = (view) => !["new", "running", "cancelling"].includes(view.state);

/** The rows that are in, best first once the run said its order, else as they came. */
export function shownRows(view) {
  const rows = view.rows.filter((row) => row.state !== "removed");
  if (view.order === null) return rows;
  const rank = new Map(view.order.map((id, place) => [id, place]));
  const place = (row) => rank.get(row.id) ?? rank.size;
  return rows.sort((one, other) => place(one) - place(other));
}

export const leftOut = (view) => view.rows.filter((row) => row.state === "removed");

/**
 * How to number steps for a reader: neighbours that wait for the same steps run at the same time and share a number:
 * 1, 2a, 2b, 3 …
 */
export function stepNumbers(steps) {
  const groups = [];
  for (const step of steps) {
    const key = JSON.stringify([...new Set(step.needs)].sort());
    if (groups.at(-1)?.key === key) groups.at(-1).size += 1;
    else groups.push({ key, size: 1 });
  }
  return groups.flatMap(({ size }, index) =>
    size === 1 ? [`${index + 1}`] : Array.from({ length: size }, (_, place) => `${index + 1}${letter(place)}`),
  );
}

/** a … z, aa, ab … */
const letter = (place) =>
  (place < 26 ? "" : letter(Math.floor(place / 26) - 1)) + "abcdefghijklmnopqrstuvwxyz".charAt(place % 26);

/** The view after one more event; an event that was folded before changes nothing. */
export function fold(view, event) {
  if (event.seq <= view.upto) return view;
  const next = { ...view, upto: event.seq, t: Math.max(view.t, event.t) };
  switch (event.type) {
    case "run.started":
      return runStarted(next, event);
    case "run.notice":
      return {
        ...next,
        notices: [...view.notices, { t: event.t, kind: event.kind, text: event.text }],
        state: event.kind === "cancelling" && !finished(view) ? "cancelling" : view.state,
      };
    case "run.finished": {
      const { status: state, say, ms, degraded, error, order } = event;
      return { ...next, state, say, ms, degraded, error, order };
    }
    default:
      return event.step === undefined ? next : stepEvent(next, event);
  }
}

function runStarted(view, { run, pipeline, title, question, started_at, columns, plan }) {
  const steps = plan.map(waitingStep);
  return { ...view, run, pipeline, title, question, started_at, columns, steps, state: "running" };
}

function stepEvent(view, event) {
  const index = view.steps.findIndex((step) => step.id === event.step);
  const step = view.steps[index];
  if (step === undefined || event.attempt < step.attempt) return view;
  if (event.type === "rows.changed") return { ...view, rows: changeRows(view.rows, event) };
  const again = event.type === "step.started" && event.attempt > 1;
  return {
    ...view,
    rows: again ? withoutLayersOf(view.rows, event.step) : view.rows,
    steps: view.steps.map((other) => (other === step ? changeStep(step, event) : other)),
  };
}

function changeStep(step, event) {
  const { attempt, t } = event;
  switch (event.type) {
    case "step.started":
      // Earlier attempts' calls stay: they are evidence.
      return { ...waitingStep(step), state: "running", attempt, say: event.say, started: t, log: step.log };
    case "step.progress":
      return { ...step, done: event.done, total: event.total, unit: event.unit };
    case "step.log": {
      const { level, text, evidence } = event;
      return { ...step, log: [...step.log, { t, attempt, level, text, evidence }] };
    }
    case "step.token":
      return event.kind === "reasoning"
        ? { ...step, reasoning: step.reasoning + event.text }
        : { ...step, text: step.text + event.text };
    case "step.finished": {
      const { say, ms, detail, error, retry_in_ms } = event;
      const state = retry_in_ms !== null ? "retrying" : event.status;
      return { ...step, state, attempt, say, ms, detail, error, retry_in_ms };
    }
    default:
      return step;
  }
}

function changeRows(rows, { step, upsert, remove }) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const layersOf = (id) => byId.get(id)?.layers ?? [];
  const put = (id, layer) => {
    byId.set(id, makeRow(id, [...layersOf(id).filter((other) => other.step !== step), layer]));
  };
  const mine = (id) => layersOf(id).find((layer) => layer.step === step);
  for (const { id, cells, state, from } of upsert) {
    const old = mine(id);
    put(id, { step, cells: { ...old?.cells, ...cells }, state, from: { ...old?.from, ...from }, why: null });
  }
  for (const { id, why } of remove) {
    put(id, { ...(mine(id) ?? { step, cells: {}, state: null, from: {} }), why });
  }
  return [...byId.values()];
}

function withoutLayersOf(rows, step) {
  const kept = [];
  for (const row of rows) {
    const layers = row.layers.filter((layer) => layer.step !== step);
    if (layers.length === row.layers.length) kept.push(row);
    else if (layers.length > 0) kept.push(makeRow(row.id, layers));
  }
  return kept;
}

function makeRow(id, layers) {
  let cells = {};
  let from = {};
  for (const layer of layers) {
    // Spreading defines keys; assigning would call the setter of one named __proto__.
    cells = { ...cells, ...layer.cells };
    from = { ...from, ...layer.from };
  }
  const { state, why } = layers.at(-1);
  return { id, cells, state: why !== null ? "removed" : (state ?? "provisional"), from, why, layers };
}
