/**
 * The forward edges of a large graph: a few paths in place of an element an edge.
 * Nothing of it changes while the graph is panned. Edges that look alike and lie
 * near each other are one path, so that what is out of sight is not painted.
 */
import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { EdgeView } from "../../api/types";
import { type Point, roundedPath } from "../../graph/graphLayout";
import { groupBy } from "../../graph/groupBy";
import type { ForwardEdge } from "../../graph/pipelineGraph";
import { arrowHeadPath } from "./ArrowHead";
import { edgeLook, isUsualCondition, labelPlace } from "./ForwardEdgeLine";
import type { CanvasOverlay } from "./canvasModel";
import type { LaidOut } from "./useGraphLayout";

const PATCH = 1600;

interface Line {
  readonly edge: ForwardEdge;
  readonly points: readonly Point[];
  readonly state: EdgeView["state"] | null;
}

export const ManyEdgeLines = memo(function ManyEdgeLines({ laidOut: { projection, layout }, edges }: { laidOut: LaidOut; edges: CanvasOverlay["edges"] | null }) {
  const groups = useMemo(() => {
    const lines = projection.forward.flatMap((edge): Line[] => {
      const points = layout.lines.get(edge.id);
      return points === undefined ? [] : [{ edge, points, state: edges?.get(`${edge.from} ${edge.to}`) ?? null }];
    });
    return [...groupBy(lines, ({ points, state }) => `${state ?? ""} ${Math.floor((points[0]?.x ?? 0) / PATCH)} ${Math.floor((points[0]?.y ?? 0) / PATCH)}`)];
  }, [projection, layout, edges]);
  return (
    <ViewportPortal>
      <svg aria-hidden className="pointer-events-none absolute top-0 left-0 z-[-1] overflow-visible" width={1} height={1}>
        {groups.map(([key, lines]) => (
          <EdgePatch key={key} state={lines[0]?.state ?? null} d={lines.map(({ points }) => roundedPath(points)).join("")} heads={lines.map(({ points }) => arrowHeadPath(points)).join("")} />
        ))}
        <g data-near className="fill-muted text-micro" textAnchor="middle" dominantBaseline="central">
          {groups.flatMap(([, lines]) => lines).map(({ edge, points }) => {
            const place = isUsualCondition(edge.on) ? null : labelPlace(points);
            return place === null ? null : <text key={edge.id} {...place} dy={-8}>{edge.on}</text>;
          })}
        </g>
      </svg>
    </ViewportPortal>
  );
});

const EdgePatch = memo(function EdgePatch({ state, d, heads }: { state: EdgeView["state"] | null; d: string; heads: string }) {
  const { stroke, width, opacity } = edgeLook(state);
  return (
    <g data-state={state ?? undefined} opacity={opacity}>
      <path d={d} fill="none" style={{ stroke, strokeWidth: width }} />
      <path d={heads} style={{ fill: stroke }} />
    </g>
  );
});
