// CPU time of reading one line of `size` bytes in chunks of each of `chunks` bytes: the least of some rounds, in ms.
import { readFileSync } from "node:fs";

const { FrameParser } = await import(`${process.argv[2]}/frames.js`);
const { size, chunks } = JSON.parse(readFileSync(0, "utf8"));
const bytes = Uint8Array.from(Buffer.from(`data: ${"x".repeat(size)}\n\n`));

function cost(chunk) {
  const began = process.cpuUsage();
  const parser = new FrameParser({ maxFrameBytes: 2 * size });
  let frames = 0;
  for (let at = 0; at < bytes.length; at += chunk) frames += parser.feed(bytes.subarray(at, at + chunk)).length;
  if (frames !== 1) throw new Error(`${frames} frames`);
  return process.cpuUsage(began).user / 1000;
}

process.stdout.write(JSON.stringify(chunks.map((chunk) => Math.min(...Array.from({ length: 5 }, () => cost(chunk))))));
