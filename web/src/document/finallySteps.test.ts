/** Steps of `finally`, edited in any sequence behind every file of the corpus. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addStep } from "./addStep";
import { connectSteps } from "./connectSteps";
import { deleteSteps } from "./deleteSteps";
import type { EditCommand } from "./editCommand";
import { duplicateSteps, newIds, pasteSteps } from "./pasteSteps";
import { PipelineDocument } from "./pipelineDocument";
import { isPlainMap, type Plain, type PlainMap } from "./plainValue";
import { renameStep } from "./renameStep";
import { setKey } from "./setKey";
import { copySteps } from "./stepSnippet";

const corpus = join(import.meta.dirname, "corpus");
const LAST = "finally:   # however it ended\n  tidy_up: {run: echo tidy}   # first of all\n  report_it:   # then say so\n    needs: tidy_up\n    if: steps.tidy_up.status == \"succeeded\"\n    run: echo report\n";
const files = readdirSync(corpus)
  .map((name) => ({ name, text: readFileSync(join(corpus, name), "utf8").replace(/\n*$/, "\n") }))
  .filter(({ text }) => !/^finally:|^\s*\{|^\.\.\.|^steps: *[{&]/m.test(text))
  .flatMap(({ name, text }) => [{ name, before: text, text: text + LAST }]);

const lastOf = (value: Plain): PlainMap => (isPlainMap(value) && isPlainMap(value["finally"]) ? value["finally"] : {});
const othersOf = (value: Plain): Plain => (isPlainMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== "finally")) : value);

interface Draw {
  readonly what: number;
  readonly a: number;
  readonly flag: boolean;
}

/** The command, and what the steps of `finally` are called afterwards. */
function trialOf(document: PipelineDocument, { what, a, flag }: Draw): { command: EditCommand; ids: readonly string[] } {
  const ids = document.finallySteps.map(({ id }) => id);
  const one = ids[a % Math.max(1, ids.length)] ?? "none";
  const fresh = `late_${ids.length}_${a}`;
  switch (what % 6) {
    case 0:
      return { command: addStep(fresh, { run: "echo late" }, flag || ids.length === 0 ? { kind: "finally" } : { kind: "behind", step: one }), ids: [...ids, fresh] };
    case 1:
      return { command: renameStep(one, fresh), ids: ids.map((id) => (id === one ? fresh : id)) };
    case 2:
      return { command: deleteSteps([one], flag ? "mend" : "leave"), ids: ids.filter((id) => id !== one) };
    case 3: {
      const command = duplicateSteps(document, [one]);
      const edited = command.apply(document);
      return { command, ids: edited.ok ? [...ids, ...newIds(document, edited.document)] : ids };
    }
    case 4: {
      const command = pasteSteps(document, copySteps(document, [one]), one);
      const edited = command.apply(document);
      return { command, ids: edited.ok ? [...ids, ...newIds(document, edited.document)] : ids };
    }
    default:
      return { command: setKey(one, ["timeout"], `${1 + a}m`), ids };
  }
}

describe.each(files)("behind $name", ({ before, text }) => {
  it("adds, renames, deletes and sets keys, and touches nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ what: fc.nat(1000), a: fc.nat(40), flag: fc.boolean() }), { minLength: 1, maxLength: 8 }), (sequence) => {
        let document = PipelineDocument.parse(text);
        for (const draw of sequence) {
          const { command, ids } = trialOf(document, draw);
          // Nothing to delete, or a name that it has already.
          if (command.whyNot(document) !== null) continue;
          const edited = command.apply(document);
          if (!edited.ok) throw new Error(edited.reason);
          expect(Object.keys(lastOf(edited.document.value)).toSorted()).toEqual([...ids].toSorted());
          expect(othersOf(edited.document.value)).toEqual(othersOf(document.value));
          expect(edited.document.text.startsWith(before)).toBe(true);
          document = edited.document;
        }
      }),
      { numRuns: 10, seed: 11 },
    );
  }, 60_000);
});

const plain = `version: 1\nname: p\nsteps:\n  a: {run: x}\n${LAST}`;
const after = (command: EditCommand, text = plain) => {
  const edited = command.apply(PipelineDocument.parse(text));
  return edited.ok ? edited.document.text.slice(edited.document.text.indexOf("finally")) : edited.reason;
};

it("renames every mention", () => {
  expect(after(renameStep("tidy_up", "sweep"))).toBe(LAST.replaceAll("tidy_up", "sweep"));
});

it("closes the gap that a deleted one leaves, and takes an empty `finally` along", () => {
  const three = `${plain}  bye: {needs: report_it, run: echo bye}\n`;
  expect(after(deleteSteps(["report_it"], "mend"), three)).toContain("bye: {needs: tidy_up, run: echo bye}");
  const alone = "version: 1\nname: p\nsteps:\n  a: {run: x}\nfinally:\n  bye: {run: echo bye}\n";
  const gone = deleteSteps(["bye"], "mend").apply(PipelineDocument.parse(alone));
  expect(gone.ok && gone.document.text).toBe("version: 1\nname: p\nsteps:\n  a: {run: x}\n");
});

it("makes `finally` where there is none", () => {
  const edited = addStep("bye", { run: "echo bye" }, { kind: "finally" }).apply(PipelineDocument.parse("version: 1\nname: p\nsteps:\n  a: {run: x}\n"));
  expect(edited.ok && edited.document.value).toMatchObject({ steps: { a: { run: "x" } }, finally: { bye: { run: "echo bye" } } });
});

it("connects within `finally`, and not with what runs before it", () => {
  expect(after(connectSteps("report_it", "a"))).toBe("There is no step `report_it`.");
  expect(after(addStep("more", { run: "x" }, { kind: "behind", step: "report_it" }))).toContain("  more:\n    needs: report_it\n    run: x\n");
});

it("copies a step of finally with its comment, beside it and nowhere else", () => {
  const document = PipelineDocument.parse(`steps: {a: {run: x}}\n${LAST}`);
  const edited = duplicateSteps(document, ["tidy_up"]).apply(document);
  if (!edited.ok) throw new Error(edited.reason);
  expect(edited.document.finallySteps.map(({ id }) => id)).toEqual(["tidy_up", "tidy_up_2", "report_it"]);
  expect(edited.document.steps.map(({ id }) => id)).toEqual(["a"]);
  expect(edited.document.text).toContain("  tidy_up_2: {run: echo tidy}   # first of all\n");
});
