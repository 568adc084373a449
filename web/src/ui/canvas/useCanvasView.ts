/** What part of the graph is in sight: fitted at first, then the user's. */
import { useReactFlow } from "@xyflow/react";
import { type RefObject, useEffect, useRef, useState } from "react";
import type { Direction } from "../../graph/layoutInput";
import type { LaidOut } from "./useGraphLayout";

export const FIT = { padding: 0.09, maxZoom: 1, minZoom: 0.35 };

export interface CanvasView {
  readonly onMoved: () => void;
  readonly fit: () => void;
  readonly show: (step: string) => void;
}

export function useCanvasView(frame: RefObject<HTMLDivElement | null>, laidOut: LaidOut | null): CanvasView {
  const { fitView, setCenter, getZoom } = useReactFlow();
  const touched = useRef(false);
  useFitOnResize(frame, touched);

  const fitted = useRef<string | null>(null);
  useEffect(() => {
    if (laidOut === null) return;
    const direction = laidOut.layout.direction;
    // A first layout is fitted; a changed one only while the user has not chosen what to look at.
    const first = fitted.current !== direction;
    fitted.current = direction;
    if (!first && touched.current) return;
    // Wait for React Flow to take in the nodes of this layout.
    const frameRequest = requestAnimationFrame(() => void fitView(first ? FIT : { ...FIT, duration: 180 }));
    return () => cancelAnimationFrame(frameRequest);
  }, [laidOut, fitView]);

  return {
    onMoved: () => {
      touched.current = true;
    },
    fit: () => {
      touched.current = false;
      void fitView({ ...FIT, duration: 160 });
    },
    show: (step) => {
      const box = laidOut?.layout.nodes.get(step);
      if (box === undefined) return;
      touched.current = true;
      void setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom: Math.max(getZoom(), 0.7), duration: 160 });
    },
  };
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
function useFitOnResize(frame: RefObject<HTMLDivElement | null>, touched: RefObject<boolean>): void {
  const { fitView, getViewport, setViewport } = useReactFlow();
  useEffect(() => {
    const pane = frame.current;
    if (pane === null) return;
    let before = pane.getBoundingClientRect();
    const observer = new ResizeObserver(() => {
      const now = pane.getBoundingClientRect();
      const { x, y, zoom } = getViewport();
      if (touched.current) void setViewport({ x: x + (now.width - before.width) / 2, y: y + (now.height - before.height) / 2, zoom });
      else requestAnimationFrame(() => void fitView(FIT));
      before = now;
    });
    observer.observe(pane);
    return () => observer.disconnect();
  }, [frame, touched, fitView, getViewport, setViewport]);
}
