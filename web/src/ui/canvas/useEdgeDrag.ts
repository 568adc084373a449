/** Follows the pointer while an edge is dragged from a step, and says where it was dropped. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Point } from "../../graph/graphLayout";
import type { CanvasEditing, EdgeDrag } from "./canvasEditing";

export interface DraggedLine extends EdgeDrag {
  readonly start: Point;
  readonly pointer: Point;
}

export function useEdgeDrag(editing: CanvasEditing | null): { line: DraggedLine | null; begin: (from: string, at: Point) => void } {
  const [line, setLine] = useState<DraggedLine | null>(null);
  const current = useRef(editing);
  useEffect(() => {
    current.current = editing;
  });
  const begin = useCallback((from: string, at: Point) => {
    const targets = current.current?.targetsOf(from);
    if (targets !== undefined) setLine({ from, targets, over: null, start: at, pointer: at });
  }, []);

  const dragging = line !== null;
  useEffect(() => {
    if (!dragging) return;
    const stepUnder = ({ clientX, clientY }: PointerEvent) =>
      document.elementsFromPoint(clientX, clientY).map((element) => element.closest<HTMLElement>(".react-flow__node-step")?.dataset["id"]).find((id) => id !== undefined) ?? null;
    const onMove = (event: PointerEvent) => setLine((before) => before && { ...before, pointer: { x: event.clientX, y: event.clientY }, over: stepUnder(event) });
    const onUp = (event: PointerEvent) => {
      const over = stepUnder(event);
      setLine((before) => {
        const target = before === null || over === null ? undefined : before.targets.get(over);
        if (before !== null && over !== null && target !== undefined && target.kind !== "no") queueMicrotask(() => current.current?.onDrop(before.from, over, { x: event.clientX, y: event.clientY }));
        return null;
      });
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") setLine(null);
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onUp);
    window.addEventListener("pointercancel", onUp);
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", onUp);
      window.removeEventListener("pointercancel", onUp);
      window.removeEventListener("keydown", onKey);
    };
  }, [dragging]);
  return { line, begin };
}
