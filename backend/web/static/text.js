/** Text from outside, made fit for a page. It is shown as text only; this takes out what would mislead there. */

// Escape sequences, control characters but TAB and LF, bidi controls, BOM and annotation marks, lone surrogates.
const HIDDEN = new RegExp(
  [
    String.raw`\x1b\[[0-?]*[ -/]*[@-~]`,
    String.raw`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?`,
    String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]`,
  ].join("|"),
  "gu",
);
const MARK_FLOOD = /(\p{M}{6})\p{M}+/gu;
const PLAIN = /^[\t\n -~]*$/;

/** @param {string} text */
export function clean(text) {
  return PLAIN.test(text) ? text : text.replace(HIDDEN, "").replace(MARK_FLOOD, "$1");
}

/**
 * `clean` over every string of a JSON value, keys included.
 *
 * @throws {RangeError} for a value that is nested too deep
 */
export function cleanTree(value) {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map(cleanTree);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), cleanTree(item)]));
  }
  return value;
}
