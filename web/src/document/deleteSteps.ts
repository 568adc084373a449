/**
 * Deletes steps. Mending closes the gaps: who needed a deleted step needs what it
 * needed, and loops to it go. Expressions that speak of it stay for people to judge.
 */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import { takeLoop } from "./loopEdge";
import { addNeed, removeNeed, replaceNeed } from "./needs";
import { isPlainMap } from "./plainValue";
import { stepGraph } from "./stepGraph";
import type { YamlEditing } from "./yamlEditing";

export type References = "mend" | "leave";

export const deleteSteps = (steps: readonly string[], references: References): EditCommand =>
  editCommand(
    say("step.delete", { steps: steps.join(", ") }),
    (document) => {
      const missing = steps.find((step) => !document.hasStep(step));
      if (missing !== undefined) return document.hasFinallyStep(missing) ? say("edit.finally") : say("edit.noStep", { step: missing });
      return steps.length === 0 ? say("edit.nothing") : null;
    },
    (editing) => {
      for (const step of steps) {
        if (references === "mend") mend(editing, step);
        editing.remove(["steps", step]);
        if (references === "mend" && editing.read(["x-layout", step]) !== undefined) {
          const layout = editing.read(["x-layout"]);
          editing.remove(isPlainMap(layout) && Object.keys(layout).length > 1 ? ["x-layout", step] : ["x-layout"]);
        }
      }
    },
  );

function mend(editing: YamlEditing, gone: string): void {
  const graph = stepGraph(editing.value);
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
