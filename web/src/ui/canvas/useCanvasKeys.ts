/** The keyboard on the canvas: arrows lead along the edges, letters and Delete do what the pointer does. */
import type { KeyboardEvent } from "react";
import { type Arrow, neighbour } from "../../graph/neighbours";
import { type CanvasEditing, placeBelow, type StepGesture } from "./canvasEditing";
import type { CanvasActions } from "./canvasModel";
import type { LaidOut } from "./useGraphLayout";

const GESTURES: Readonly<Record<string, StepGesture>> = { a: "add", c: "connect", Delete: "delete", Backspace: "delete" };
const WITH_CONTROL: Readonly<Record<string, StepGesture>> = { a: "all", d: "duplicate" };

export interface CanvasKeys {
  readonly laidOut: LaidOut | null;
  readonly editing: CanvasEditing | null;
  readonly focusStep: (step: string) => void;
  readonly onSelect: CanvasActions["onSelect"];
  readonly onRename: CanvasActions["onRename"];
  readonly onSearch: () => void;
}

export function useCanvasKeys({ laidOut, editing, focusStep, onSelect, onRename, onSearch }: CanvasKeys): (event: KeyboardEvent) => void {
  return (event) => {
    const target = event.target as HTMLElement;
    if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
    const control = event.ctrlKey || event.metaKey;
    const node = target.closest<HTMLElement>(".react-flow__node");
    const step = node?.dataset["id"];
    if ((event.key === "/" && !control) || (event.key.toLowerCase() === "f" && control)) {
      onSearch();
      return done(event);
    }
    if (step === undefined || node === null || target instanceof HTMLButtonElement) return;
    const gesture = control ? WITH_CONTROL[event.key.toLowerCase()] : event.altKey ? undefined : GESTURES[event.key];
    if (event.key === "F2" && onRename !== undefined) onRename(step);
    else if ((event.key === "Enter" || event.key === " ") && editing !== null && event.shiftKey) editing.onStep("toggle", step, placeBelow(node));
    else if (event.key === "Enter" || event.key === " ") onSelect(step);
    else if (event.key === "Escape") {
      onSelect(null);
      editing?.onSelection([]);
    } else if (isArrow(event.key) && laidOut !== null) {
      const next = neighbour(laidOut.projection, laidOut.layout, step, event.key);
      if (next !== null) {
        focusStep(next);
        if (event.shiftKey && editing !== null) editing.onStep("toggle", next, placeBelow(node));
        else if (editing !== null) onSelect(next);
      }
    } else if (gesture !== undefined && editing !== null) editing.onStep(gesture, step, placeBelow(node));
    else return;
    done(event);
  };
}

function done(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

function isArrow(key: string): key is Arrow {
  return key === "ArrowLeft" || key === "ArrowRight" || key === "ArrowUp" || key === "ArrowDown";
}
