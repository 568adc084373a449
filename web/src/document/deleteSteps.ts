/**
 * Deletes steps. Mending closes the gaps: who needed a deleted step needs what it
 * needed, and loops to it go. Expressions that speak of it stay for people to judge.
 */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import { takeLoop } from "./loopEdge";
import { addNeed, removeNeed, replaceNeed } from "./needs";
import { isPlainMap } from "./plainValue";
import { type Section, sectionOf, stepGraph } from "./stepGraph";
import type { YamlEditing } from "./yamlEditing";

export type References = "mend" | "leave";

export const deleteSteps = (steps: readonly string[], references: References): EditCommand =>
  editCommand(
    say("step.delete", { steps: steps.join(", ") }),
    (document) => {
      const missing = steps.find((step) => document.findStep(step) === null);
      if (missing !== undefined) return say("edit.noStep", { step: missing });
      return steps.length === 0 ? say("edit.nothing") : null;
    },
    (editing) => {
      for (const step of steps) {
        const section = sectionOf(editing.value, step);
        if (references === "mend") mend(editing, step, section);
        const all = editing.read([section]);
        // A pipeline must have steps, but need not have a `finally`.
        editing.remove(section === "finally" && isPlainMap(all) && Object.keys(all).length === 1 ? [section] : [section, step]);
        if (references === "mend" && editing.read(["x-layout", step]) !== undefined) {
          const layout = editing.read(["x-layout"]);
          editing.remove(isPlainMap(layout) && Object.keys(layout).length > 1 ? ["x-layout", step] : ["x-layout"]);
        }
      }
    },
  );

function mend(editing: YamlEditing, gone: string, section: Section): void {
  const graph = stepGraph(editing.value, section);
  const before = [...(graph.get(gone)?.needs.keys() ?? [])].filter((need) => need !== gone && graph.has(need));
  for (const { id, needs, goto } of graph.values()) {
    if (id === gone) continue;
    // From the last, so that the places of the others hold.
    for (let at = goto.length - 1; at >= 0; at--) if (goto[at]?.to === gone) takeLoop(editing, id, at);
    if (!needs.has(gone)) continue;
    const [first, ...more] = before.filter((need) => !needs.has(need) && need !== id);
    if (first === undefined) removeNeed(editing, id, gone);
    else replaceNeed(editing, id, gone, first, "kept");
    const on = needs.get(gone) ?? null;
    for (const need of more) addNeed(editing, id, need, on);
  }
}
