/** Every command, in any sequence, on every file of the corpus, beside the model. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addStep } from "./addStep";
import { connectSteps, disconnectSteps } from "./connectSteps";
import { deleteSteps } from "./deleteSteps";
import type { EditCommand } from "./editCommand";
import { meant, type Model, modelOf } from "./edits.model";
import { record, startHistory, undo } from "./history";
import { addLoop, changeLoop, removeLoop } from "./loopEdge";
import { duplicateSteps, newIds, pasteSteps } from "./pasteSteps";
import { PipelineDocument } from "./pipelineDocument";
import { isPlainMap } from "./plainValue";
import { removeInput, setInput } from "./setInput";
import { removeKey, setKey } from "./setKey";
import { freeId, stepGraph } from "./stepGraph";
import { copySteps } from "./stepSnippet";

const RUNS = Number(process.env["LOOPLINE_EDITS"] ?? 12);
/** The same sequences every time, unless somebody asks for more of them: a change is judged by what it changes. */
const SEED = process.env["LOOPLINE_EDITS"] === undefined ? { seed: 20_261 } : {};
const corpus = join(import.meta.dirname, "corpus");
const files = readdirSync(corpus).map((name) => ({ name, text: readFileSync(join(corpus, name), "utf8") }));

const VARIANTS: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "with CRLF": (text) => text.replaceAll("\n", "\r\n"),
  "with a byte order mark": (text) => (text.startsWith("%") ? text : `\uFEFF${text}`),
  "without a final line break": (text) => text.replace(/\n+$/, ""),
};

interface Draw {
  readonly what: number;
  readonly a: number;
  readonly b: number;
  readonly text: string;
  readonly flag: boolean;
}

interface Trial {
  readonly command: EditCommand;
  readonly intend: (model: Model) => void;
  /** Steps whose own text may change. */
  readonly touches: readonly string[];
  readonly inputs?: boolean;
}

const SCRIPTS = ["echo hi", "echo one\necho two\n", "  indented\nfirst\n", "tab\there", "a: b # c", "'quoted' \"both\"", "emoji 🚀\n\n\nend", "true", "12", "", "no\n\n", "*star", "{{ steps.a.x }}", "- dash", "back\\slash"];

function trialOf(document: PipelineDocument, { what, a, b, text, flag }: Draw): Trial | null {
  const graph = stepGraph(document.value);
  const ids = [...graph.keys()];
  const [one, two] = [ids[a % ids.length], ids[b % ids.length]];
  if (one === undefined || two === undefined) return null;
  const fresh = freeId((id) => document.hasStep(id) || document.hasFinallyStep(id), "fresh");
  const needs = [...(graph.get(one)?.needs.keys() ?? [])].filter((id) => graph.has(id));
  const need = needs[b % Math.max(1, needs.length)];
  const loops = graph.get(one)?.goto ?? [];
  const at = b % Math.max(1, loops.length);
  switch (what % 15) {
    case 0:
      return { command: addStep(fresh, { run: text }, { kind: "alone" }), intend: (model) => meant.add(model, fresh, { run: text }, null), touches: [] };
    case 1:
      return { command: addStep(fresh, { run: text }, { kind: "behind", step: one }), intend: (model) => meant.add(model, fresh, { run: text }, one), touches: [] };
    case 2:
      if (need === undefined) return null;
      return { command: addStep(fresh, { sleep: "1s" }, { kind: "between", from: need, to: one }), intend: (model) => meant.between(model, fresh, { sleep: "1s" }, need, one), touches: [one] };
    case 3:
      if (ids.length < 2) return null;
      return { command: deleteSteps([one], flag ? "mend" : "leave"), intend: (model) => meant.delete(model, one, flag), touches: flag ? ids.filter((id) => id === one || graph.get(id)?.needs.has(one) === true || graph.get(id)?.goto.some(({ to }) => to === one) === true) : [one] };
    case 4: {
      const command = duplicateSteps(document, [one]);
      return { command, intend: (model) => copyInModel(model, document, command, [one]), touches: [] };
    }
    case 5: {
      const command = pasteSteps(document, copySteps(document, [one, two]), flag ? one : null);
      return { command, intend: (model) => copyInModel(model, document, command, ids.filter((id) => id === one || id === two)), touches: [] };
    }
    case 6:
      return { command: connectSteps(one, two, flag ? "completed" : null), intend: (model) => meant.connect(model, one, two, flag ? "completed" : "ok"), touches: [two] };
    case 7:
      if (need === undefined) return null;
      return { command: disconnectSteps(need, one), intend: (model) => meant.disconnect(model, need, one), touches: [one] };
    case 8: {
      const loop = { to: two, on: "failed", ...(flag ? { if: 'visit < 3 && "a" != \'b\'' } : {}), max: 1 + (a % 9) };
      return { command: addLoop(one, loop), intend: (model) => meant.addLoop(model, one, loop), touches: [one] };
    }
    case 9: {
      if (loops.length === 0) return null;
      const change = flag ? { max: 7, delay: "30s" } : { on: "succeeded", if: "visit > 1", max: "unlimited" as const };
      return { command: changeLoop(one, at, change), intend: (model) => meant.changeLoop(model, one, at, change), touches: [one] };
    }
    case 10:
      if (loops.length === 0) return null;
      return { command: removeLoop(one, at), intend: (model) => meant.removeLoop(model, one, at), touches: [one] };
    case 11: {
      const key = ["run", "name", "if", "timeout", "x-mine"][b % 5] ?? "name";
      return { command: setKey(one, [key], text), intend: (model) => meant.set(model, one, key, text), touches: [one] };
    }
    case 12: {
      const key = ["name", "if", "timeout", "env"][b % 4] ?? "name";
      return { command: removeKey(one, [key]), intend: (model) => meant.remove(model, one, key), touches: [one] };
    }
    case 13: {
      const [name, schema] = [flag ? "count" : "extra", { type: "integer", default: a, description: text }];
      return { command: setInput(name, schema), intend: (model) => void (model.inputs[name] = schema), touches: [], inputs: true };
    }
    default: {
      const name = Object.keys(isPlainMap(document.value) && isPlainMap(document.value["inputs"]) ? document.value["inputs"] : {})[a % 2] ?? "none";
      return { command: removeInput(name), intend: (model) => void delete model.inputs[name], touches: [], inputs: true };
    }
  }
}

