/** A loop edge: dashed, in the loops' colour, around the steps, with a pill of its condition and budget. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { Repeat2 } from "lucide-react";
import { memo } from "react";
import { type Point, roundedPath } from "../../graph/graphLayout";
import { ArrowHead } from "./ArrowHead";

export interface LoopEdgeData extends Record<string, unknown> {
  readonly points: readonly Point[];
  readonly pill: Point;
  readonly on: string;
  readonly max: number | null;
  /** Null in the editor, where nothing has fired. */
  readonly used: number | null;
  readonly from: string;
  readonly to: string;
}

export type LoopFlowEdge = Edge<LoopEdgeData, "loop">;

export const LoopEdgeLine = memo(function LoopEdgeLine({ id, data }: EdgeProps<LoopFlowEdge>) {
  if (data === undefined) return null;
  const { points, pill, on, max, used, from, to } = data;
  const fired = used !== null && used > 0;
  const limit = max === null ? "∞" : String(max);
  const budget = used === null ? `max ${limit}` : `${used}/${limit}`;
  return (
    <g data-edge={id}>
      <BaseEdge path={roundedPath(points, 10)} interactionWidth={0} style={{ stroke: "var(--color-loop)", strokeWidth: fired ? 2.2 : 1.5, strokeDasharray: "6 4" }} />
      <ArrowHead points={points} colour="var(--color-loop)" />
      <EdgeLabelRenderer>
        <span
          data-loop={id}
          title={`${from} goes back to ${to}`}
          style={{ transform: `translate(-50%, -50%) translate(${pill.x}px, ${pill.y}px)` }}
          className={`absolute flex h-[21px] items-center gap-1 rounded-full border px-2 text-micro font-medium whitespace-nowrap ${fired ? "border-loop bg-loop-tint text-loop-ink" : "border-[light-dark(#dcc3ee,#4a305e)] bg-surface text-loop-ink"}`}
        >
          <Repeat2 aria-hidden size={11} />
          on {on} · {budget}
        </span>
      </EdgeLabelRenderer>
    </g>
  );
});
