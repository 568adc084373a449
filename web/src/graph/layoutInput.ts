/**
 * Says to elk what to lay out.
 *
 * The nodes are given in topological order and cycles are broken by that order:
 * then exactly the loop edges are taken as feedback edges. Breaking them depth
 * first depends on where the search begins, and put the source of a loop left of
 * its target as soon as another path led to it.
 *
 * Every node has fixed ports: forward edges run through the middle of its sides,
 * loop edges leave and enter at the far side, one port each, the widest loop
 * outermost, so that loops to one step do not cross or melt into one line.
 */
import type { ElkExtendedEdge, ElkNode, ElkPort } from "elkjs/lib/elk-api";
import { groupBy } from "./groupBy";
import type { LoopEdge, Projection } from "./pipelineGraph";

export type Direction = "right" | "down";

export const NODE_WIDTH = 208;
export const NODE_HEIGHT = 62;
/** What a pipeline in place is given beneath the lines of its step. */
export const INSIDE_HEIGHT = 58;
const PORT_GAP = 14;

export function layoutInput(projection: Projection, direction: Direction): ElkNode {
  const right = direction === "right";
  const rank = new Map(projection.order.map((id, at) => [id, at]));
  const incoming = groupBy(projection.loops, (loop) => loop.to);
  const outgoing = groupBy(projection.loops, (loop) => loop.from);
  const span = (loop: LoopEdge) => (rank.get(loop.from) ?? 0) - (rank.get(loop.to) ?? 0);

  const heightOf = (id: string) => NODE_HEIGHT + (projection.holders.has(id) ? INSIDE_HEIGHT : 0);
  const port = (id: string, x: number, y: number, side: string): ElkPort => ({ id, x, y, width: 0, height: 0, layoutOptions: { "elk.port.side": side } });
  const loopPort = (id: string, along: number, height: number): ElkPort =>
    right ? port(id, along, height, "SOUTH") : port(id, NODE_WIDTH, Math.min(along, height), "EAST");

  const children = projection.order.map((id): ElkNode => {
    const widestFirst = (loops: readonly LoopEdge[] = []) => loops.toSorted((a, b) => span(b) - span(a));
    const step = right ? PORT_GAP : 9;
    const height = heightOf(id);
    const far = right ? NODE_WIDTH - 28 : height - 12;
    const ports = [
      right ? port(`${id}#in`, 0, height / 2, "WEST") : port(`${id}#in`, NODE_WIDTH / 2, 0, "NORTH"),
      right ? port(`${id}#out`, NODE_WIDTH, height / 2, "EAST") : port(`${id}#out`, NODE_WIDTH / 2, height, "SOUTH"),
      ...widestFirst(incoming.get(id)).map((loop, at) => loopPort(`${loop.id}#to`, (right ? 28 : 12) + at * step, height)),
      ...widestFirst(outgoing.get(id)).map((loop, at) => loopPort(`${loop.id}#from`, far - at * step, height)),
    ];
    return { id, width: NODE_WIDTH, height, ports, layoutOptions: { "elk.portConstraints": "FIXED_POS" } };
  });
  const edges: ElkExtendedEdge[] = [
    ...projection.forward.map((edge) => ({ id: edge.id, sources: [`${edge.from}#out`], targets: [`${edge.to}#in`] })),
    ...projection.loops.map((loop) => ({ id: loop.id, sources: [`${loop.id}#from`], targets: [`${loop.id}#to`] })),
  ];
  return { id: "pipeline", layoutOptions: optionsFor(right), children, edges };
}

function optionsFor(right: boolean): Record<string, string> {
  return {
    "elk.algorithm": "layered",
    "elk.direction": right ? "RIGHT" : "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
    "elk.layered.feedbackEdges": "true",
    "elk.layered.spacing.nodeNodeBetweenLayers": right ? "60" : "56",
    "elk.layered.spacing.edgeNodeBetweenLayers": "24",
    // Room for the header of a loop's region above its first step.
    "elk.spacing.nodeNode": right ? "56" : "40",
    "elk.spacing.edgeNode": "30",
    // Room for a pill on every loop edge: its height beneath, its width beside.
    "elk.spacing.edgeEdge": right ? "30" : "58",
    "elk.spacing.nodeSelfLoop": "30",
    "elk.spacing.componentComponent": "56",
    "elk.padding": "[top=0,left=0,bottom=0,right=0]",
  };
}
