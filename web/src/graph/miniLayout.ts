/**
 * A thumbnail's layout: columns by depth, no routing. Small enough to be done
 * while a list is drawn, without the layout engine.
 */
import { groupBy } from "./groupBy";
import type { PipelineGraph } from "./pipelineGraph";

export interface MiniNode {
  readonly id: string;
  readonly column: number;
  /** Centred: 0 is the middle row. */
  readonly row: number;
}

export interface MiniLayout {
  readonly nodes: readonly MiniNode[];
  readonly edges: readonly { readonly from: MiniNode; readonly to: MiniNode; readonly loop: boolean }[];
  readonly columns: number;
  readonly rows: number;
}

export function miniLayout(graph: PipelineGraph): MiniLayout {
  const steps = new Map(graph.steps.map((step) => [step.id, step]));
  const depths = new Map<string, number>();
  const depthOf = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    // Needs form no cycle in a compiled graph; a wrong one must still end.
    depths.set(id, 0);
    const needs = (steps.get(id)?.needs ?? []).filter((need) => steps.has(need.step));
    const depth = needs.length === 0 ? 0 : 1 + Math.max(...needs.map((need) => depthOf(need.step)));
    depths.set(id, depth);
    return depth;
  };
  const columns = groupBy(graph.steps, (step) => depthOf(step.id));
  const nodes = new Map<string, MiniNode>();
  for (const [column, members] of columns) {
    members.forEach((step, at) => nodes.set(step.id, { id: step.id, column, row: at - (members.length - 1) / 2 }));
  }
  const edge = (from: string, to: string, loop: boolean) => {
    const [start, end] = [nodes.get(from), nodes.get(to)];
    return start === undefined || end === undefined ? [] : [{ from: start, to: end, loop }];
  };
  return {
    nodes: [...nodes.values()],
    edges: graph.steps.flatMap((step) => [
      ...step.needs.flatMap((need) => edge(need.step, step.id, false)),
      ...step.goto.flatMap((loop) => edge(step.id, loop.to, true)),
    ]),
    columns: columns.size,
    rows: Math.max(0, ...[...columns.values()].map((members) => members.length)),
  };
}
