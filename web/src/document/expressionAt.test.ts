import { expect, it } from "vitest";
import { PipelineDocument } from "./pipelineDocument";

/** «▮» is the caret. */
function at(text: string) {
  return PipelineDocument.parse(text.replace("▮", "")).expressionAt(text.indexOf("▮"));
}

const step = (body: string) => `name: p\nsteps:\n  a: {run: x}\n  b:\n    needs: a\n${body}`;

it.each([
  ["a condition", step('    if: "steps.a.vi▮sit > 1"\n    run: y\n'), { way: "cel", source: "steps.a.visit > 1", step: "b" }],
  ["a script with a hole", step("    run: |\n      one\n      echo '{{ steps.a▮.visit }}'\n"), { way: "template", source: "one\necho '{{ steps.a.visit }}'\n", step: "b" }],
  ["a script without one", step("    run: ec▮ho\n"), null],
  ["the condition of a loop", step("    run: y\n    goto: [{to: a, if: '▮visit < 3', max: 2}]\n"), { way: "cel", source: "visit < 3", step: "b" }],
  ["an output of the pipeline", `${step("    run: y\n")}outputs: {n: steps.a.outputs.▮n}\n`, { way: "cel", source: "steps.a.outputs.n", step: null }],
  ["a name", step("    na▮me: x\n    run: y\n"), null],
  ["a script that is no template", step("    run: 'echo {{ ▮x }}'\n    template: false\n"), null],
  ["broken text", "steps: {▮", null],
])("finds %s", (_, text, expected) => expect(at(text)).toEqual(expected));
