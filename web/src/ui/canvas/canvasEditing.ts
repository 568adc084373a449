/**
 * What the editor lets people do on the canvas. The canvas draws and reports
 * gestures; what they mean is decided by whoever gives these. Null on a run.
 */
import { createContext, useContext } from "react";
import type { Point } from "../../graph/graphLayout";

export type AddPlace = { readonly kind: "alone" } | { readonly kind: "finally" } | { readonly kind: "behind"; readonly step: string } | { readonly kind: "between"; readonly from: string; readonly to: string };

/** What dropping an edge on a step would do. */
export type DropTarget = { readonly kind: "connect" | "loop" } | { readonly kind: "no"; readonly why: string };

export type StepGesture = "add" | "connect" | "delete" | "duplicate" | "all" | "toggle";

/** Points are those of the window: where a menu opens. */
export interface CanvasEditing {
  readonly selection: ReadonlySet<string>;
  readonly onSelection: (steps: readonly string[]) => void;
  readonly onStep: (gesture: StepGesture, step: string, at: Point) => void;
  readonly onAdd: (place: AddPlace, at: Point) => void;
  readonly onDisconnect: (from: string, to: string) => void;
  readonly onLoopEdge: (from: string, index: number, at: Point) => void;
  /** A kind of step from the palette, dropped here. */
  readonly onDropKind: (kind: string, place: AddPlace) => void;
  /** Every step, judged as a target of an edge from this one. */
  readonly targetsOf: (from: string) => ReadonlyMap<string, DropTarget>;
  readonly onDrop: (from: string, to: string, at: Point) => void;
}

/** An edge that is being dragged. */
export interface EdgeDrag {
  readonly from: string;
  readonly targets: ReadonlyMap<string, DropTarget>;
  readonly over: string | null;
}

export interface CanvasGestures extends CanvasEditing {
  readonly drag: EdgeDrag | null;
  readonly beginDrag: (from: string, at: Point) => void;
}

export const CanvasGesturesContext = createContext<CanvasGestures | null>(null);

export function useCanvasGestures(): CanvasGestures | null {
  return useContext(CanvasGesturesContext);
}

/** Beneath an element: where a menu opens that a key has asked for. */
export function placeBelow(element: Element): Point {
  const box = element.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.bottom + 8 };
}
