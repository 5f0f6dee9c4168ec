// Reads each case of the table, cut in every way that is asked for; answers with what differs from the expectation.
import { readFileSync } from "node:fs";
import { judge } from "./frame_table.mjs";

const { FrameParser } = await import(`${process.argv[2]}/frames.js`);
const { cases, splits } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(judge(FrameParser, cases, splits)));
