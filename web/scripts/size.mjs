// Reports what the first page loads and fails above the budget.
// "Initial" is the entry and everything it imports statically; what a route
// or a worker loads later is listed for information.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const BUDGET = 350 * 1024;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(await readFile(new URL("manifest.json", dist), "utf8"));

const gzipped = async (file) => gzipSync(await readFile(new URL(file, dist))).length;
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

const initial = new Set();
const visit = (key) => {
  const chunk = manifest[key];
  if (!chunk || initial.has(chunk.file)) return;
  initial.add(chunk.file);
  for (const next of chunk.imports ?? []) visit(next);
};
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);

let total = 0;
const scripts = new Set(Object.values(manifest).map((chunk) => chunk.file).filter((file) => file.endsWith(".js")));
for (const file of [...scripts].toSorted()) {
  const size = await gzipped(file);
  if (initial.has(file)) total += size;
  console.log(`${initial.has(file) ? "initial" : "lazy   "}  ${kib(size).padStart(10)}  ${file}`);
}
console.log(`\nInitial JavaScript: ${kib(total)} gzip of ${kib(BUDGET)} allowed.`);
if (total > BUDGET) {
  console.error("The first page loads too much JavaScript: load it when it is needed.");
  process.exit(1);
}
