import fc from "fast-check";
import { expect, it } from "vitest";
import { lineSeparatorOf, toTextOffset, toViewOffset } from "./lineEndings";
import { applySplices, spliceBetween } from "./splice";

const texts = fc.array(fc.constantFrom("a", "bc", "\n", "\r\n", "\r", "\uFEFF", ""), { maxLength: 30 }).map((parts) => parts.join(""));

it("takes CRLF as separator only where every break is one", () => {
  expect(lineSeparatorOf("a\r\nb\r\n")).toBe("\r\n");
  expect(lineSeparatorOf("a\r\nb\n")).toBe("\n");
  expect(lineSeparatorOf("a")).toBe("\n");
});

it("comes back to the same offset through the view", () => {
  fc.assert(
    fc.property(texts, fc.nat(60), (text, some) => {
      const separator = lineSeparatorOf(text);
      const shown = separator === "\r\n" ? text.replaceAll("\r\n", "\n") : text;
      const view = Math.min(some, shown.length);
      const offset = toTextOffset(text, view, separator);
      expect(toViewOffset(text, offset, separator)).toBe(view);
      expect(text[offset] === "\r" ? "\n" : text[offset]).toBe(shown[view] === "\r" ? "\n" : shown[view]);
    }),
  );
});

it("finds the splice between any two texts", () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const splice = spliceBetween(before, after);
      expect(splice === null ? before : applySplices(before, [splice])).toBe(after);
    }),
  );
});
