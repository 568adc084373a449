/** A forward edge: one step comes to need another, or no longer does. */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import { addNeed, removeNeed } from "./needs";
import { leadsTo, sectionOf, stepGraph, type StepGraph } from "./stepGraph";

export const connectSteps = (from: string, to: string, on: string | null = null): EditCommand =>
  editCommand(say("connect.label", { from, to }), (document) => whyNotConnect(stepGraph(document.value, sectionOf(document.value, to)), from, to), (editing) => addNeed(editing, to, from, on));

export const disconnectSteps = (from: string, to: string): EditCommand =>
  editCommand(
    say("disconnect.label", { from, to }),
    (document) => (stepGraph(document.value, sectionOf(document.value, to)).get(to)?.needs.has(from) === true ? null : say("connect.not", { from, to })),
    (editing) => removeNeed(editing, to, from),
  );

/** Asked of every step while an edge is being dragged, so nothing is tried here. */
export function whyNotConnect(graph: StepGraph, from: string, to: string): string | null {
  for (const step of [from, to]) if (!graph.has(step)) return say("edit.noStep", { step });
  if (from === to) return say("connect.self");
  if (graph.get(to)?.needs.has(from) === true) return say("connect.already", { from, to });
  return leadsTo(graph, to, from) ? say("connect.earlier", { from, to }) : null;
}
