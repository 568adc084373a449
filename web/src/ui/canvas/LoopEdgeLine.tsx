/** A loop edge: dashed, in the loops' colour, around the steps, with a pill of its condition and budget. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { type Point, roundedPath } from "../../graph/graphLayout";
import { say } from "../../words/say";
import { ArrowHead } from "./ArrowHead";
import { useCanvasGestures } from "./canvasEditing";
import { LoopPill } from "./LoopPill";

export interface LoopEdgeData extends Record<string, unknown> {
  readonly points: readonly Point[];
  readonly pill: Point;
  readonly on: string;
  readonly max: number | null;
  /** Null in the editor, where nothing has fired. */
  readonly used: number | null;
  readonly from: string;
  readonly to: string;
  readonly index: number;
}

export type LoopFlowEdge = Edge<LoopEdgeData, "loop">;

export const LoopEdgeLine = memo(function LoopEdgeLine({ id, data }: EdgeProps<LoopFlowEdge>) {
  const gestures = useCanvasGestures();
  if (data === undefined) return null;
  const { points, pill, on, max, used, from, to, index } = data;
  const fired = used !== null && used > 0;
  const limit = max === null ? "∞" : String(max);
  const budget = used === null ? say("canvas.max", { limit }) : `${used}/${limit}`;
  return (
    <g data-edge={id}>
      <BaseEdge path={roundedPath(points, 10)} interactionWidth={0} style={{ stroke: "var(--color-loop)", strokeWidth: fired ? 2.2 : 1.5, strokeDasharray: "6 4" }} />
      <ArrowHead points={points} colour="var(--color-loop)" />
      <EdgeLabelRenderer>
        <LoopPill
          id={id}
          title={say("canvas.loop", { from, to })}
          onOpen={gestures === null ? null : (at) => gestures.onLoopEdge(from, index, at)}
          at={pill}
          look={fired ? "border-loop bg-loop-tint text-loop-ink" : "border-[light-dark(#dcc3ee,#4a305e)] bg-surface text-loop-ink"}
        >
          {say("canvas.pill", { on, budget })}
        </LoopPill>
      </EdgeLabelRenderer>
    </g>
  );
});
