/** Judges every step as the target of an edge that is dragged from one of them. */
import { whyNotConnect } from "../document/connectSteps";
import { leadsTo, type StepGraph } from "../document/stepGraph";
import type { DropTarget } from "../ui/canvas/canvasEditing";

export function dropTargets(graph: StepGraph, from: string): Map<string, DropTarget> {
  return new Map(
    [...graph.keys()].map((to): [string, DropTarget] => {
      // To itself or to a step before it, only a loop can lead.
      if (to === from || leadsTo(graph, to, from)) return [to, { kind: "loop" }];
      const why = whyNotConnect(graph, from, to);
      return [to, why === null ? { kind: "connect" } : { kind: "no", why }];
    }),
  );
}
