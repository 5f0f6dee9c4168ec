// Calls functions of one module: [module, [[name, ...arguments], ...]]; answers with results, or {"throws": name}.
import { readFileSync } from "node:fs";

const [module, calls] = JSON.parse(readFileSync(0, "utf8"));
const functions = await import(`${process.argv[2]}/${module}`);
const answers = calls.map(([name, ...given]) => {
  try {
    return functions[name](...given) ?? null;
  } catch (error) {
    return { throws: error.name, message: error.message };
  }
});
process.stdout.write(JSON.stringify(answers));
