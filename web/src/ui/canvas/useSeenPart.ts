/**
 * Which part of a large graph is drawn: what is in sight and a margin around it. It
 * changes when the view leaves the margin and when a movement ends, never a frame.
 */
import { useStoreApi } from "@xyflow/react";
import { useEffect, useState } from "react";
import type { Box } from "../../graph/graphLayout";

/** Of the window, in every direction. */
const MARGIN = 240;

export function useSeenPart(enabled: boolean): Box | null {
  const store = useStoreApi();
  const [part, setPart] = useState<Box | null>(null);
  useEffect(() => {
    if (!enabled) return setPart(null);
    const look = () => {
      const { transform: [x, y, zoom], width, height } = store.getState();
      const seen = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      const margin = MARGIN / zoom;
      const wanted = { x: seen.x - margin, y: seen.y - margin, width: seen.width + 2 * margin, height: seen.height + 2 * margin };
      // Far more than is wanted is too much: a step closer shows a few steps, not all that could be seen before.
      setPart((before) => (before !== null && holds(before, seen) && before.width < wanted.width * 2 ? before : wanted));
    };
    look();
    let request = 0;
    const stop = store.subscribe((now, before) => {
      if (request !== 0 || (now.transform === before.transform && now.width === before.width && now.height === before.height)) return;
      request = requestAnimationFrame(() => {
        request = 0;
        look();
      });
    });
    return () => {
      stop();
      cancelAnimationFrame(request);
    };
  }, [store, enabled]);
  return part;
}

export function holds(outer: Box, inner: Box): boolean {
  return outer.x <= inner.x && outer.y <= inner.y && outer.x + outer.width >= inner.x + inner.width && outer.y + outer.height >= inner.y + inner.height;
}
