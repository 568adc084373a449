import { expect, it } from "vitest";
import { type PaletteItem, shownGroups } from "./paletteItems";

const item = (group: string, label: string, alsoFoundBy = ""): PaletteItem => ({ key: `${group} ${label}`, group, label, alsoFoundBy, icon: null, perform: () => {} });
const shown = (items: readonly PaletteItem[], text: string) => shownGroups(items, text).map(({ name, items: found }) => [name, found.map(({ label }) => label)]);

it("begins with the group of the best match and leaves out those without one", () => {
  const items = [item("Page", "Save"), item("Steps", "build"), item("Steps", "save_cache"), item("Runs", "release #4")];
  expect(shown(items, "save")).toEqual([["Page", ["Save"]], ["Steps", ["save_cache"]]]);
  expect(shown(items, "save_c")).toEqual([["Steps", ["save_cache"]]]);
  expect(shown([item("Page", "Runs of build"), item("Steps", "build")], "build").map(([name]) => name)).toEqual(["Steps", "Page"]);
});

it("shows a few of each group before anything is typed, and more of what is looked for", () => {
  const steps = Array.from({ length: 20 }, (_, at) => item("Steps", `step_${at}`));
  expect(shownGroups(steps, "")[0]?.items).toHaveLength(6);
  expect(shownGroups(steps, "step")[0]?.items).toHaveLength(8);
});

it("finds by words that are not shown", () => expect(shown([item("Settings", "深色", "dark")], "dark")).toEqual([["Settings", ["深色"]]]));

it("means a pipeline before its runs, however much is said about it", () => {
  const pipeline = { ...item("Pipelines", "flaky-loop"), detail: "Tries again until it works, and then asks somebody." };
  expect(shown([pipeline, item("Runs", "flaky-loop #12")], "flaky").map(([name]) => name)).toEqual(["Pipelines", "Runs"]);
});
