// Reports what the first page loads and fails above the budget. What a route or
// a worker loads later is listed for information.
import { builtScripts, INITIAL_BUDGET, initialSize } from "./initialScripts.mjs";

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const scripts = await builtScripts();
for (const { file, size, initial } of scripts) console.log(`${initial ? "initial" : "lazy   "}  ${kib(size).padStart(10)}  ${file}`);

const total = initialSize(scripts);
console.log(`\nInitial JavaScript: ${kib(total)} gzip of ${kib(INITIAL_BUDGET)} allowed.`);
if (total > INITIAL_BUDGET) {
  console.error("The first page loads too much JavaScript: load it when it is needed.");
  process.exit(1);
}
