/** The edge under the pointer while it is dragged, with what a drop would do in words. */
import { createPortal } from "react-dom";
import { say } from "../../words/say";
import type { DraggedLine } from "./useEdgeDrag";

export function DraggedEdge({ line }: { line: DraggedLine }) {
  const { start, pointer, over, targets, from } = line;
  const target = over === null ? null : (targets.get(over) ?? null);
  const loop = target?.kind === "loop";
  const refused = target?.kind === "no";
  const colour = refused ? "var(--color-bad)" : loop ? "var(--color-loop)" : "var(--color-accent)";
  const bend = Math.max(40, Math.abs(pointer.x - start.x) / 2);
  const path = loop
    ? `M ${start.x} ${start.y} C ${start.x + 40} ${start.y + 110}, ${pointer.x - 40} ${pointer.y + 110}, ${pointer.x} ${pointer.y}`
    : `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${pointer.x - bend} ${pointer.y}, ${pointer.x} ${pointer.y}`;
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
