/**
 * Places the visits and attempts of a run in time. Idle stretches, in which nothing
 * ran, are compressed; the critical path is what the end of the run waited for.
 */
import type { GraphView, RunEvent, RunView, StepStatus } from "../api/types";
import { drawnSteps } from "../ui/canvas/canvasModel";

export interface Bar {
  readonly step: string;
  readonly visit: number;
  /** Counts the retries within the visit. */
  readonly attempt: number;
  readonly status: StepStatus;
  readonly from: number;
  readonly to: number;
  /** People, a clock or another system were waited for. */
  readonly waits: boolean;
  readonly critical: boolean;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface TimelineBars {
  readonly lanes: readonly { readonly step: string; readonly bars: readonly Bar[] }[];
  readonly gaps: readonly Gap[];
  readonly from: number;
  readonly to: number;
}

type Attempt = { step: string; visit: number; attempt: number; from: number; to: number | null; status: StepStatus };

const WAITING_KINDS = ["approval", "wait", "sleep"];
/** Shorter pauses are worth their place. */
const LEAST_GAP_MS = 10_000;
const LEAST_GAP_SHARE = 0.12;

export function timelineBars(graph: GraphView, run: RunView, events: readonly RunEvent[], now: number): TimelineBars {
  const steps = drawnSteps(graph);
  const from = Date.parse(run.created_at);
  const to = Math.max(from + 1, run.finished_at == null ? now : Date.parse(run.finished_at));
  const attempts = attemptsOf(events);
  const bars = steps.flatMap(({ id, kind }): Omit<Bar, "critical">[] =>
    (run.steps[id]?.visits ?? []).flatMap((visit) => {
      if (visit.started_at == null) return [];
      const began = Date.parse(visit.started_at);
      const ended = visit.finished_at == null ? to : Date.parse(visit.finished_at);
      const own = attempts.filter((one) => one.step === id && one.visit === visit.visit && one.from >= began - 1 && one.from <= ended);
      const bar = { step: id, visit: visit.visit, waits: WAITING_KINDS.includes(kind) };
      if (own.length < 2) return [{ ...bar, attempt: Math.max(1, visit.attempts), status: visit.status, from: began, to: ended, waits: bar.waits || visit.status === "waiting" }];
      // Between two attempts a retry waits for its time.
      return own.flatMap((one, at) => {
        const end = one.to ?? ended;
        const next = own[at + 1];
        const part = { ...bar, attempt: one.attempt, status: next === undefined ? visit.status : one.status, from: one.from, to: end };
        return next !== undefined && next.from > end ? [part, { ...part, attempt: next.attempt, status: "waiting" as const, from: end, to: next.from, waits: true }] : [part];
      });
    }),
  );
  const critical = criticalPath(graph, bars);
  const lanes = steps.map(({ id }) => ({ step: id, bars: bars.filter((bar) => bar.step === id).map((bar) => ({ ...bar, critical: critical.has(`${bar.step} ${bar.visit}`) })) }));
  // In the order in which they first began, so that time runs down as well as across.
  const begun = (lane: (typeof lanes)[number]) => Math.min(...lane.bars.map((bar) => bar.from));
  return { lanes: lanes.filter((lane) => lane.bars.length > 0).toSorted((a, b) => begun(a) - begun(b)), gaps: gapsOf(bars, from, to), from, to };
}

function attemptsOf(events: readonly RunEvent[]): Attempt[] {
  const all = new Map<string, Attempt>();
  for (const { at, event } of events) {
    if (event.type !== "attempt_started" && event.type !== "attempt_finished") continue;
    const { step, visit, attempt, epoch, item, within, undo } = event.key;
    // Items and what lies inside of a step have no lane of their own.
    if (item != null || (within ?? "") !== "" || undo === true) continue;
    const key = `${epoch} ${step} ${visit} ${attempt}`;
    if (event.type === "attempt_started") all.set(key, { step, visit, attempt, from: Date.parse(at), to: null, status: "running" });
    else {
      const one = all.get(key);
      if (one !== undefined) Object.assign(one, { to: Date.parse(at), status: event.outcome.status });
    }
  }
  return [...all.values()];
}

/** Stretches in which nothing ran. Waiting is idle too: nights over an approval are what makes a run long. */
function gapsOf(bars: readonly Omit<Bar, "critical">[], from: number, to: number): Gap[] {
  const busy = bars.filter(({ waits }) => !waits).toSorted((a, b) => a.from - b.from);
  const least = Math.max(LEAST_GAP_MS, (to - from) * LEAST_GAP_SHARE);
  const gaps: Gap[] = [];
  let end = from;
  for (const bar of [...busy, { from: to, to }]) {
    if (bar.from - end >= least) gaps.push({ from: end, to: bar.from });
    end = Math.max(end, bar.to);
  }
  return gaps;
}

/** Back from what ended last: each time to what it needed that ended last before it began. */
function criticalPath(graph: GraphView, bars: readonly Omit<Bar, "critical">[]): Set<string> {
  const needs = new Map(drawnSteps(graph).map((step) => [step.id, step.needs.map((need) => need.step)]));
  const loopsTo = new Map<string, string[]>();
  for (const step of graph.steps) for (const loop of step.goto) loopsTo.set(loop.to, [...(loopsTo.get(loop.to) ?? []), step.id]);
  const path = new Set<string>();
  let bar = bars.toSorted((a, b) => b.to - a.to)[0];
  while (bar !== undefined && !path.has(`${bar.step} ${bar.visit}`)) {
    const { step, visit } = bar;
    path.add(`${step} ${visit}`);
    const began = Math.min(...bars.filter((one) => one.step === step && one.visit === visit).map((one) => one.from));
    const before = [...(needs.get(step) ?? []), ...(loopsTo.get(step) ?? [])];
    bar = bars.filter((one) => before.includes(one.step) && one.to <= began + 1 && !path.has(`${one.step} ${one.visit}`)).toSorted((a, b) => b.to - a.to)[0];
  }
  return path;
}

/** Where a moment stands, from 0 to 1, when every gap takes only so much of the width. */
export function scaleOf({ gaps, from, to }: TimelineBars, gapShare = 0.04): (moment: number) => number {
  const idle = gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const busy = Math.max(1, to - from - idle);
  const perMs = Math.max(0.1, 1 - gaps.length * gapShare) / busy;
  const whole = busy * perMs + gaps.length * gapShare;
  return (moment) => {
    let place = 0;
    let at = from;
    for (const gap of gaps) {
      if (moment <= gap.from) break;
      place += (gap.from - at) * perMs;
      if (moment < gap.to) return (place + ((moment - gap.from) / (gap.to - gap.from)) * gapShare) / whole;
      place += gapShare;
      at = gap.to;
    }
    return Math.min(1, Math.max(0, (place + (moment - at) * perMs) / whole));
  };
}
