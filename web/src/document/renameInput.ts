/** Renames an input of the pipeline and every reference to it, in one undo step. */
import { say } from "../words/say";
import type { EditCommand } from "./editCommand";
import { isPlainMap, type PlainMap } from "./plainValue";
import type { PipelineDocument } from "./pipelineDocument";

export const renameInput = (from: string, to: string): EditCommand => ({
  label: say("rename.do", { from, to }),
  whyNot: (document) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(to)) return say("inputs.name");
    if (document.syntaxProblems.length > 0) return say("edit.broken");
    const inputs = inputsIn(document);
    if (!Object.hasOwn(inputs, from)) return say("input.none", { input: from });
    if (to === from) return say("rename.same");
    if (Object.hasOwn(inputs, to)) return say("inputs.taken", { input: to });
    const trial = document.renameInput(from, to);
    return trial.ok ? null : trial.reason;
  },
  apply: (document) => document.renameInput(from, to),
});

function inputsIn(document: PipelineDocument): PlainMap {
  const inputs = isPlainMap(document.value) ? document.value["inputs"] : undefined;
  return isPlainMap(inputs) ? inputs : {};
}