/** A copy is equal but for names: its own, and those of what was copied with it. */
function copyInModel(model: Model, before: PipelineDocument, command: EditCommand, originals: readonly string[]): void {
  const edited = command.apply(before);
  if (!edited.ok) return;
  const ids = newIds(before, edited.document);
  expect(ids.length).toBe(originals.length);
  ids.forEach((id, at) => {
    const copied = modelOf(edited.document.value).steps[id];
    const source = model.steps[originals[at] ?? ""];
    if (copied === undefined || source === undefined) throw new Error(`no source for ${id}`);
    const named = ids.reduce((text, name, index) => text.replaceAll(`"${name}"`, `"${originals[index]}"`).replaceAll(`steps.${name}.`, `steps.${originals[index]}.`), JSON.stringify(copied));
    expect(JSON.parse(named)).toEqual(source);
    model.steps[id] = copied;
  });
}

const draws = fc.array(
  fc.record({ what: fc.nat(1000), a: fc.nat(50), b: fc.nat(50), text: fc.oneof(fc.constantFrom(...SCRIPTS), fc.string({ maxLength: 12 })), flag: fc.boolean() }),
  { minLength: 1, maxLength: 8 },
);

/** What was there and is not the edit's business must still be there, line by line and in order. */
function expectUntouched(before: PipelineDocument, after: string, { touches, inputs }: Trial): void {
  const ranges = before.steps.filter(({ id }) => touches.includes(id)).map(({ key, body }) => ({ from: before.text.lastIndexOf("\n", key.from) + 1, to: body.to }));
  const section = (name: string) => {
    const found = new RegExp(`^${name}:[^\\n]*\\n?((?:[ \\t#-][^\\n]*|\\r?)\\n)*`, "m").exec(before.text);
    if (found !== null) ranges.push({ from: found.index, to: found.index + found[0].length });
  };
  if (inputs === true) section("inputs");
  section("x-layout");
  let offset = 0;
  const kept: string[] = [];
  for (const line of before.text.split("\n")) {
    const inside = ranges.some(({ from, to }) => from <= offset && offset < to);
    if (!inside && line.trim() !== "") kept.push(line.replace(/\r$/, ""));
    offset += line.length + 1;
  }
  const lines = after.split("\n").map((line) => line.replace(/\r$/, ""));
  let at = 0;
  for (const line of kept) {
    at = lines.indexOf(line, at);
    if (at === -1) throw new Error(`this line was not to be touched:\n${line}\n--- before\n${before.text}\n--- after\n${after}`);
    at++;
  }
  if (/\r\n/.test(before.text) && !/[^\r]\n/.test(before.text)) expect(after).not.toMatch(/[^\r]\n/);
  if (before.text.startsWith("\uFEFF")) expect(after.startsWith("\uFEFF")).toBe(true);
  if (!before.text.endsWith("\n")) expect(after.endsWith("\n")).toBe(false);
}

const commentsOf = (text: string) => text.split("\n").filter((line) => /^\s*#/.test(line)).map((line) => line.trim());

describe.each(files)("edits of $name", ({ name, text: original }) => {
  const tally = { done: 0, refused: 0 };
  it.each(Object.entries(VARIANTS))("%s", (_, vary) => {
    const start = vary(original);
    let [done, refused] = [0, 0];
    fc.assert(
      fc.property(draws, (sequence) => {
        let document = PipelineDocument.parse(start);
        expect(document.syntaxProblems).toEqual([]);
        const model = modelOf(document.value);
        let history = startHistory(start);
        const texts = [start];
        for (const draw of sequence) {
          const trial = trialOf(document, draw);
          if (trial === null) continue;
          const edited = trial.command.apply(document);
          expect(trial.command.whyNot(document) === null).toBe(edited.ok);
          if (!edited.ok) {
            expect(edited.reason).not.toBe("");
            if (/without touching|cannot extend/.test(edited.reason)) refused++;
            continue;
          }
          done++;
          trial.intend(model);
          expect(modelOf(edited.document.value)).toEqual(model);
          const blocks = !name.startsWith("flow");
          if (blocks) expectUntouched(document, edited.document.text, trial);
          // What is taken out takes the comments inside it along.
          if (blocks && ![3, 7, 10, 12, 14].includes(draw.what % 15)) {
            const [before, after] = [commentsOf(document.text), commentsOf(edited.document.text)];
            expect(before.filter((comment) => !after.includes(comment))).toEqual([]);
          }
          if (edited.document.text !== texts.at(-1)) texts.push(edited.document.text);
          history = record(history, { text: edited.document.text, label: trial.command.label, group: null });
          document = edited.document;
        }
        for (const text of texts.toReversed()) {
          expect(history.present.text).toBe(text);
          history = undo(history);
        }
      }),
      { numRuns: name === "long-script.yaml" ? Math.ceil(RUNS / 5) : RUNS, ...SEED },
    );
    tally.done += done;
    tally.refused += refused;
  }, 120_000);

  // A refusal is allowed where anchors share text; elsewhere nearly everything must go.
  if (name !== "anchors.yaml") {
    it("are seldom refused", () => expect(tally.refused / tally.done).toBeLessThan(0.12));
  }
});
