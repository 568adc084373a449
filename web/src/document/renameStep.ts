/** Renames a step and every reference to it, in one undo step. */
import type { EditCommand } from "./editCommand";
import { whyNotAStepId } from "./stepId";

export const renameStep = (from: string, to: string): EditCommand => ({
  label: `Rename ${from} to ${to}`,
  whyNot: (document) => {
    const illegal = whyNotAStepId(to);
    if (illegal !== null) return illegal;
    if (document.syntaxProblems.length > 0) return "The YAML does not parse. Fix it first.";
    if (document.hasFinallyStep(from)) return "Steps of `finally` are renamed in the text.";
    if (!document.hasStep(from)) return `There is no step \`${from}\`.`;
    if (to === from) return "That is its name already.";
    if (document.hasStep(to)) return `There is a step \`${to}\` already.`;
    if (document.hasFinallyStep(to)) return `\`finally\` has a step \`${to}\` already.`;
    const trial = document.renameStep(from, to);
    return trial.ok ? null : trial.reason;
  },
  apply: (document) => document.renameStep(from, to),
});
