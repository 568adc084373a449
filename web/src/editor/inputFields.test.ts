import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PipelineDocument } from "../document/pipelineDocument";
import { isPlainMap } from "../document/plainValue";
import { setInput } from "../document/setInput";
import { INPUT_TYPES, inputFields, inputsOf, shownValue, withValue } from "./inputFields";

const corpus = join(import.meta.dirname, "../document/corpus");
const files = readdirSync(corpus).map((name) => ({ name, text: readFileSync(join(corpus, name), "utf8") }));

/** A type, and what is filled into its fields one after the other. */
const filled = fc.record({
  type: fc.constantFrom(...INPUT_TYPES),
  entries: fc.array(fc.record({ at: fc.nat(20), text: fc.oneof(fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text.trim() === text && !/[\p{C}]/u.test(text)), fc.constant("a: b # c")), count: fc.nat(99), flag: fc.boolean() }), { maxLength: 6 }),
});

describe.each(files)("the form of inputs over $name", ({ text }) => {
  it("writes what was filled in, and nothing else of the file changes", () => {
    fc.assert(
      fc.property(filled, ({ type, entries }) => {
        let document = PipelineDocument.parse(text);
        const others = (of: PipelineDocument) => (isPlainMap(of.value) ? Object.entries(of.value).filter(([key]) => key !== "inputs") : []);
        const before = others(document);
        let schema = withValue({}, "type", type);
        for (const { at, text: typed, count, flag } of entries) {
          const fields = inputFields(schema).filter(({ kind, path }) => kind !== "text-only" && path[0] !== "type");
          const field = fields[at % fields.length];
          if (field === undefined) continue;
          const key = String(field.path[0]);
          const value = field.kind === "boolean" ? flag : field.kind === "integer" || field.pattern !== null ? count : field.kind === "choice" ? (field.choices[at % field.choices.length] ?? "") : key === "enum" ? (type === "string" ? "eu, us" : "1, 2") : typed;
          const next = withValue(schema, key, value);
          const edited = setInput("asked", next).apply(document);
          // What the text cannot take in is refused whole, never half done.
          if (!edited.ok) continue;
          schema = next;
          document = edited.document;
          expect(Object.fromEntries(inputsOf(document.value))["asked"]).toEqual(schema);
          expect(others(document)).toEqual(before);
        }
      }),
      { numRuns: 25 },
    );
  });
});

it("says what is understood, and does not write it", () => {
  expect(shownValue({ type: "string" }, "required")).toBe(true);
  expect(shownValue({ type: "string", default: "x" }, "required")).toBe(false);
  expect(withValue({ type: "string", required: false }, "required", true)).toEqual({ type: "string" });
  expect(withValue({ type: "string" }, "required", false)).toEqual({ type: "string", required: false });
  expect(withValue({ type: "integer" }, "default", "-3")).toEqual({ type: "integer", default: -3 });
  expect(withValue({ type: "boolean" }, "default", "false")).toEqual({ type: "boolean", default: false });
  expect(withValue({ type: "integer" }, "enum", "1, 2,")).toEqual({ type: "integer", enum: [1, 2] });
  expect(shownValue({ type: "string", enum: ["eu", "us"] }, "enum")).toBe("eu, us");
  expect(withValue({ type: "string", pattern: "a" }, "pattern", undefined)).toEqual({ type: "string" });
});
