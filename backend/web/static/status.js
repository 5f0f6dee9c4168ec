/** How a run and its connection are doing, in one line, and what can be done about it. Pure; page.js draws it. */

import { duration, ticking } from "./words.js";

/** The server sends a heartbeat each 10 s: longer silence is worth a word. */
const SILENCE_MS = 15_000;
const NO_NEWS_MS = 10_000;

/**
 * @returns {{kind: string, line?: string, text: string, hint?: string, canStop?: boolean, canResume?: boolean}}
 *   `kind` is idle, running, waiting (for a connection), ok, partial, failed or ended; `line` is how the connection is:
 *   live, idle (nothing to tell), behind (what is shown may be old), reconnecting or interrupted
 */
export function status(session, now) {
  if (session === null) return { kind: "idle", text: "" };
  if (session.over) return ending(session.view);
  const { connection, view } = session;
  switch (connection.state) {
    case "refused":
      return { kind: "failed", text: sentence(connection.message), hint: connection.hint ?? undefined };
    case "interrupted":
      return {
        kind: "failed",
        line: "interrupted",
        text: `Interrupted: this is not the whole answer. ${connection.message}`,
        hint: connection.hint ?? "What has come so far stays. Resume goes on from there.",
        canResume: true,
      };
    case "reconnecting":
      return { kind: "waiting", line: "reconnecting", text: reconnecting(connection), canStop: true };
    case "left":
      return { kind: "ended", text: "Stopped." };
    default:
      return { kind: "running", ...underWay(session, view, now), canStop: view.state !== "cancelling" };
  }
}

function reconnecting({ attempt, attempts, waitMs, why }) {
  if (attempt === 0) return "Connecting again…";
  return `Reconnecting in ${duration(waitMs)} (${attempt} of ${attempts}): ${why}.`;
}

function underWay(session, view, now) {
  const silence = now - session.heardAt;
  const noNews = now - session.newsAt;
  if (view.state === "new" && silence <= SILENCE_MS) return { line: "live", text: "Asking…" };
  const word = view.state === "cancelling" ? "Stopping" : view.state === "new" ? "Asking" : "Under way";
  const time = ticking(session.now());
  if (silence > SILENCE_MS) {
    const since = `nothing heard for ${Math.floor(silence / 1000)} s`;
    return { line: "behind", text: `${word} · ${time} · ${since}`, hint: "What is shown may be old." };
  }
  if (session.head > view.upto) {
    const missing = session.head - view.upto;
    return { line: "behind", text: `${word} · ${time} · ${missing} ${missing === 1 ? "event" : "events"} behind` };
  }
  if (noNews > NO_NEWS_MS) {
    return { line: "idle", text: `${word} · ${time} · no news for ${Math.floor(noNews / 1000)} s, still connected` };
  }
  return { line: "live", text: `${word} · ${time}` };
}

function ending({ state, say, ms, error, degraded, steps }) {
  const took = ms === null ? "" : ` · ${duration(ms)}`;
  const hint = error?.hint ?? undefined;
  switch (state) {
    case "ok":
      return { kind: "ok", text: say + took };
    case "partial": {
      const titles = degraded.map((id) => steps.find((step) => step.id === id)?.title ?? id);
      const part = titles.length === 0 ? "Part is missing." : `Not complete: ${titles.join(", ")}.`;
      return { kind: "partial", text: say + took, hint: hint ? `${part} ${hint}` : part };
    }
    case "cancelled":
      return { kind: "ended", text: `Cancelled. ${say}${took}`, hint: "What was found until then stays." };
    case "interrupted":
      return {
        kind: "failed",
        text: `The server was interrupted. ${sentence(error?.message ?? say)}`,
        hint: hint ?? "Ask again.",
      };
    default:
      return { kind: "failed", text: sentence(error?.message ?? say), hint };
  }
}

/** With a full stop, since a hint may follow. */
const sentence = (text) => (/[.!?…]$/.test(text) ? text : `${text}.`);
