/**
 * Following a run: one POST, or one GET to attach, read frame by frame, in order and without a gap, resumed when cut.
 *
 * No DOM. The end of a stream proves nothing: only run.finished ends a run. Whatever else ends the stream is a cut,
 * from which this reconnects by itself a few times and then says so (StreamCut).
 */

import { MalformedEvent, decodeEvent } from "./events.js";
import { FrameParser, FrameTooLarge } from "./frames.js";

/** The server said no before a stream began: a problem (RFC 9457). `hint` says what to try. */
export class Refused extends Error {
  constructor(status, { title, detail, hint } = {}, retryAfterMs = 0) {
    super(detail || title || `The server answered ${status}.`);
    this.name = "Refused";
    this.status = status;
    this.hint = hint ?? null;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer at all: no network, or no server. */
export class NotReachable extends Error {
  name = "NotReachable";
}

/** The stream ended before the run did and could not be resumed. `position` is where to attach again. */
export class StreamCut extends Error {
  constructor(message, position) {
    super(message);
    this.name = "StreamCut";
    this.position = position;
  }
}

/** What is wrong with one connection; another may do better. */
class Broken extends Error {}

/** Something else than our server answered. */
class NotAStream extends Broken {}

/** What was read before is no longer in the log. */
class Forgotten extends Broken {}

const CONNECTION_ERRORS = [Broken, NotReachable, Refused, MalformedEvent, FrameTooLarge];
const JSON_TYPE = "application/json";
const GONE = 410;
const HEARTBEAT = /^hb ([0-9]{1,15})$/;
/** A proxy says so when the server broke off, or was silent, before its first byte. */
const LOST_BEHIND_A_PROXY = [502, 504];
/** How often a question is sent again to a server that can't be reached: its answer may have been lost. */
const SOON = 2;

export const DEFAULTS = {
  fetch: (...args) => globalThis.fetch(...args),
  /** Without a byte for this long a connection counts as dead; the server sends something each 10 s. */
  stallMs: 30_000,
  /** About half a minute, so that a server may restart, or another node take over. */
  attempts: 10,
  /** A connection that lasted for so long was a good one, though nothing happened: counting begins anew. */
  settledMs: 15_000,
  firstWaitMs: 500,
  longestWaitMs: 8_000,
  random: Math.random,
  signal: undefined,
  /**
   * Called with {state: "live"}, {state: "reconnecting", attempt, attempts, waitMs, why}, {state: "heard", bytes},
   * {state: "frame", frame, step} (`step` is null where it is of no step) or {state: "head", seq}: how far the log is.
   */
  notify: () => {},
};

/**
 * Asks a question and yields the events of its run until run.finished.
 *
 * A `stream.snapshot` of no event at all among them says that the log has lost what was read: all before it is void.
 *
 * @throws {Refused | NotReachable | StreamCut | MalformedEvent}
 */
export function ask(body, settings = {}) {
  // The key makes the same question twice the same run: it can be sent again when its answer was lost.
  const key = newKey();
  const call = (options) => options.fetch("/assist", postJson(body, options.signal, { "Idempotency-Key": key }));
  return follow({ run: "", seq: 0 }, call, { ...DEFAULTS, ...settings });
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Yields the events of a run after `position.seq`, until run.finished.
 *
 * @param {{run: string, seq: number}} position
 * @throws {Refused | StreamCut}
 */
export function attach(position, settings = {}) {
  const options = { ...DEFAULTS, ...settings };
  return follow({ ...position }, (given) => resume(position, given), options);
}

/** Asks the server to end a run. Idempotent; the stream says when it has ended. */
export async function cancel(run, settings = {}) {
  const options = { ...DEFAULTS, ...settings };
  await accepted(options.fetch(`/runs/${encodeURIComponent(run)}/cancel`, postJson({}, options.signal)));
}


/** What can be asked: the list of `GET /pipelines`. */
export async function pipelines(settings = {}) {
  const options = { ...DEFAULTS, ...settings };
  const response = await accepted(options.fetch("/pipelines", { headers: { Accept: JSON_TYPE } }));
  return (await response.json()).pipelines ?? [];
}

const postJson = (body, signal, headers = {}) => ({
  method: "POST",
  headers: { "Content-Type": JSON_TYPE, Accept: "text/event-stream", ...headers },
  body: JSON.stringify(body),
  signal,
});

const resume = ({ run, seq }, { fetch, signal }) =>
  fetch(`/runs/${encodeURIComponent(run)}/events`, {
    headers: { Accept: "text/event-stream", "Last-Event-ID": `${run}.${seq}` },
    cache: "no-store",
    signal,
  });

async function* follow(position, call, options) {
  const { signal, notify, attempts, settledMs } = options;
  let failures = 0;
  let anew = false;
  for (;;) {
    const connection = { floorMs: 0, since: Infinity };
    let why;
    try {
      const response = await accepted(call(options));
      position.run ||= response.headers.get("Windowseat-Run") ?? "";
      for await (const event of readEvents(response, connection, options)) {
        if (!advance(position, event)) continue;
        failures = 0;
        if (anew) yield { type: "stream.snapshot", upto: 0, view: null };
        anew = false;
        yield event;
        if (event.type === "run.finished") return;
      }
      why = "the connection ended before the run did";
    } catch (error) {
      if (signal?.aborted) return;
      why = reasonToRetry(error, position, failures);
      if (error instanceof Forgotten || error.status === GONE) {
        if (anew) throw new StreamCut(error.message, { ...position });
        anew = true;
        position.seq = 0;
      }
      connection.floorMs = Math.max(connection.floorMs, error.retryAfterMs ?? 0);
    }
    failures = performance.now() - connection.since >= settledMs ? 1 : failures + 1;
    if (failures > attempts) {
      const words = position.run === "" ? `No run began: ${why}.` : `Not reconnected in ${attempts} attempts: ${why}.`;
      throw new StreamCut(words, { ...position });
    }
    const waitMs = backOff(failures, connection.floorMs, options);
    notify({ state: "reconnecting", attempt: failures, attempts, waitMs, why });
    await pause(waitMs, signal);
    if (signal?.aborted) return;
    if (position.run !== "") call = (given) => resume(position, given);
  }
}

/** Whether the event is the next one; one that is known already is not. */
function advance(position, event) {
  if (event.seq <= position.seq) return false;
  if (event.seq !== position.seq + 1) {
    throw new Broken(`event ${position.seq + 1} is missing before event ${event.seq}`);
  }
  position.seq = event.seq;
  if (event.type === "run.started") position.run = event.run;
  return true;
}

function reasonToRetry(error, position, failures) {
  const begun = position.run !== "";
  if (error instanceof Refused) {
    const temporary = error.status === 429 || error.status >= 500 || error.status === GONE;
    const lost = LOST_BEHIND_A_PROXY.includes(error.status) && failures < SOON;
    if (!(begun ? temporary : lost)) throw error;
  }
  if (error instanceof NotReachable && !begun && failures >= SOON) throw error;
  if (error instanceof NotAStream && !begun) throw new StreamCut(`No run began: ${error.message}.`, position);
  if (!CONNECTION_ERRORS.some((kind) => error instanceof kind)) throw error; // a bug of ours
  return error.message.replace(/\.$/, "");
}

async function accepted(answer) {
  let response;
  try {
    response = await answer;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new NotReachable("The server can't be reached. Is it running, and are you online?", { cause: error });
  }
  if (response.ok) return response;
  const after = Number(response.headers.get("Retry-After"));
  const problem = await response.json().catch(() => ({}));
  throw new Refused(response.status, problem ?? {}, after > 0 ? after * 1000 : 0);
}

/** The events of one connection. Its `stream.bye` and `retry` set how long to wait before the next one. */
async function* readEvents(response, connection, { stallMs, notify }) {
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    throw new NotAStream("what answered is not a stream of events");
  }
  notify({ state: "live" });
  connection.since = performance.now();
  const parser = new FrameParser();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, stallMs);
      if (done) return;
      notify({ state: "heard", bytes: value.length });
      for (const frame of parser.feed(value)) {
        const event = decoded(frame, notify);
        if (event.type === "stream.bye") {
          connection.floorMs = event.retry_ms;
          if (event.reason === "too_old") throw new Forgotten("the log has lost what was read");
        } else if (event.type !== "stream.snapshot") yield event;
      }
      const head = HEARTBEAT.exec(parser.comment);
      if (head !== null) notify({ state: "head", seq: Number(head[1]) });
      parser.comment = "";
      connection.floorMs = Math.max(connection.floorMs, parser.retry ?? 0);
    }
  } finally {
    reader.cancel().catch(() => {}); // already broken, or nobody wants the rest
  }
}

/** The event of a frame, which is shown as it came whether it can be read or not. */
function decoded(frame, notify) {
  let step = null;
  try {
    const event = decodeEvent(frame.data);
    step = event.step ?? null;
    return event;
  } finally {
    notify({ state: "frame", frame, step });
  }
}

async function readWithin(reader, ms) {
  let timer;
  const stalled = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Broken(`nothing was heard for ${Math.round(ms / 1000)} s`)), ms);
  });
  try {
    return await Promise.race([reader.read(), stalled]);
  } catch (error) {
    throw error instanceof Broken || error.name === "AbortError" ? error : new Broken("the connection was lost");
  } finally {
    clearTimeout(timer);
  }
}

/** Full jitter, so that many pages don't come back at the same moment; never before the server wants it. */
function backOff(failures, floorMs, { firstWaitMs, longestWaitMs, random }) {
  const ceiling = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1));
  return Math.round(floorMs + ceiling * random());
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
}
