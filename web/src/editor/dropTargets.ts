/** Judges every step as the target of an edge that is dragged from one of them. */
import { whyNotConnect } from "../document/connectSteps";
import type { Plain } from "../document/plainValue";
import { leadsTo, sectionOf, stepGraph } from "../document/stepGraph";
import type { DropTarget } from "../ui/canvas/canvasEditing";
import { say } from "../words/say";

/** Edges stay within the steps, or within those of `finally`. */
export function dropTargets(pipeline: Plain, from: string): Map<string, DropTarget> {
  const section = sectionOf(pipeline, from);
  const graph = stepGraph(pipeline, section);
  return new Map(
    [...graph.keys()].map((to): [string, DropTarget] => {
      // To itself or to a step before it, only a loop can lead.
      if (to === from || leadsTo(graph, to, from)) return [to, section === "steps" ? { kind: "loop" } : { kind: "no", why: say("edit.finally") }];
      const why = whyNotConnect(graph, from, to);
      return [to, why === null ? { kind: "connect" } : { kind: "no", why }];
    }),
  );
}
