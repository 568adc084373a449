/**
 * Reads what was played: the visits in the order in which they began, and the
 * state of the run right after each event. Nothing is decided here; the facts
 * are the interpreter's.
 */
import { applyEvent } from "../../api/applyEvent";
import { stepsInside } from "../../api/stepsInside";
import type { Failure, GraphView, RunEvent, RunView, StepDefinition, StepStatus, StepView, WaitingFor } from "../../api/types";

export interface PlayedVisit {
  /** Tells it from all others of the run: `check 2`. */
  readonly key: string;
  /** As people name it: `check`, `child/check`. */
  readonly step: string;
  /** Of a step inside of a pipeline in place: counted over all attempts at it. */
  readonly number: number;
  readonly kind: string;
  readonly status: StepStatus;
  readonly beganSeq: number;
  /** The latest event that changed it. */
  readonly endedSeq: number;
  /** In milliseconds since the run began. */
  readonly beganAt: number;
  readonly attempts: number;
  readonly error: Failure | null;
  /** What people or other systems are asked for, since when, and how long there is for it. */
  readonly wait: { readonly for: Extract<WaitingFor, { kind: "approval" | "signal" }>; readonly at: number; readonly left: number | null } | null;
}

type Open = { -readonly [Key in keyof PlayedVisit]: PlayedVisit[Key] } & { visit: number; over: boolean };

export function playedVisits(graph: GraphView, events: readonly RunEvent[]): PlayedVisit[] {
  const began = Date.parse(events[0]?.at ?? "");
  const kinds = kindsOf([...graph.steps, ...(graph.finally ?? [])]);
  const counts = new Map<string, number>();
  const open = new Map<string, Open>();
  const all: Open[] = [];
  for (const event of events) {
    const at = Date.parse(event.at) - began;
    for (const [path, step] of stepsInside(event.changes.steps)) {
      if (step.status === "pending" || step.status === "skipped") {
        close(open.get(path), step);
        open.delete(path);
        continue;
      }
      let visit = open.get(path);
      const over = step.finished_at != null;
      if (visit === undefined || visit.visit !== step.visit || (visit.over && !over)) {
        close(visit, step);
        const number = path.includes("/") ? (counts.get(path) ?? 0) + 1 : step.visit;
        counts.set(path, number);
        visit = { key: `${path} ${number}`, step: path, number, kind: kinds.get(withoutItems(path)) ?? "", status: step.status, beganSeq: event.seq, endedSeq: event.seq, beganAt: at, attempts: 1, error: null, wait: null, visit: step.visit, over };
        open.set(path, visit);
        all.push(visit);
      }
      Object.assign(visit, { status: step.status, endedSeq: event.seq, attempts: Math.max(1, step.attempt), error: step.error ?? null, over });
      const wait = step.waiting_for;
      if (visit.wait === null && (wait?.kind === "approval" || wait?.kind === "signal")) visit.wait = { for: wait, at, left: wait.until == null ? null : Date.parse(wait.until) - began - at };
    }
  }
  return all;
}

/** A loop has re-opened it: how it ended stands in its record. */
function close(visit: Open | undefined, step: StepView): void {
  const record = visit === undefined ? undefined : step.visits.find((one) => one.visit === visit.visit);
  if (visit !== undefined && record !== undefined) Object.assign(visit, { status: record.status, error: record.error ?? null, attempts: record.attempts ?? visit.attempts });
}

/** What each step does, by its name; with those that stand in place. */
export function kindsOf(steps: readonly StepDefinition[], around = ""): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const step of steps) {
    const inside = step.child?.kind === "in_place" ? step.child.steps : null;
    // What stands in place is not one piece of work: its steps are.
    kinds.set(`${around}${step.id}`, step.kind === "pipeline" && inside !== null ? "in_place" : step.kind);
    for (const [path, kind] of kindsOf(inside ?? [], `${around}${step.id}/`)) kinds.set(path, kind);
  }
  return kinds;
}

export function withoutItems(path: string): string {
  return path.replace(/\[\d+\]/g, "");
}

/** The run right after each event, the first of them at 0. */
export function statesOf(run: RunView, events: readonly RunEvent[]): RunView[] {
  const blank = Object.fromEntries(Object.keys(run.steps).map((id) => [id, NOT_BEGUN]));
  let state: RunView = {
    ...run,
    status: "running",
    finished_at: null,
    error: null,
    outputs: {},
    last_seq: 0,
    steps: blank,
    edges: run.edges.map((edge) => ({ ...edge, state: "undecided" as const })),
    loops: run.loops.map((loop) => ({ ...loop, used: 0 })),
    compensations: [],
  };
  return events.map((event) => {
    const applied = applyEvent(state, event);
    if (applied.kind === "applied") state = applied.run;
    return state;
  });
}

const NOT_BEGUN: StepView = { status: "pending", visit: 1, attempt: 0, outputs: {}, artifacts: {}, visits: [], older_visits: 0 };
