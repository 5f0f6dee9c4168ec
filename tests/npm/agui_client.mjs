// Runs the real AG-UI client, one run for each of the inputs given as JSON on standard input, and prints what it ended with.
import { HttpAgent } from "@ag-ui/client";

let given = "";
for await (const chunk of process.stdin) given += chunk;
const { url, runs } = JSON.parse(given);
const warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));

const ended = [];
for (const { threadId, runId, question, forwardedProps, cancel } of runs) {
  const initialMessages = question === undefined ? [] : [{ id: "q1", role: "user", content: question }];
  const agent = new HttpAgent({ url: `${url}/agui`, threadId, initialMessages });
  const events = [];
  let outcome = null;
  const subscriber = {
    onEvent: async ({ event }) => {
      events.push(event.type);
      if (cancel && event.type === "TEXT_MESSAGE_CONTENT" && agent.state.run) {
        await fetch(`${url}/runs/${agent.state.run}/cancel`, { method: "POST" });
      }
    },
    onRunFinishedEvent: ({ event }) => void (outcome = { type: event.outcome?.type ?? "success", result: event.result }),
    onRunErrorEvent: ({ event }) => void (outcome = { type: "error", code: event.code, message: event.message }),
  };
  let failure = null;
  try {
    await agent.runAgent({ runId, forwardedProps }, subscriber);
  } catch (error) {
    failure = String(error.message ?? error);
  }
  ended.push({ messages: agent.messages, state: agent.state, events, outcome, failure });
}
console.log(JSON.stringify({ ended, warnings }));
