/** In the middle of a forward edge: adds a step there, or takes the edge away. */
import { EdgeLabelRenderer } from "@xyflow/react";
import { Plus, Unlink } from "lucide-react";
import type { MouseEvent } from "react";
import type { Point } from "../../graph/graphLayout";
import { say } from "../../words/say";
import { placeBelow, useCanvasGestures } from "./canvasEditing";

const KNOB = "grid size-6 place-items-center rounded-full border border-accent bg-raised text-accent-ink shadow-raised hover:bg-accent hover:text-white";

const act = (event: MouseEvent, gesture: () => void) => {
  event.stopPropagation();
  gesture();
};

export function EdgeKnob({ from, to, at }: { from: string; to: string; at: Point }) {
  const gestures = useCanvasGestures();
  if (gestures === null || gestures.drag !== null) return null;
  return (
    <EdgeLabelRenderer>
      <span
        data-edge-knob={`${from} ${to}`}
        style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` }}
        className="nopan pointer-events-auto absolute flex gap-1 p-1.5 opacity-0 transition-opacity duration-100 focus-within:opacity-100 hover:opacity-100"
      >
        <button type="button" tabIndex={-1} aria-label={say("canvas.addBetween", { from, to })} title={say("canvas.addBetween", { from, to })} className={KNOB} onClick={(event) => act(event, () => gestures.onAdd({ kind: "between", from, to }, placeBelow(event.currentTarget)))}>
          <Plus aria-hidden size={14} strokeWidth={2.4} />
        </button>
        <button type="button" tabIndex={-1} aria-label={say("canvas.disconnect", { from, to })} title={say("canvas.disconnect", { from, to })} className={KNOB} onClick={(event) => act(event, () => gestures.onDisconnect(from, to))}>
          <Unlink aria-hidden size={12} strokeWidth={2.2} />
        </button>
      </span>
    </EdgeLabelRenderer>
  );
}
