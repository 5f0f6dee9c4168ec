// Folds each sequence of events (JSON lines); answers with the view after every event, and what is drawn from the last.
import { readFileSync } from "node:fs";

const { decodeEvent } = await import(`${process.argv[2]}/events.js`);
const { EMPTY, finished, fold, leftOut, shownRows, stepNumbers } = await import(`${process.argv[2]}/view.js`);

function freeze(value) {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

const answers = JSON.parse(readFileSync(0, "utf8")).map((lines) => {
  const views = [];
  let view = EMPTY;
  for (const line of lines) {
    view = freeze(fold(view, freeze(decodeEvent(line)))); // frozen: a fold that changes what it got throws
    views.push(view);
  }
  return {
    views,
    finished: finished(view),
    shown: shownRows(view).map((row) => row.id),
    left_out: leftOut(view).map((row) => row.id),
    numbers: stepNumbers(view.steps),
  };
});
process.stdout.write(JSON.stringify(answers));
