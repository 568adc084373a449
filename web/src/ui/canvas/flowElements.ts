/** Makes nodes and edges of React Flow from a layout and what is laid over it. */
import { type Edge, type Node, type NodeHandle, Position } from "@xyflow/react";
import type { GraphView } from "../../api/types";
import type { GraphLayout } from "../../graph/graphLayout";
import { regionShapes } from "../../graph/regionShape";
import { say } from "../../words/say";
import { type CanvasActions, type CanvasOverlay, type Renaming, drawnSteps } from "./canvasModel";
import type { ForwardFlowEdge } from "./ForwardEdgeLine";
import type { LoopFlowEdge } from "./LoopEdgeLine";
import type { RegionFlowNode } from "./RegionNode";
import type { StepFlowNode } from "./StepNode";
import type { LaidOut } from "./useGraphLayout";

/** More are drawn with less: only what is in sight, and no knobs on edges. */
export const MANY_STEPS = 150;

export interface StepsOnCanvas {
  readonly overlay: CanvasOverlay | null;
  readonly selected: string | null;
  readonly selection: ReadonlySet<string>;
  readonly renaming: Renaming | null;
  readonly problems: ReadonlyMap<string, number> | undefined;
}

export function stepNodes({ projection, layout }: LaidOut, graph: GraphView, { overlay, selected, selection, renaming, problems }: StepsOnCanvas): StepFlowNode[] {
  const definitions = new Map(drawnSteps(graph).map((step) => [step.id, step]));
  const last = new Set(graph.finally?.map(({ id }) => id));
  return projection.order.flatMap((id) => {
    const [box, step] = [layout.nodes.get(id), definitions.get(id)];
    if (box === undefined || step === undefined) return [];
    const state = overlay?.steps.get(id) ?? null;
    const chosen = selected === id || selection.has(id);
    const count = problems?.get(id) ?? 0;
    return [
      {
        id,
        type: "step" as const,
        position: { x: box.x, y: box.y },
        ...sizeOf(box),
        handles: handlesOf(box, layout.direction),
        selected: chosen,
        ariaLabel: [say("canvas.step", { step: id }), ...(state === null ? [] : [state.word ?? state.status]), ...(count === 0 ? [] : [say("canvas.problems", { count })])].join(", "),
        ariaRole: renaming?.step === id ? ("group" as const) : ("button" as const),
        domAttributes: { "aria-roledescription": say("canvas.stepRole"), ...(selected === id ? { "aria-current": true as const } : {}), ...(chosen ? { "data-chosen": true } : {}) } as StepFlowNode["domAttributes"],
        data: { step, overlay: state, selected: chosen, direction: layout.direction, last: last.has(id), problems: count, renaming: renaming?.step === id ? renaming : null },
      } as StepFlowNode,
    ];
  });
}

export function regionNodes({ projection, layout }: LaidOut, overlay: CanvasOverlay | null, onPin: CanvasActions["onPin"] | null): RegionFlowNode[] {
  return regionShapes(projection, layout).map((shape, at) => ({
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

export function flowEdges({ projection, layout }: LaidOut, overlay: CanvasOverlay | null): Edge[] {
  const knob = projection.order.length <= MANY_STEPS;
  const forward: ForwardFlowEdge[] = projection.forward.map((edge) => ({
    id: edge.id,
    type: "forward",
    source: edge.from,
    target: edge.to,
    zIndex: 0,
    data: { points: layout.lines.get(edge.id) ?? [], on: edge.on, state: overlay?.edges.get(`${edge.from} ${edge.to}`) ?? null, knob },
  }));
  const loops: LoopFlowEdge[] = projection.loops.map((loop) => ({
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
