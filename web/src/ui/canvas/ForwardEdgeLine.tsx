/** A forward edge along elk's points: thick when taken, thin and faded when not. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import type { EdgeView } from "../../api/types";
import { type Point, roundedPath } from "../../graph/graphLayout";
import { ArrowHead } from "./ArrowHead";
import { EdgeKnob } from "./EdgeKnob";

export interface ForwardEdgeData extends Record<string, unknown> {
  readonly points: readonly Point[];
  readonly on: string;
  readonly state: EdgeView["state"] | null;
}

export type ForwardFlowEdge = Edge<ForwardEdgeData, "forward">;

const LOOKS: Readonly<Record<EdgeView["state"], { stroke: string; width: number; opacity: number }>> = {
  live: { stroke: "light-dark(#6b6e7b, #9a9eaa)", width: 2.6, opacity: 1 },
  undecided: { stroke: "var(--color-edge)", width: 1.5, opacity: 1 },
  neutral: { stroke: "var(--color-edge)", width: 1, opacity: 0.7 },
  blocked: { stroke: "var(--color-edge)", width: 1, opacity: 0.7 },
};

export function edgeLook(state: EdgeView["state"] | null) {
  return state === null ? { stroke: "light-dark(#a9abb8, #555a66)", width: 1.6, opacity: 1 } : LOOKS[state];
}

/** What an edge asks for unless it says otherwise: not worth a label. */
export function isUsualCondition(on: string): boolean {
  return on === "ok" || on === "succeeded";
}

export const ForwardEdgeLine = memo(function ForwardEdgeLine({ id, source, target, data }: EdgeProps<ForwardFlowEdge>) {
  if (data === undefined) return null;
  const { points, on, state } = data;
  const { stroke, width, opacity } = edgeLook(state);
  const place = labelPlace(points);
  const says = !isUsualCondition(on);
  return (
    <g data-edge={id} data-state={state ?? undefined} opacity={opacity}>
      <BaseEdge path={roundedPath(points)} interactionWidth={0} style={{ stroke, strokeWidth: width, transition: "stroke-width 200ms, stroke 200ms" }} />
      <ArrowHead points={points} colour={stroke} />
      <EdgeKnob from={source} to={target} at={middleOf(points)} />
      {says && place !== null && (
        <EdgeLabelRenderer>
          <span style={{ transform: `translate(-50%, -50%) translate(${place.x}px, ${place.y}px)` }} className="pointer-events-none absolute rounded border border-line bg-raised px-1 text-micro leading-4 text-muted">
            {on}
          </span>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});

/** On the last stretch, which belongs to this edge alone. */
export function labelPlace(points: readonly Point[]): Point | null {
  const [start, end] = [points.at(-2), points.at(-1)];
  return start === undefined || end === undefined ? null : { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
}

/** Half way along the line, where the knob sits. */
function middleOf(points: readonly Point[]): Point {
  const stretches = points.slice(1).map((end, at) => ({ start: points[at] ?? end, end, length: Math.hypot(end.x - (points[at] ?? end).x, end.y - (points[at] ?? end).y) }));
  let left = stretches.reduce((sum, { length }) => sum + length, 0) / 2;
  for (const { start, end, length } of stretches) {
    if (left <= length && length > 0) return { x: start.x + ((end.x - start.x) * left) / length, y: start.y + ((end.y - start.y) * left) / length };
    left -= length;
  }
  return points[0] ?? { x: 0, y: 0 };
}
