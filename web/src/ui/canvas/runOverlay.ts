/** Turns a run's state, or one pinned visit of a loop, into what is laid over the graph. */
import type { EdgeView, GraphView, RunEvent, RunView, StepView, VisitView } from "../../api/types";
import { loopId, project } from "../../graph/pipelineGraph";
import { type RegionVisit, regionResult, regionVisits } from "../../graph/regionVisits";
import { type CanvasOverlay, drawnSteps, type RegionSegment, type StepOverlay } from "./canvasModel";
import { say } from "../../words/say";

export interface PinnedVisit {
  readonly region: string;
  readonly visit: number;
}

/** The visits of every loop region, by the step that the loop leads to. */
export function visitsOfRegions(graph: GraphView, run: RunView, events: readonly RunEvent[]): Map<string, RegionVisit[]> {
  return new Map(project(graph).regions.map((region) => [region.to, regionVisits(region, events, run.steps)]));
}

export function runOverlay(graph: GraphView, run: RunView, visits: ReadonlyMap<string, readonly RegionVisit[]>, pinned: PinnedVisit | null): CanvasOverlay {
  const shown = pinned === null ? null : (visits.get(pinned.region)?.find((one) => one.visit === pinned.visit && !one.current) ?? null);
  const steps = new Map<string, StepOverlay>();
  for (const { id } of drawnSteps(graph)) {
    const step = run.steps[id];
    if (step !== undefined) steps.set(id, shown !== null && shown.steps.has(id) ? pastOverlay(step, shown.steps.get(id) ?? null) : currentOverlay(step));
  }
  const regions = new Map<string, RegionSegment[]>();
  for (const [region, all] of visits) {
    regions.set(
      region,
      all.map((visit) => ({
        visit: visit.visit,
        current: visit.current,
        result: regionResult(visit, run.steps),
        pinned: pinned !== null && pinned.region === region && pinned.visit === visit.visit,
      })),
    );
  }
  return { steps, edges: edgeStates(run.edges, shown, run), loopsUsed: new Map(run.loops.map((loop) => [loopId(loop.from, loop.index), loop.used])), regions };
}

function currentOverlay(step: StepView): StepOverlay {
  return { status: step.status, word: waitingWord(step), visit: step.visit, attempt: step.attempt, startedAt: step.started_at ?? null, finishedAt: step.finished_at ?? null };
}

/** What is past is drawn from its record; a step that was not reached then has none. */
function pastOverlay(step: StepView, visit: number | null): StepOverlay {
  const record = visit === null ? undefined : recordOf(step, visit);
  if (record === undefined) return { status: "pending", word: say("overlay.notReached"), visit: 1, attempt: 1, startedAt: null, finishedAt: null };
  return { status: record.status, word: null, visit: record.visit, attempt: record.attempts ?? 1, startedAt: record.started_at ?? null, finishedAt: record.finished_at ?? null };
}

export function recordOf(step: StepView, visit: number): VisitView | undefined {
  return step.visits.find((one) => one.visit === visit);
}

function waitingWord(step: StepView): string | null {
  switch (step.waiting_for?.kind) {
    case "approval":
      return say("overlay.approval");
    case "timer":
      return say("overlay.timer");
    case "signal":
      return say(step.waiting_for.kept > 0 ? "overlay.signalKept" : "overlay.signal", { name: step.waiting_for.name, count: step.waiting_for.kept });
    case "retry":
      return say("overlay.retry", { attempt: step.waiting_for.attempt });
    case "lock":
      return say("overlay.lock", { name: step.waiting_for.name });
    case "callback":
      return say("overlay.callback");
    case "worker":
      return say("overlay.worker", { labels: step.waiting_for.missing.join(", ") });
    case "draining":
      return say("overlay.draining");
    default:
      return null;
  }
}

const STRONGEST: readonly EdgeView["state"][] = ["live", "undecided", "neutral", "blocked"];

/** Edges are the current visit's; of a past one only the path between begun steps is known. */
function edgeStates(edges: readonly EdgeView[], shown: RegionVisit | null, run: RunView): Map<string, EdgeView["state"]> {
  const states = new Map<string, EdgeView["state"]>();
  for (const edge of edges) {
    const key = `${edge.from} ${edge.to}`;
    const past = shown !== null && shown.steps.has(edge.from) && shown.steps.has(edge.to);
    const state = past ? pastEdgeState(edge, shown, run) : edge.state;
    const before = states.get(key);
    if (before === undefined || STRONGEST.indexOf(state) < STRONGEST.indexOf(before)) states.set(key, state);
  }
  return states;
}

function pastEdgeState(edge: EdgeView, shown: RegionVisit, run: RunView): EdgeView["state"] {
  const target = shown.steps.get(edge.to) ?? null;
  if (target === null) return "undecided";
  const record = run.steps[edge.to] === undefined ? undefined : recordOf(run.steps[edge.to] as StepView, target);
  return record === undefined ? "undecided" : record.status === "skipped" ? "blocked" : "live";
}
