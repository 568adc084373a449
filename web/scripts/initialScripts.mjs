// Which JavaScript the first page loads, gzipped: the entry and everything that it imports statically.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

export const INITIAL_BUDGET = 350 * 1024;
const dist = new URL("../dist/", import.meta.url);

/** Every script of the build, with its size and whether the first page needs it. */
export async function builtScripts() {
  const manifest = JSON.parse(await readFile(new URL("manifest.json", dist), "utf8"));
  const initial = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || initial.has(chunk.file)) return;
    initial.add(chunk.file);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);
  const files = new Set(Object.values(manifest).map((chunk) => chunk.file).filter((file) => file.endsWith(".js")));
  const sized = [...files].toSorted().map(async (file) => ({ file, size: gzipSync(await readFile(new URL(file, dist))).length, initial: initial.has(file) }));
  return Promise.all(sized);
}

export function initialSize(scripts) {
  return scripts.filter(({ initial }) => initial).reduce((sum, { size }) => sum + size, 0);
}
