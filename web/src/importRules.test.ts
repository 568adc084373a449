/**
 * The rooms of the front end and who may know whom. Imports lead downwards:
 * a page knows a form, a form never knows a page.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { expect, it } from "vitest";

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  document: ["graph"],
  graph: ["document"],
  api: ["document", "graph"],
  ui: ["api", "document", "graph"],
  runs: ["ui", "api", "document", "graph"],
  editor: ["ui", "api", "document", "graph"],
  app: ["runs", "editor", "ui", "api", "document", "graph"],
};
const PACKAGES_OF_PURE_ROOMS = ["yaml", "elkjs", "vitest", "fast-check"];

const root = import.meta.dirname;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && file.includes(sep));
const importsOf = (file: string) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
const roomOf = (file: string) => file.split(sep)[0] ?? "";

it.each(files)("%s imports only downwards", (file) => {
  for (const target of importsOf(file).filter((one) => one.startsWith("."))) {
    const room = roomOf(relative(root, join(root, file, "..", target)));
    if (room !== roomOf(file)) expect(MAY_IMPORT[roomOf(file)]).toContain(room);
  }
});

it.each(files.filter((file) => ["document", "graph"].includes(roomOf(file))))("%s knows neither React nor the network", (file) => {
  for (const target of importsOf(file).filter((one) => !one.startsWith("."))) {
    expect(PACKAGES_OF_PURE_ROOMS).toContain(target.split("/")[0]);
  }
  if (!file.endsWith(".test.ts")) expect(readFileSync(join(root, file), "utf8")).not.toMatch(/\b(fetch|localStorage|window)\b\s*[(.]/);
});

it.each(files.filter((file) => !file.endsWith(".d.ts") && !file.includes(".test.")))("%s says what it is for and exports by name", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  expect(text).toMatch(/^(\/\*\*|\/\/ )/);
  expect(text).not.toMatch(/export default/);
});
