// eventsource-parser on node over the chunks of a file: CPU ns per event, once for each line of stdin.
// Arguments: file, chunk size, events.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createParser } from "eventsource-parser";

const [file, size, events] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const bytes = readFileSync(file);
const chunks = [];
for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));

function read() {
  const decoder = new TextDecoder();
  let count = 0;
  const parser = createParser({ onEvent: (event) => { if (event.data) count += 1; } });
  for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
  if (count !== events) throw new Error(`${count} of ${events} events`);
}

for (let round = 0; round < 30; round += 1) read(); // compiled by then
for await (const _ of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  read();
  const { user, system } = process.cpuUsage(before);
  console.log(((user + system) * 1000) / events);
}
