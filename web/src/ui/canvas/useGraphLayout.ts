/** The layout of a graph; it changes when the steps or edges do, never with a run's state. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { GraphLayout } from "../../graph/graphLayout";
import type { Direction } from "../../graph/layoutInput";
import { type PipelineGraph, project, type Projection } from "../../graph/pipelineGraph";
import { anchored } from "../../graph/stableLayout";
import { layOut } from "./layoutEngine";

export interface LaidOut {
  readonly projection: Projection;
  readonly layout: GraphLayout;
}

/** `anew` counts how often a fresh layout was asked for: it is not held to where things were. */
export function useGraphLayout(steps: PipelineGraph["steps"], direction: Direction | null, anew = 0): LaidOut | null {
  // A graph that is fetched again draws the same picture: compare what is laid out.
  const shape = JSON.stringify(steps.map(({ id, needs, goto, child }) => ({ id, needs, goto, child: child?.kind === "in_place" ? { kind: child.kind, steps: child.steps?.map(() => 0) ?? [] } : null })));
  const projection = useMemo(() => project({ steps: JSON.parse(shape) as PipelineGraph["steps"] }), [shape]);
  const [laidOut, setLaidOut] = useState<LaidOut | null>(null);
  const fresh = useRef(anew);
  useEffect(() => {
    if (direction === null) return;
    let outdated = false;
    void layOut(projection, direction).then((layout) => {
      if (outdated) return;
      const held = fresh.current === anew;
      fresh.current = anew;
      setLaidOut((before) => ({ projection, layout: anchored(layout, held ? (before?.layout ?? null) : null) }));
    });
    return () => {
      outdated = true;
    };
  }, [projection, direction, anew]);
  return laidOut;
}
