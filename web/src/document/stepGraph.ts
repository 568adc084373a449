/** Steps of a text by what they need and where they go back to, as far as that can be read from it. */
import { isPlainMap, type Plain } from "./plainValue";

export interface StepLinks {
  readonly id: string;
  /** The condition of each edge; null where it is left unsaid. */
  readonly needs: ReadonlyMap<string, string | null>;
  readonly goto: readonly LoopFields[];
  readonly body: Plain;
}

export interface LoopFields {
  readonly to: string;
  readonly on?: string;
  readonly if?: string;
  readonly max?: number | "unlimited";
  readonly delay?: string;
}

export type StepGraph = ReadonlyMap<string, StepLinks>;

/** Where steps stand in a file. Those of `finally` run behind all others, and need only each other. */
export type Section = "steps" | "finally";

/** Names are used once in a file, so a step stands in one of the two. */
export function sectionOf(pipeline: Plain, step: string): Section {
  const [steps, last] = isPlainMap(pipeline) ? [pipeline["steps"], pipeline["finally"]] : [];
  return isPlainMap(last) && Object.hasOwn(last, step) && !(isPlainMap(steps) && Object.hasOwn(steps, step)) ? "finally" : "steps";
}

export function stepGraph(pipeline: Plain, section: Section = "steps"): StepGraph {
  const steps = isPlainMap(pipeline) ? pipeline[section] : undefined;
  if (!isPlainMap(steps)) return new Map();
  const ids = Object.keys(steps).filter((id) => !id.startsWith("x-"));
  return new Map(ids.map((id) => [id, { id, needs: needsOf(steps[id]), goto: loopsOf(steps[id]), body: steps[id] ?? null }]));
}

/** Whether forward edges lead from the one step to the other. */
export function leadsTo(graph: StepGraph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const reaches = (id: string): boolean => {
    if (seen.has(id)) return false;
    seen.add(id);
    return [...(graph.get(id)?.needs.keys() ?? [])].some((need) => need === from || reaches(need));
  };
  return reaches(to);
}

/** A name that no step has: `build`, `build_2`, … */
export function freeId(taken: (id: string) => boolean, wanted: string): string {
  if (!taken(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, "").slice(0, 58);
  for (let number = 2; ; number++) if (!taken(`${stem}_${number}`)) return `${stem}_${number}`;
}

function needsOf(body: Plain | undefined): Map<string, string | null> {
  const needs = isPlainMap(body) ? body["needs"] : undefined;
  if (typeof needs === "string") return new Map([[needs, null]]);
  if (Array.isArray(needs)) return new Map(needs.flatMap((one) => (typeof one === "string" ? [[one, null] as const] : [])));
  if (isPlainMap(needs)) return new Map(Object.entries(needs).map(([id, on]) => [id, typeof on === "string" ? on : null]));
  return new Map();
}

function loopsOf(body: Plain | undefined): LoopFields[] {
  const list = isPlainMap(body) ? body["goto"] : undefined;
  if (!Array.isArray(list)) return [];
  return list.map((entry) => {
    if (!isPlainMap(entry)) return { to: "" };
    const text = (key: string) => (entry[key] === undefined || entry[key] === null ? {} : { [key]: String(entry[key]) });
    const max = entry["max"];
    return { ...text("on"), ...text("if"), ...text("delay"), ...(typeof max === "number" || max === "unlimited" ? { max } : {}), to: String(entry["to"] ?? "") };
  });
}
