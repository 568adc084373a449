/**
 * The graph of the text as it stands, at once and also where it has errors: steps
 * and edges are read from the text, the rest is what the compiler last said of
 * each step. The compiler's word replaces it as soon as it comes.
 */
import type { GraphView, StepDefinition } from "../api/types";
import type { DrawnStep } from "../ui/canvas/canvasModel";
import { isPlainMap, type Plain } from "../document/plainValue";
import { type Section, stepGraph, type StepGraph, type StepLinks } from "../document/stepGraph";

const KINDS = ["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set", "use"];

export function draftGraph(pipeline: Plain, known: GraphView | null): GraphView {
  return {
    name: known?.name ?? "",
    description: known?.description ?? null,
    inputs: known?.inputs ?? [],
    finally: sectionSteps(pipeline, "finally", known?.finally ?? []),
    unsupported: known?.unsupported ?? [],
    steps: sectionSteps(pipeline, "steps", known?.steps ?? []),
  };
}

function sectionSteps(pipeline: Plain, section: Section, known: readonly StepDefinition[]): DrawnStep[] {
  const steps = stepGraph(pipeline, section);
  const before = new Map(known.map((step) => [step.id, step]));
  return [...steps.values()].map((step) => definitionOf(step, steps, before.get(step.id)));
}

function definitionOf(step: StepLinks, steps: StepGraph, known: StepDefinition | undefined): DrawnStep {
  const body = isPlainMap(step.body) ? step.body : {};
  const kind = KINDS.find((key) => key in body) ?? "run";
  const text = (key: string) => (typeof body[key] === "string" ? (body[key] as string) : null);
  return {
    ...(known ?? UNKNOWN),
    id: step.id,
    ...(typeof body["use"] === "string" ? { uses: body["use"] } : {}),
    child: childOf(body, known),
    // A step type does what its type does; only the compiler knows what that is.
    kind: kind === "use" ? (known?.kind ?? "use") : kind,
    name: text("name"),
    if: text("if"),
    summary: known?.kind === kind || kind === "use" ? (known?.summary ?? summaryOf(body, kind)) : summaryOf(body, kind),
    needs: [...step.needs].filter(([id]) => steps.has(id)).map(([id, on]) => ({ step: id, on: conditionOf(on, steps.get(id)) })),
    goto: step.goto
      .filter(({ to }) => steps.has(to))
      .map((loop) => ({ to: loop.to, on: outcomeOf(loop.on), if: loop.if ?? null, max: typeof loop.max === "number" ? loop.max : null, delay_ms: 0, region: [...regionOf(loop.to, steps)] })) as StepDefinition["goto"],
  };
}

/** Steps in place are read from the text too; a child that has a name is named. */
function childOf(body: Readonly<Record<string, Plain>>, known: StepDefinition | undefined): StepDefinition["child"] {
  const child = body["pipeline"];
  if (!isPlainMap(child)) return known?.child ?? null;
  if (!isPlainMap(child["steps"])) return typeof child["name"] === "string" ? { kind: "named", name: child["name"] } : null;
  const inside = known?.child?.kind === "in_place" ? known.child.steps : [];
  const steps = stepGraph(child);
  return { kind: "in_place", steps: [...steps.values()].map((step) => definitionOf(step, steps, inside.find(({ id }) => id === step.id))) };
}

const UNKNOWN = {
  allow_failure: false,
  approvers: [],
  join: { kind: "all" as const },
  quorum: 1,
  retry_max_attempts: 1,
  timeout_ms: null,
};

function summaryOf(body: Readonly<Record<string, Plain>>, kind: string): string {
  const value = body[kind];
  if (typeof value === "string") return value.trim().split("\n")[0] ?? "";
  if (!isPlainMap(value)) return "";
  return String(value["url"] ?? value["message"] ?? value["image"] ?? value["signal"] ?? value["name"] ?? "");
}

type Condition = StepDefinition["needs"][number]["on"];
function conditionOf(on: string | null, from: StepLinks | undefined): Condition {
  return (on ?? (isPlainMap(from?.body) && "approval" in from.body ? "succeeded" : "ok")) as Condition;
}

function outcomeOf(on: string | undefined): string {
  return on ?? "failed";
}

/** The target and everything behind it. */
function regionOf(to: string, steps: StepGraph): Set<string> {
  const region = new Set([to]);
  let grows = true;
  while (grows) {
    grows = false;
    for (const { id, needs } of steps.values()) {
      if (region.has(id) || ![...needs.keys()].some((need) => region.has(need))) continue;
      region.add(id);
      grows = true;
    }
  }
  return region;
}
