/**
 * Which visit of each step belongs to which visit of a loop's region.
 *
 * Step visits cannot simply be counted: an inner loop visits its steps more
 * often, and a step that had not begun keeps its number over a re-open. So the
 * history is read: the region's visit ends with the event that gives its first
 * step the next number, and what the steps had reached right before it is what
 * belongs to it. Nothing is decided here; the numbers are the server's.
 */

export interface VisitRecord {
  readonly visit: number;
  readonly status: string;
}

export interface StepProgress {
  readonly status: string;
  readonly visit: number;
  readonly visits: readonly VisitRecord[];
}

export interface HistoryEntry {
  readonly seq: number;
  readonly changes: { readonly steps: Readonly<Record<string, StepProgress>> };
}

export interface RegionVisit {
  readonly visit: number;
  readonly current: boolean;
  /** The visit each step of the region had reached; null where it had not begun. */
  readonly steps: ReadonlyMap<string, number | null>;
}

export function regionVisits(
  region: { readonly to: string; readonly steps: readonly string[] },
  history: readonly HistoryEntry[],
  now: Readonly<Record<string, StepProgress>>,
): RegionVisit[] {
  const reached = new Map<string, number | null>(region.steps.map((id) => [id, null]));
  const past: RegionVisit[] = [];
  // Of a long history only the end is at hand: the visit in which it begins is not known whole.
  let whole = history[0] === undefined || history[0].seq === 1;
  let visit = whole ? 1 : null;
  for (const { changes } of history) {
    const next = changes.steps[region.to]?.visit ?? visit;
    if (next !== null && visit === null) visit = next;
    else if (next !== null && visit !== null && next > visit) {
      if (whole) past.push({ visit, current: false, steps: new Map(reached) });
      whole = true;
      for (const id of region.steps) reached.set(id, null);
      visit = next;
    }
    for (const id of region.steps) {
      const step = changes.steps[id];
      if (step !== undefined) reached.set(id, begunVisit(step));
    }
  }
  const current = new Map(region.steps.map((id) => [id, now[id] === undefined ? null : begunVisit(now[id])]));
  return [...past.filter((one) => one.visit < (now[region.to]?.visit ?? 1)), { visit: now[region.to]?.visit ?? 1, current: true, steps: current }];
}

function begunVisit(step: StepProgress): number | null {
  return step.status === "pending" ? null : step.visit;
}

export type RegionResult = "pending" | "running" | "waiting" | "failed" | "cancelled" | "succeeded" | "skipped";

/** One colour for a visit of the region: what is going on in it, else its worst end. */
export function regionResult(visit: RegionVisit, steps: Readonly<Record<string, StepProgress>>): RegionResult {
  const statuses = new Set<string>();
  for (const [id, number] of visit.steps) {
    const step = steps[id];
    if (step === undefined || number === null) continue;
    const record = step.visits.find((one) => one.visit === number);
    // Of visits long ago nothing is at hand any more.
    if (step.visit === number && (visit.current || record === undefined)) statuses.add(step.status);
    else if (record !== undefined) statuses.add(record.status);
  }
  if (visit.current) {
    if (statuses.has("running") || statuses.has("queued")) return "running";
    if (statuses.has("waiting")) return "waiting";
  }
  for (const worst of ["failed", "cancelled", "succeeded", "skipped"] as const) if (statuses.has(worst)) return worst;
  return "pending";
}
