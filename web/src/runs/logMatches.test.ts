import { expect, it } from "vitest";
import { logMatches } from "./logMatches";

const lines = ["Error: no disk", "all is well", "\u001b[31mer\u001b[1mror\u001b[0m again", "errors"].map((text) => ({ text }));

it("finds lines whatever their case and colours", () => {
  expect(logMatches(lines, 4, "error")).toEqual([0, 2, 3]);
  expect(logMatches(lines, 4, "31m")).toEqual([]);
  expect(logMatches(lines, 4, "")).toEqual([]);
});

it("looks only at what has been read", () => {
  expect(logMatches(lines, 2, "error")).toEqual([0]);
});
