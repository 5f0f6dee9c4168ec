// The status line for a session given as JSON, at time 0 and 2 s into its run.
import { readFileSync } from "node:fs";

const { status } = await import(`${process.argv[2]}/status.js`);
const session = { ...JSON.parse(readFileSync(0, "utf8")), now: () => 2000 };
process.stdout.write(JSON.stringify(status(session, 0)));
