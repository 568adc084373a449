/**
 * The rooms of the front end and who may know whom. Imports lead downwards:
 * a page knows a form, a form never knows a page.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { expect, it } from "vitest";

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  words: [],
  document: ["graph", "words"],
  graph: ["document", "words"],
  api: ["document", "graph", "words"],
  ui: ["api", "document", "graph", "words"],
  runs: ["ui", "api", "document", "graph", "words"],
  editor: ["ui", "api", "document", "graph", "words"],
  app: ["runs", "editor", "ui", "api", "document", "graph", "words"],
};
const PACKAGES_OF_PURE_ROOMS = ["node:fs", "node:path", "yaml", "elkjs", "vitest", "fast-check"];

const root = import.meta.dirname;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && file.includes(sep));
const importsOf = (file: string) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
const roomOf = (file: string) => file.split(sep)[0] ?? "";

it.each(files)("%s imports only downwards", (file) => {
  for (const target of importsOf(file).filter((one) => one.startsWith(".") && !one.endsWith(".schema.json?url"))) {
    const room = roomOf(relative(root, join(root, file, "..", target)));
    if (room !== roomOf(file)) expect(MAY_IMPORT[roomOf(file)]).toContain(room);
  }
});

it.each(files.filter((file) => ["document", "graph", "words"].includes(roomOf(file))))("%s knows neither React nor the network", (file) => {
  for (const target of importsOf(file).filter((one) => !one.startsWith("."))) {
    expect(PACKAGES_OF_PURE_ROOMS.filter((one) => file.endsWith(".test.ts") || !one.startsWith("node:"))).toContain(target.split("/")[0]);
  }
  if (!file.endsWith(".test.ts")) expect(readFileSync(join(root, file), "utf8")).not.toMatch(/\b(fetch|localStorage|window)\b\s*[(.]/);
});

it.each(files.filter((file) => !file.endsWith(".d.ts") && !file.includes(".test.")))("%s says what it is for and exports by name", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  expect(text).toMatch(/^(\/\*\*|\/\/ )/);
  expect(text).not.toMatch(/export default/);
});
