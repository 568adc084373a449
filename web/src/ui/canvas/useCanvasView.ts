/** What part of the graph is in sight: fitted at first, then the user's. */
import { getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type Box, boxAround } from "../../graph/graphLayout";
import { regionShapes } from "../../graph/regionShape";
import type { Direction } from "../../graph/layoutInput";
import type { LaidOut } from "./useGraphLayout";

const FIT = { padding: 0.09, maxZoom: 1, minZoom: 0.35 };

export interface CanvasView {
  readonly onMoved: () => void;
  readonly fit: () => void;
  readonly show: (step: string) => void;
}

export function useCanvasView(frame: RefObject<HTMLDivElement | null>, laidOut: LaidOut | null): CanvasView {
  const { setCenter, getZoom } = useReactFlow();
  const touched = useRef(false);
  const fitView = useFit(laidOut);
  useFitOnResize(frame, touched, fitView);

  const fitted = useRef<string | null>(null);
  // Before anything of the layout is painted: it must not be seen unfitted.
  useLayoutEffect(() => {
    if (laidOut === null) return;
    const direction = laidOut.layout.direction;
    // A first layout is fitted; a changed one only while the user has not chosen what to look at.
    const first = fitted.current !== direction;
    fitted.current = direction;
    if (!first && touched.current) return;
    fitView(first ? 0 : 180);
  }, [laidOut, fitView]);

  return {
    onMoved: () => {
      touched.current = true;
    },
    fit: () => {
      touched.current = false;
      fitView(160);
    },
    show: (step) => {
      const box = laidOut?.layout.nodes.get(step);
      if (box === undefined) return;
      touched.current = true;
      void setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom: Math.max(getZoom(), 0.7), duration: 160 });
    },
  };
}

/** Of the layout, not of what is drawn: of a large graph only a part is. */
function useFit(laidOut: LaidOut | null): (duration: number) => void {
  const { setViewport } = useReactFlow();
  const store = useStoreApi();
  const bounds = useMemo(() => (laidOut === null ? null : contentOf(laidOut)), [laidOut]);
  return useCallback(
    (duration) => {
      const { width, height } = store.getState();
      if (bounds !== null && width > 0 && height > 0) void setViewport(getViewportForBounds(bounds, width, height, FIT.minZoom, FIT.maxZoom, FIT.padding), { duration });
    },
    [store, setViewport, bounds],
  );
}

/** Chosen once from the shape of the pane: a resize must not move what someone reads. */
export function useFirstDirection(frame: RefObject<HTMLDivElement | null>): Direction | null {
  const [direction, setDirection] = useState<Direction | null>(null);
  useEffect(() => {
    const box = frame.current?.getBoundingClientRect();
    if (box !== undefined) setDirection((before) => before ?? (box.width > box.height * 1.25 ? "right" : "down"));
  }, [frame]);
  return direction;
}

/**
 * Keeps the graph in sight when the pane changes its size: a dock opens, a bar
 * appears. What the user has panned or zoomed to stays in the middle instead.
 */
function useFitOnResize(frame: RefObject<HTMLDivElement | null>, touched: RefObject<boolean>, fitView: (duration: number) => void): void {
  const { getViewport, setViewport } = useReactFlow();
  const fit = useRef(fitView);
  useEffect(() => {
    fit.current = fitView;
  });
  useEffect(() => {
    const pane = frame.current;
    if (pane === null) return;
    let before = pane.getBoundingClientRect();
    const observer = new ResizeObserver(() => {
      const now = pane.getBoundingClientRect();
      const { x, y, zoom } = getViewport();
      if (touched.current) void setViewport({ x: x + (now.width - before.width) / 2, y: y + (now.height - before.height) / 2, zoom });
      else requestAnimationFrame(() => fit.current(0));
      before = now;
    });
    observer.observe(pane);
    return () => observer.disconnect();
  }, [frame, touched, getViewport, setViewport]);
}

/** Steps with the hulls of loops, whose headers stand above them. */
function contentOf({ projection, layout }: LaidOut): Box {
  return boxAround([...layout.nodes.values(), ...regionShapes(projection, layout).map(({ bounds }) => bounds)]);
}
