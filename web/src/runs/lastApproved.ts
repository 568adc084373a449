/**
 * Finds what was approved last at a step, and how it differs from what is asked now:
 * an earlier visit of this run, else the latest run before it that succeeded.
 */
import { client } from "../api/client";
import type { RunView, VisitView } from "../api/types";

export interface Difference {
  readonly name: string;
  readonly was: string;
  readonly is: string;
}

export interface LastApproved {
  /** The number of another run, or null for a visit of this one. */
  readonly where: { readonly run: number | null; readonly visit: number };
  readonly inputs: readonly Difference[];
  /** Of the steps of the run: what is going to be shipped. */
  readonly outputs: readonly Difference[];
  /** Of the pipeline, in sentences. */
  readonly changes: readonly string[];
}

const LOOKED_AT = 20;

/** In an object: a query cannot answer with nothing. */
export async function lastApproved(run: RunView, step: string, visit: number): Promise<{ readonly last: LastApproved | null }> {
  const earlier = run.steps[step]?.visits.findLast((one) => one.visit < visit && one.status === "succeeded");
  if (earlier !== undefined) return { last: { where: { run: null, visit: earlier.visit }, inputs: [], outputs: sinceVisit(run, earlier), changes: [] } };
  const list = await client.runs({ pipeline: `${run.project}/${run.pipeline}`, status: "succeeded", limit: LOOKED_AT });
  const other = list.items.find(({ number }) => number < run.number);
  if (other === undefined) return { last: null };
  const [before, was, is] = await Promise.all([client.run(other.id), client.definition(other.id), client.definition(run.id)]);
  if (before.steps[step]?.status !== "succeeded") return { last: null };
  return {
    last: {
      where: { run: before.number, visit: before.steps[step].visit },
      inputs: differences(before.inputs, run.inputs, "inputs."),
      outputs: differences(outputsOf(before), outputsOf(run), "").filter(({ name }) => !name.startsWith(`${step}.`)),
      changes: was.digest === is.digest ? [] : await sentences(was.yaml, is.yaml),
    },
  };
}

/** What the steps gave that have been visited since. */
function sinceVisit(run: RunView, approved: VisitView): Difference[] {
  const until = approved.finished_at ?? "";
  return Object.entries(run.steps).flatMap(([id, step]) => {
    const before = step.visits.findLast((one) => one.finished_at != null && one.finished_at <= until);
    return before === undefined || before.visit === step.visit ? [] : differences(before.outputs, step.outputs, `${id}.`);
  });
}

function outputsOf(run: RunView): Record<string, unknown> {
  return Object.fromEntries(Object.entries(run.steps).flatMap(([id, { outputs }]) => Object.entries(outputs).map(([name, value]) => [`${id}.${name}`, value])));
}

export function differences(before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>, prefix: string): Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [was, is] = [words(before[name]), words(now[name])];
    return was === is ? [] : [{ name: `${prefix}${name}`, was, is }];
  });
}

function words(value: unknown): string {
  return value === undefined ? "—" : typeof value === "string" ? value : JSON.stringify(value);
}

/** The parser comes only when two texts differ. */
async function sentences(was: string, is: string): Promise<string[]> {
  const [{ PipelineDocument }, { changeSummary }] = await Promise.all([import("../document/pipelineDocument"), import("../document/changeSummary")]);
  return changeSummary(PipelineDocument.parse(was).value, PipelineDocument.parse(is).value);
}
