/** What this browser remembers of its reader: units, and the runs asked for here. Nothing of it is sent anywhere. */

import { METRIC } from "./cells.js";

const UNITS = "windowseat.units";
const RUNS = "windowseat.runs";
const MOST_RUNS = 30;

function read(key, fallback) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback; // storage that is off, full, or somebody else's
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // The page works without a memory.
  }
}

export function units() {
  const { temperature, distance } = read(UNITS, {});
  return { temperature: temperature === "F" ? "F" : "C", distance: distance === "mi" ? "mi" : METRIC.distance };
}

export const rememberUnits = (chosen) => write(UNITS, chosen);

/** The runs asked for in this browser, the newest first: `{run, question, at}`. */
export function runs() {
  const known = read(RUNS, []);
  return Array.isArray(known) ? known.filter((one) => typeof one?.run === "string" && typeof one.question === "string") : [];
}

export function rememberRun(run, question, at) {
  write(RUNS, [{ run, question, at }, ...runs().filter((one) => one.run !== run)].slice(0, MOST_RUNS));
}

export const forgetRuns = () => write(RUNS, []);
