/**
 * The events of a run (PROTOCOL.md, Events): the JSON of a frame becomes a checked, complete object.
 *
 * Fields that are absent get their defaults, unknown fields are dropped, every string is cleaned. An event of an
 * unknown type keeps `type`, `seq` and `t`. The twin of shared/events.py.
 */

import { cleanTree } from "./text.js";

/** An event that breaks the protocol: the server's fault. */
export class MalformedEvent extends Error {
  name = "MalformedEvent";
}

const check = (test, what) => (value, where) => {
  if (!test(value)) throw new MalformedEvent(`${where} must be ${what}`);
  return value;
};
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const text = check((value) => typeof value === "string", "a text");
const integer = check(Number.isInteger, "a whole number");
const flag = check((value) => typeof value === "boolean", "true or false");
const object = check(isObject, "an object");
const array = check(Array.isArray, "a list");
const word = check((value) => typeof value === "string" || Number.isInteger(value), "a word or a whole number");
const anything = (value) => value ?? null;

/** A field that may be absent; `fallback` is made anew for each event. */
const optional = (type, fallback = () => null) => {
  const read = (value, where) => (value === undefined || value === null ? fallback() : type(value, where));
  read.optional = true;
  return read;
};
const list = (type) => (value, where) => array(value, where).map((item, index) => type(item, `${where}[${index}]`));
const struct = (fields) => {
  const entries = Object.entries(fields);
  return (value, where) => {
    object(value, where);
    const result = {};
    for (const [key, type] of entries) {
      if (value[key] === undefined && !type.optional) throw new MalformedEvent(`${where} has no ${key}`);
      result[key] = type(value[key], `${where}.${key}`);
    }
    return result;
  };
};
const none = () => [];
const empty = () => ({});
const any = optional(anything);

const PLAN_STEP = struct({
  id: text,
  title: text,
  needs: optional(list(text), none),
  parent: optional(text),
  optional: optional(flag, () => false),
});
const COLUMN = struct({ key: text, label: text, kind: text, unit: optional(text) });
const EVIDENCE = struct({
  id: text,
  source: text,
  operation: text,
  request: optional(object, empty),
  status: word,
  ms: integer,
  cached: optional(flag, () => false),
  retries: optional(integer, () => 0),
  bytes: optional(integer, () => 0),
  as_of: optional(text),
  excerpt: optional(text),
});
const ERROR = struct({ code: text, message: text, hint: optional(text), retryable: flag });
const UPSERT = struct({ id: text, cells: object, state: text, from: optional(object) });
const REMOVAL = struct({ id: text, why: text });

const TOKEN_KIND = check((value) => value === "answer" || value === "reasoning", "answer or reasoning");

const ENVELOPE = { type: text, seq: integer, t: integer };
const STEP = { ...ENVELOPE, step: text, attempt: integer };

const SHAPES = new Map(
  Object.entries({
    "run.started": {
      ...ENVELOPE,
      v: integer,
      run: text,
      pipeline: text,
      title: text,
      question: text,
      started_at: text,
      plan: list(PLAN_STEP),
      columns: list(COLUMN),
    },
    "step.started": { ...STEP, say: text },
    "step.progress": { ...STEP, done: integer, total: optional(integer), unit: optional(text) },
    "step.log": { ...STEP, level: text, text, evidence: optional(EVIDENCE) },
    "step.token": { ...STEP, text, kind: optional(TOKEN_KIND, () => "answer") },
    "step.finished": {
      ...STEP,
      status: text,
      ms: integer,
      say: text,
      detail: any,
      error: optional(ERROR),
      retry_in_ms: optional(integer),
    },
    "rows.changed": { ...STEP, upsert: optional(list(UPSERT), none), remove: optional(list(REMOVAL), none) },
    "run.notice": { ...ENVELOPE, kind: text, text },
    "run.finished": {
      ...ENVELOPE,
      status: text,
      say: text,
      ms: integer,
      events: integer,
      degraded: optional(list(text), none),
      error: optional(ERROR),
      order: optional(list(text)),
    },
    "stream.snapshot": { type: text, upto: integer, view: any },
    "stream.bye": { type: text, reason: text, retry_ms: integer },
  }).map(([type, fields]) => [type, struct(fields)]),
);
const UNKNOWN = struct(ENVELOPE);

/** The steps of a plan as `GET /pipelines` has them, checked. */
export const planSteps = (value) => list(PLAN_STEP)(cleanTree(value), "plan");

/** The columns of a result as `GET /pipelines` has them, checked. */
export const columns = (value) => list(COLUMN)(cleanTree(value), "columns");

/**
 * The event in a frame's data.
 *
 * @param {string} data one JSON value
 * @throws {MalformedEvent}
 */
export function decodeEvent(data) {
  let tree;
  try {
    tree = cleanTree(JSON.parse(data));
  } catch (error) {
    throw new MalformedEvent(`an event is not JSON: ${error.message}`);
  }
  const type = tree?.type;
  return (SHAPES.get(type) ?? UNKNOWN)(tree, typeof type === "string" ? type : "event");
}
