// Reads each case of the table, cut in every way that is asked for; answers with what differs from the expectation.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const { FrameParser } = await import(`${process.argv[2]}/frames.js`);
const { cases, splits } = JSON.parse(readFileSync(0, "utf8"));

function read(chunks) {
  const parser = new FrameParser();
  const frames = chunks.flatMap((chunk) => parser.feed(chunk));
  return { frames, last_event_id: parser.lastEventId, retry: parser.retry };
}

function* cuts(bytes, extra) {
  yield ["whole", [bytes]];
  yield ["byte by byte", [...bytes].map((byte) => Uint8Array.of(byte))];
  for (let at = 0; at <= bytes.length; at += 1) yield [`at ${at}`, [bytes.subarray(0, at), bytes.subarray(at)]];
  for (const [one, two] of extra) {
    yield [`at ${one} and ${two}`, [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)]];
  }
}

const wrong = [];
let runs = 0;
cases.forEach(({ name, input, frames, last_event_id, retry }, index) => {
  const expected = { frames, last_event_id, retry };
  for (const [cut, chunks] of cuts(Uint8Array.from(Buffer.from(input, "latin1")), splits[index])) {
    runs += 1;
    const found = read(chunks);
    if (!isDeepStrictEqual(found, expected)) wrong.push({ name, cut, found, expected });
  }
});
process.stdout.write(JSON.stringify({ runs, wrong }));
