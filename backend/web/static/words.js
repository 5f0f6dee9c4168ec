/** A run in words: states, times, one line for a step. Pure; no DOM, no clock. */

const STATES = new Map(
  Object.entries({
    waiting: "waiting",
    running: "running",
    retrying: "trying again",
    ok: "done",
    degraded: "done, in part",
    failed: "failed",
    skipped: "skipped",
    cancelled: "cancelled",
  }),
);

/** The state of a step, never by colour alone. */
export const stateWord = (state) => STATES.get(state) ?? state;

/** What something took: "440 ms", "4.1 s", "2 min 05 s". */
export function duration(ms) {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** How long something has lasted so far, in whole seconds: a tick must not flicker. */
export const ticking = (ms) => (ms < 60_000 ? `${Math.floor(Math.max(0, ms) / 1000)} s` : duration(ms));

/** How long a step has run by `now`, or took; null for one that never began. Both in ms since the run began. */
export function elapsed(step, now) {
  if (step.state === "skipped") return null;
  if (step.ms !== null) return step.ms;
  return step.started === null ? null : Math.max(0, now - step.started);
}

/** "12 of 21 cities", or "" without progress. */
export function progress({ done, total, unit }) {
  if (done === null) return "";
  return [total === null ? `${done}` : `${done} of ${total}`, unit].filter(Boolean).join(" ");
}

/** One line that says where a step is. */
export function outcome(step) {
  if (step.state === "failed" && step.error) return step.error.message;
  if (step.state === "running") return [step.say, progress(step)].filter(Boolean).join(" · ");
  if (step.state === "retrying") {
    const when = step.retry_in_ms ? ` in ${duration(step.retry_in_ms)}` : "";
    return `${step.error?.message ?? step.say} Trying again${when}.`;
  }
  return step.say;
}

/** What is said aloud when a step has ended. */
export const spoken = (step, number) => `Step ${number}, ${step.title}: ${stateWord(step.state)}. ${outcome(step)}`;

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/** "21 rows so far · 4 left out" */
export function tally(shown, out, over) {
  const rows = count(shown, "result", "results") + (over ? "" : " so far");
  return out === 0 ? rows : `${rows} · ${out} left out`;
}

/** "1.4 kB" */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/** A day, or a moment in the reader's time zone, in words: "19 August 2026", "28 Nov 2026, 14:05"; what is neither stays. */
export function moment(text, timeZone) {
  const isDay = DAY.test(text);
  const time = isDay || MOMENT.test(text) ? new Date(text) : null;
  if (time === null || Number.isNaN(time.getTime())) return text;
  const form = isDay ? { dateStyle: "long", timeZone: "UTC" } : { dateStyle: "medium", timeStyle: "short", timeZone };
  return new Intl.DateTimeFormat("en-GB", form).format(time);
}

/** The facts of one call to the outside, as pairs of label and text; what is not known is left out. */
export function callFacts(evidence) {
  const request = Object.entries(evidence.request).map(([key, value]) => `${key}=${asText(value)}`);
  return [
    ["status", String(evidence.status)],
    ["took", duration(evidence.ms)],
    ["asked", request.join(" ")],
    ["received", evidence.bytes ? size(evidence.bytes) : ""],
    ["as of", moment(evidence.as_of ?? "")],
    ["from cache", evidence.cached ? "yes" : ""],
    ["retries", evidence.retries ? String(evidence.retries) : ""],
  ].filter(([, text]) => text !== "");
}

/** A JSON value on one line. */
export const asText = (value) =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : JSON.stringify(value);
