/** The layout of a graph; it changes when the steps or edges do, never with a run's state. */
import { useEffect, useMemo, useState } from "react";
import { type GraphLayout, readLayout } from "../../graph/graphLayout";
import { type Direction, layoutInput } from "../../graph/layoutInput";
import { type PipelineGraph, project, type Projection } from "../../graph/pipelineGraph";
import { layOut } from "./layoutEngine";

export interface LaidOut {
  readonly projection: Projection;
  readonly layout: GraphLayout;
}

export function useGraphLayout(graph: PipelineGraph, direction: Direction | null): LaidOut | null {
  // A graph that is fetched again draws the same picture: compare what is laid out.
  const shape = JSON.stringify(graph.steps.map(({ id, needs, goto }) => ({ id, needs, goto })));
  const projection = useMemo(() => project({ steps: JSON.parse(shape) as PipelineGraph["steps"] }), [shape]);
  const [laidOut, setLaidOut] = useState<LaidOut | null>(null);
  useEffect(() => {
    if (direction === null) return;
    let outdated = false;
    void layOut(layoutInput(projection, direction)).then((result) => {
      if (!outdated) setLaidOut({ projection, layout: readLayout(result, projection, direction) });
    });
    return () => {
      outdated = true;
    };
  }, [projection, direction]);
  return laidOut;
}
