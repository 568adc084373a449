import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeTexts, type MergePart } from "./mergeTexts";

const side = (parts: readonly MergePart[], of: "theirs" | "mine") => parts.map((part) => (part.kind === "conflict" ? part[of] : part.text)).join("");
const lines = (text: string) => text.split(" ").map((line) => `${line}\n`).join("");
const parts = (base: string, theirs: string, mine: string) => mergeTexts(lines(base), lines(theirs), lines(mine)).filter(({ kind }) => kind !== "same");

it("takes what only one side has changed", () => {
  expect(side(mergeTexts(lines("a b c d e"), lines("a B c d e"), lines("a b c d E f")), "mine")).toBe(lines("a B c d E f"));
  expect(parts("a b c", "a b c x", "y a b c")).toEqual([{ kind: "mine", text: "y\n" }, { kind: "theirs", text: "x\n" }]);
});

it("leaves to people what both have changed, each in its own way", () => {
  expect(parts("a b c", "a T c", "a M c")).toEqual([{ kind: "conflict", base: "b\n", theirs: "T\n", mine: "M\n" }]);
  expect(parts("a c", "a T c", "a M c")).toEqual([{ kind: "conflict", base: "", theirs: "T\n", mine: "M\n" }]);
  expect(parts("a b c", "a c", "a M c")).toEqual([{ kind: "conflict", base: "b\n", theirs: "", mine: "M\n" }]);
});

it("has no conflict where both have done the same", () => expect(parts("a b c", "a X c", "a X c")).toEqual([]));

it("keeps line endings and a missing last one", () => {
  expect(side(mergeTexts("a\r\nb\r\nc", "A\r\nb\r\nc", "a\r\nb\r\nC"), "mine")).toBe("A\r\nb\r\nC");
});

describe("for any texts", () => {
  const text = fc.array(fc.constantFrom("a\n", "b\n", "c\n", "d\n", "\n"), { maxLength: 24 }).map((all) => all.join(""));
  const check = (property: (base: string, theirs: string, mine: string) => void) => fc.assert(fc.property(text, text, text, property), { numRuns: 400, seed: 7 });

  it("a side that changed nothing gives way", () =>
    check((base, theirs) => {
      expect(mergeTexts(base, theirs, base).map((part) => (part.kind === "conflict" ? "CONFLICT" : part.text)).join("")).toBe(theirs);
      expect(mergeTexts(base, base, theirs).map((part) => (part.kind === "conflict" ? "CONFLICT" : part.text)).join("")).toBe(theirs);
    }));

  it("nobody's lines are lost: each is in the merge or was taken away by the other", () =>
    check((base, theirs, mine) => {
      const merged = mergeTexts(base, theirs, mine);
      const own = merged.filter(({ kind }) => kind !== "theirs");
      for (const part of merged) if (part.kind === "theirs") expect(theirs).toContain(part.text);
      for (const part of own) expect(mine).toContain(part.kind === "conflict" ? part.mine : part.text);
    }));

  it("both orders of the sides agree", () =>
    check((base, theirs, mine) => {
      const swapped = mergeTexts(base, mine, theirs).map((part): MergePart => (part.kind === "conflict" ? { ...part, theirs: part.mine, mine: part.theirs } : part.kind === "same" ? part : { kind: part.kind === "mine" ? "theirs" : "mine", text: part.text }));
      expect(swapped).toEqual(mergeTexts(base, theirs, mine));
    }));
});
