import { expect, it } from "vitest";
import { rankMatches } from "./rankMatches";

const check = (items: readonly string[], wanted: string, expected: readonly string[]) => expect(rankMatches(items, (item) => item, wanted)).toEqual(expected);

it("gives all in their order where nothing is wanted", () => check(["b", "a"], " ", ["b", "a"]));
it("prefers the beginning of the text, then of a word, then any place", () => check(["unbuild", "re-build", "build"], "build", ["build", "re-build", "unbuild"]));
it("needs every word, in any order", () => check(["run flaky-loop", "run release", "flaky"], "loop run", ["run flaky-loop"]));
it("finds letters in order, but not just two of them", () => {
  check(["deploy_production"], "dpl", ["deploy_production"]);
  check(["deploy_production"], "dn", []);
});
it("prefers the shorter of two that match alike", () => check(["build_all_images", "build"], "bui", ["build", "build_all_images"]));
it("knows no case", () => check(["Approvals"], "APP", ["Approvals"]));
