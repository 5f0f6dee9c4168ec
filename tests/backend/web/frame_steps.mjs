// Feeds one parser chunk by chunk (one character a byte); answers, for each feed, with its frames or its error.
import { readFileSync } from "node:fs";

const { FrameParser } = await import(`${process.argv[2]}/frames.js`);
const { chunks, limit } = JSON.parse(readFileSync(0, "utf8"));
const parser = new FrameParser({ maxFrameBytes: limit });
const answers = chunks.map((chunk) => {
  try {
    return parser.feed(Uint8Array.from(Buffer.from(chunk, "latin1"))).map((frame) => frame.data);
  } catch (error) {
    return `${error.name} ${error.limit}`;
  }
});
process.stdout.write(JSON.stringify(answers));
