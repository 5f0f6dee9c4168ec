// Follows a run over scripted connections; answers with what came, what was asked and how it ended.
//
// A connection is {status?, headers?, body?, problem?, chunks: [...]}: each chunk is text, or "FAIL" (the body breaks),
// or "STALL" (nothing ever comes), or "ABORT" (the reader leaves). "DOWN" instead of a connection: no answer at all.
import { readFileSync } from "node:fs";

const { ask, attach } = await import(`${process.argv[2]}/run.js`);
const { position, connections, settings } = JSON.parse(readFileSync(0, "utf8"));
const asked = [];
const news = [];
const events = [];
const leaving = new AbortController();

function body(chunks) {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift();
      if (chunk === undefined) return controller.close();
      if (chunk === "FAIL") return controller.error(new TypeError("network error"));
      if (chunk === "STALL") return new Promise(() => {});
      if (chunk === "ABORT") return leaving.abort();
      return controller.enqueue(new TextEncoder().encode(chunk));
    },
  }, { highWaterMark: 0 });
}

async function fetch(url, { method = "GET", headers = {}, body: sent } = {}) {
  const { "Content-Type": type = null, "Last-Event-ID": last = null, "Idempotency-Key": key = null } = headers;
  asked.push({ url, method, type, last, key, body: sent ? JSON.parse(sent) : null });
  const next = connections.shift();
  if (next === undefined || next === "DOWN") throw new TypeError("fetch failed");
  const { status = 200, type: answered = "text/event-stream; charset=utf-8" } = next;
  const { problem, headers: more = {}, chunks = [] } = next;
  if (problem) return Response.json(problem, { status, headers: more });
  return new Response(body(chunks), { status, headers: { "Content-Type": answered, ...more } });
}

let end = "finished";
try {
  const given = { ...settings, fetch, random: () => 1, signal: leaving.signal, notify: (item) => news.push(item) };
  for await (const event of position ? attach(position, given) : ask({ q: "Q" }, given)) events.push(event.seq ?? event.type);
  if (leaving.signal.aborted) end = "left";
} catch (error) {
  end = { name: error.name, message: error.message, hint: error.hint ?? null };
}
process.stdout.write(JSON.stringify({ events, asked, end, news: news.filter(({ state }) => !["heard", "frame"].includes(state)) }));
process.exit(0); // a stalled body keeps node waiting for ever
