/**
 * What the drawing needs to know of a compiled pipeline. The server's graph view
 * has this shape and more; nothing here depends on how it was fetched.
 */

export interface PipelineGraph {
  readonly steps: readonly GraphStep[];
}

export interface GraphStep {
  readonly id: string;
  readonly needs: readonly { readonly step: string; readonly on: string }[];
  readonly goto: readonly GraphLoop[];
  /** Steps written inside of it are drawn inside of it. */
  readonly child?: { readonly kind: string; readonly steps?: readonly unknown[] } | null;
}

export interface GraphLoop {
  readonly to: string;
  readonly on: string;
  readonly max?: number | null;
  readonly region: readonly string[];
}

export interface ForwardEdge {
  readonly kind: "forward";
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly on: string;
}

export interface LoopEdge {
  readonly kind: "loop";
  readonly id: string;
  readonly from: string;
  /** Position among the gotos of its step: a step may have several to one target. */
  readonly index: number;
  readonly to: string;
  readonly on: string;
  readonly max: number | null;
}

/** All loop edges to one step re-open the same steps, so they share one region. */
export interface LoopRegion {
  readonly to: string;
  readonly steps: readonly string[];
}

export interface Projection {
  /** Sources first: every forward edge leads to a later id. */
  readonly order: readonly string[];
  readonly forward: readonly ForwardEdge[];
  readonly loops: readonly LoopEdge[];
  /** Larger regions first, so that enclosed ones are drawn above them. */
  readonly regions: readonly LoopRegion[];
  /** Steps that hold others, which need room. */
  readonly holders: ReadonlySet<string>;
}

export function project(graph: PipelineGraph): Projection {
  const known = new Set(graph.steps.map((step) => step.id));
  const forward = graph.steps.flatMap((step) =>
    step.needs
      .filter((need) => known.has(need.step))
      .map((need): ForwardEdge => ({ kind: "forward", id: `forward:${need.step}:${step.id}`, from: need.step, to: step.id, on: need.on })),
  );
  const loops = graph.steps.flatMap((step) =>
    step.goto.map((loop, index): LoopEdge => ({ kind: "loop", id: loopId(step.id, index), from: step.id, index, to: loop.to, on: loop.on, max: loop.max ?? null })),
  );
  const regions = new Map<string, LoopRegion>();
  for (const loop of graph.steps.flatMap((step) => step.goto)) regions.set(loop.to, { to: loop.to, steps: loop.region });
  return {
    order: topologicalOrder(graph.steps),
    forward,
    loops: loops.filter((loop) => known.has(loop.to)),
    holders: new Set(graph.steps.filter(({ child }) => (child?.steps?.length ?? 0) > 0).map(({ id }) => id)),
    regions: [...regions.values()].toSorted((a, b) => b.steps.length - a.steps.length),
  };
}

export function loopId(from: string, index: number): string {
  return `loop:${from}:${index}`;
}

/** Keeps the order of the file where the edges leave a choice. */
function topologicalOrder(steps: readonly GraphStep[]): string[] {
  const needs = new Map(steps.map((step) => [step.id, step.needs.map((need) => need.step)]));
  const done = new Set<string>();
  const order: string[] = [];
  const visit = (id: string) => {
    if (done.has(id) || !needs.has(id)) return;
    done.add(id);
    for (const need of needs.get(id) ?? []) visit(need);
    order.push(id);
  };
  for (const step of steps) visit(step.id);
  return order;
}
