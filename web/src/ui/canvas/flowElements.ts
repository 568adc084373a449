/** Makes nodes and edges of React Flow from a layout and what is laid over it. */
import { type Edge, type Node, type NodeHandle, Position } from "@xyflow/react";
import type { GraphView } from "../../api/types";
import { type Box, boxAround, type GraphLayout, overlap } from "../../graph/graphLayout";
import type { RegionShape } from "../../graph/regionShape";
import { say } from "../../words/say";
import { type CanvasActions, type CanvasOverlay, type Renaming, drawnSteps, type StepOverlay } from "./canvasModel";
import type { ForwardFlowEdge } from "./ForwardEdgeLine";
import type { LoopFlowEdge } from "./LoopEdgeLine";
import type { RegionFlowNode } from "./RegionNode";
import type { StepFlowNode } from "./StepNode";
import type { LaidOut } from "./useGraphLayout";

/** More are drawn with less: only steps near what is in sight, and edges as a few paths. What their knobs do, the panel of the step offers. */
export const MANY_STEPS = 150;

export interface StepsOnCanvas {
  readonly overlay: CanvasOverlay | null;
  readonly selected: string | null;
  readonly selection: ReadonlySet<string>;
  readonly renaming: Renaming | null;
  readonly problems: ReadonlyMap<string, number> | undefined;
  readonly brief: boolean;
  /** What lies elsewhere is not drawn. */
  readonly part: Box | null;
}

/** What was drawn of each step, and of what: a step that is the same is not drawn anew. */
export type DrawnNodes = Map<string, { readonly of: readonly unknown[]; readonly overlay: StepOverlay | null; readonly node: StepFlowNode }>;

export function stepNodes({ projection, layout }: LaidOut, graph: GraphView, { overlay, selected, selection, renaming, problems, brief, part }: StepsOnCanvas, drawn: DrawnNodes): StepFlowNode[] {
  const definitions = new Map(drawnSteps(graph).map((step) => [step.id, step]));
  const last = new Set(graph.finally?.map(({ id }) => id));
  // A loop that comes by needs its ends, wherever they are.
  const ends = new Set(part === null ? [] : loopsNear(projection, layout, part).flatMap(({ from, to }) => [from, to]));
  return projection.order.flatMap((id) => {
    const [box, step] = [layout.nodes.get(id), definitions.get(id)];
    if (box === undefined || step === undefined || (part !== null && !overlap(box, part) && !ends.has(id))) return [];
    const state = overlay?.steps.get(id) ?? null;
    const chosen = selected === id || selection.has(id);
    const count = problems?.get(id) ?? 0;
    const renamed = renaming?.step === id ? renaming : null;
    const of = [step, box.x, box.y, box.width, box.height, layout.direction, chosen, selected === id, count, renamed, last.has(id), brief && renamed === null];
    const before = drawn.get(id);
    if (before !== undefined && before.of.every((one, at) => Object.is(one, of[at])) && sameOverlay(before.overlay, state)) return [before.node];
    const node = {
      id,
      type: "step" as const,
      position: { x: box.x, y: box.y },
      ...sizeOf(box),
      handles: handlesOf(box, layout.direction),
      selected: chosen,
      ariaLabel: [say("canvas.step", { step: id }), ...(state === null ? [] : [state.word ?? state.status]), ...(count === 0 ? [] : [say("canvas.problems", { count })])].join(", "),
      ariaRole: renamed !== null ? ("group" as const) : ("button" as const),
      domAttributes: { "aria-roledescription": say("canvas.stepRole"), ...(selected === id ? { "aria-current": true as const } : {}), ...(chosen ? { "data-chosen": true } : {}) } as StepFlowNode["domAttributes"],
      data: { step, overlay: state, selected: chosen, direction: layout.direction, last: last.has(id), problems: count, renaming: renamed, brief: brief && renamed === null },
    } as StepFlowNode;
    drawn.set(id, { of, overlay: state, node });
    return [node];
  });
}

function sameOverlay(a: StepOverlay | null, b: StepOverlay | null): boolean {
  if (a === null || b === null) return a === b;
  return a.status === b.status && a.word === b.word && a.visit === b.visit && a.attempt === b.attempt && a.startedAt === b.startedAt && a.finishedAt === b.finishedAt;
}

export function regionNodes(shapes: readonly RegionShape[], overlay: CanvasOverlay | null, onPin: CanvasActions["onPin"] | null): RegionFlowNode[] {
  return shapes.map((shape, at) => ({
    id: `region:${shape.to}`,
    type: "region",
    position: { x: shape.bounds.x, y: shape.bounds.y },
    ...sizeOf(shape.bounds),
    zIndex: -100 + at,
    selectable: false,
    focusable: false,
    data: { shape, segments: overlay?.regions.get(shape.to) ?? null, onPin: onPin ?? null },
  })) satisfies Node[] as RegionFlowNode[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** `measured` too: a node that React Flow must measure first has no edges until then, and if it changes meanwhile, never. */
function sizeOf({ width, height }: Size) {
  return { width, height, measured: { width, height } };
}

/** Where edges begin and end, known from the layout for the same reason. */
function handlesOf({ width, height }: Size, direction: GraphLayout["direction"]): NodeHandle[] {
  return direction === "right"
    ? [
        { type: "target", position: Position.Left, x: 0, y: height / 2 },
        { type: "source", position: Position.Right, x: width, y: height / 2 },
      ]
    : [
        { type: "target", position: Position.Top, x: width / 2, y: 0 },
        { type: "source", position: Position.Bottom, x: width / 2, y: height },
      ];
}

function loopsNear(projection: LaidOut["projection"], layout: GraphLayout, part: Box): LaidOut["projection"]["loops"] {
  return projection.loops.filter(({ id }) => overlap(boxAround((layout.lines.get(id) ?? []).map((point) => ({ ...point, width: 1, height: 1 }))), part));
}

export function flowEdges({ projection, layout }: LaidOut, overlay: CanvasOverlay | null, part: Box | null): Edge[] {
  const few = projection.order.length <= MANY_STEPS;
  const forward: ForwardFlowEdge[] = (few ? projection.forward : []).map((edge) => ({
    id: edge.id,
    type: "forward",
    source: edge.from,
    target: edge.to,
    zIndex: 0,
    data: { points: layout.lines.get(edge.id) ?? [], on: edge.on, state: overlay?.edges.get(`${edge.from} ${edge.to}`) ?? null },
  }));
  const loops: LoopFlowEdge[] = (part === null ? projection.loops : loopsNear(projection, layout, part)).map((loop) => ({
    id: loop.id,
    type: "loop",
    source: loop.from,
    target: loop.to,
    zIndex: 0,
    data: {
      points: layout.lines.get(loop.id) ?? [],
      pill: layout.pills.get(loop.id) ?? { x: 0, y: 0 },
      on: loop.on,
      max: loop.max,
      used: overlay === null ? null : (overlay.loopsUsed.get(loop.id) ?? 0),
      from: loop.from,
      to: loop.to,
      index: loop.index,
    },
  }));
  return [...forward, ...loops];
}
