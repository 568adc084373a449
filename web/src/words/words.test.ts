import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { chinese } from "./chinese";
import { english } from "./english";
import { chooseLanguage, languageOf, say, type Words } from "./say";

const keys = Object.keys(english) as Words[];
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]).toSorted();

afterEach(() => chooseLanguage("en"));

it("fills in what is given, and nothing else", () => {
  expect(say("connect.label", { from: "build", to: "{from}" })).toBe("{from} needs build");
  chooseLanguage("zh");
  expect(say("connect.label", { from: "build", to: "test" })).toBe("test 依赖 build");
});

it.each(keys)("%s has the same holes in every language", (key) => {
  expect(holes(chinese[key])).toEqual(holes(english[key]));
  expect(chinese[key]).not.toBe("");
});

it("has no words that nobody says", () => {
  const root = join(import.meta.dirname, "..");
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith("words"))
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  // Some are put together: `loop.on.` and an outcome, `status.` and a status.
  const built = [...sources.matchAll(/`([a-z.]+\.)\$\{/gi)].map((match) => match[1] ?? "-");
  expect(keys.filter((key) => !sources.includes(`"${key}"`) && !built.some((prefix) => key.startsWith(prefix)))).toEqual([]);
});

it("takes the first language that there is", () => {
  expect(languageOf(["fr", "zh-CN", "en"])).toBe("zh");
  expect(languageOf(["de", "en-GB", "zh"])).toBe("en");
  expect(languageOf([])).toBe("en");
});
