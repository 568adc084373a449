/** Adds a step: alone, behind another one, or into an edge. */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import { replaceNeed } from "./needs";
import type { Plain, PlainMap } from "./plainValue";
import type { PipelineDocument } from "./pipelineDocument";
import { sectionOf, stepGraph } from "./stepGraph";
import { whyNotAStepId } from "./stepId";

export type StepPlace = { readonly kind: "alone" } | { readonly kind: "finally" } | { readonly kind: "behind"; readonly step: string } | { readonly kind: "between"; readonly from: string; readonly to: string };

export const addStep = (id: string, body: Readonly<Record<string, Plain>>, place: StepPlace): EditCommand =>
  editCommand(
    say("step.add", { step: id }),
    (document) => whyNotNew(document, id) ?? whyNotThere(document, place),
    (editing) => {
      if (place.kind === "alone" || place.kind === "finally") return editing.set([place.kind === "alone" ? "steps" : "finally", id], { ...body });
      const before = place.kind === "behind" ? place.step : place.from;
      const section = sectionOf(editing.value, before);
      const on = place.kind === "between" ? conditionOf(editing.read([section, place.to, "needs", place.from])) : null;
      const needs: Plain = on === null ? before : { [before]: on };
      editing.set([section, id], { needs, ...body } as PlainMap, { kind: "after", key: before });
      if (place.kind === "between") replaceNeed(editing, place.to, place.from, id, "usual");
    },
  );

export function whyNotNew(document: PipelineDocument, id: string): string | null {
  const illegal = whyNotAStepId(id);
  if (illegal !== null) return illegal;
  return document.hasStep(id) || document.hasFinallyStep(id) ? say("step.exists", { step: id }) : null;
}

function whyNotThere(document: PipelineDocument, place: StepPlace): string | null {
  if (place.kind === "alone" || place.kind === "finally") return null;
  const step = place.kind === "behind" ? place.step : place.from;
  const graph = stepGraph(document.value, sectionOf(document.value, step));
  if (!graph.has(step)) return say("edit.noStep", { step });
  return place.kind === "between" && graph.get(place.to)?.needs.has(place.from) !== true ? say("connect.not", { from: place.from, to: place.to }) : null;
}

/** What the edge says is about the step before it, so it stays on that half. */
function conditionOf(on: Plain | undefined): string | null {
  return typeof on === "string" && on !== "ok" && on !== "succeeded" ? on : null;
}
