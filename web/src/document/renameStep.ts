/** Renames a step and every reference to it, in one undo step. */
import type { EditCommand } from "./editCommand";
import { whyNotAStepId } from "./stepId";
import { say } from "../words/say";

export const renameStep = (from: string, to: string): EditCommand => ({
  label: say("rename.do", { from, to }),
  whyNot: (document) => {
    const illegal = whyNotAStepId(to);
    if (illegal !== null) return illegal;
    if (document.syntaxProblems.length > 0) return say("edit.broken");
    if (document.findStep(from) === null) return say("edit.noStep", { step: from });
    if (to === from) return say("rename.same");
    if (document.hasStep(to)) return say("step.exists", { step: to });
    if (document.hasFinallyStep(to)) return say("step.exists", { step: to });
    const trial = document.renameStep(from, to);
    return trial.ok ? null : trial.reason;
  },
  apply: (document) => document.renameStep(from, to),
});
