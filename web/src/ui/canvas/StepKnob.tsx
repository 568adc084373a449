/**
 * The knob at a step's far side: a click adds a step behind it, dragging draws an
 * edge. For pointers only: the step itself is a button, which may hold no other.
 * Keys and the step's panel offer the same.
 */
import { Plus } from "lucide-react";
import { useRef } from "react";
import { say } from "../../words/say";
import { placeBelow, useCanvasGestures } from "./canvasEditing";

/** Pointers tremble: less is still a click. */
const DRAG_AFTER = 5;

export function StepKnob({ step, direction }: { step: string; direction: "right" | "down" }) {
  const gestures = useCanvasGestures();
  const pressed = useRef<{ x: number; y: number } | null>(null);
  if (gestures === null) return null;
  const side = direction === "right" ? "top-1/2 -right-3 -translate-y-1/2" : "-bottom-3 left-1/2 -translate-x-1/2";
  return (
    <span
      aria-hidden
      data-knob={step}
      title={say("canvas.knob")}
      className={`nodrag nopan absolute ${side} z-10 grid size-6 cursor-crosshair place-items-center rounded-full border border-accent bg-raised text-accent-ink opacity-0 shadow-raised transition-opacity duration-100 group-hover:opacity-100 group-data-[selected=true]:opacity-100 hover:bg-accent hover:text-white focus-visible:opacity-100`}
      onPointerDown={(event) => {
        event.stopPropagation();
        pressed.current = { x: event.clientX, y: event.clientY };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const start = pressed.current;
        if (start === null || Math.hypot(event.clientX - start.x, event.clientY - start.y) < DRAG_AFTER) return;
        pressed.current = null;
        event.currentTarget.releasePointerCapture(event.pointerId);
        gestures.beginDrag(step, start);
      }}
      onPointerUp={() => {
        pressed.current = null;
      }}
      onClick={(event) => {
        event.stopPropagation();
        if (gestures.drag === null) gestures.onAdd({ kind: "behind", step }, placeBelow(event.currentTarget));
      }}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <Plus aria-hidden size={14} strokeWidth={2.4} />
    </span>
  );
}
