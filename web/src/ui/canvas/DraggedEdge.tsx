/** The edge under the pointer while it is dragged, with what a drop would do in words. */
import { createPortal } from "react-dom";
import type { Point } from "../../graph/graphLayout";
import { say } from "../../words/say";
import type { DraggedLine } from "./useEdgeDrag";

export function DraggedEdge({ line, direction }: { line: DraggedLine; direction: "right" | "down" }) {
  const { start, pointer, over, targets, from } = line;
  const target = over === null ? null : (targets.get(over) ?? null);
  const loop = target?.kind === "loop";
  const refused = target?.kind === "no";
  const colour = refused ? "var(--color-bad)" : loop ? "var(--color-loop)" : "var(--color-accent)";
  const path = pathOf(start, pointer, loop ? "around" : direction, direction);
  const words = over === null || target === null ? say("drag.hint") : target.kind === "no" ? target.why : say(loop ? "drag.loop" : "drag.connect", { from, to: over });
  return createPortal(
    <div className="pointer-events-none fixed inset-0 z-50">
      <svg aria-hidden className="absolute inset-0 size-full">
        <path d={path} fill="none" stroke={colour} strokeWidth={2} {...(loop ? { strokeDasharray: "6 4" } : {})} />
        <circle cx={pointer.x} cy={pointer.y} r={4} fill={colour} />
      </svg>
      <p
        role="status"
        data-drop={target?.kind ?? "none"}
        style={{ left: Math.min(pointer.x + 14, window.innerWidth - 300), top: pointer.y + 14 }}
        className={`absolute max-w-72 rounded-control border bg-raised px-2 py-1 text-small font-medium shadow-floating ${refused ? "border-bad text-bad-ink" : loop ? "border-loop text-loop-ink" : "border-line text-ink"}`}
      >
        {words}
      </p>
    </div>,
    document.body,
  );
}

/** Leaves and arrives as edges do; a loop goes round the steps on the side where loops run. */
function pathOf(start: Point, end: Point, way: "right" | "down" | "around", direction: "right" | "down"): string {
  const bend = Math.max(way === "around" ? 170 : 36, Math.hypot(end.x - start.x, end.y - start.y) / 2);
  const out = way === "around" ? (direction === "right" ? { x: 0, y: bend } : { x: bend, y: 0 }) : way === "right" ? { x: bend, y: 0 } : { x: 0, y: bend };
  const into = way === "around" ? { x: end.x + out.x, y: end.y + out.y } : { x: end.x - out.x, y: end.y - out.y };
  return `M ${start.x} ${start.y} C ${start.x + out.x} ${start.y + out.y}, ${into.x} ${into.y}, ${end.x} ${end.y}`;
}
