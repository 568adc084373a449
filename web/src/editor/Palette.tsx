/** The kinds of step, to be clicked or dragged onto a step, an edge or free space. */
import { Flag } from "lucide-react";
import type { DragEvent } from "react";
import type { Point } from "../graph/graphLayout";
import { placeBelow } from "../ui/canvas/canvasEditing";
import { KIND_DRAG } from "../ui/canvas/kindDrag";
import { StepKindIcon } from "../ui/StepKindIcon";
import { say } from "../words/say";
import { STEP_KINDS, type StepKind } from "./stepKinds";

export function Palette({ enabled, onAdd, onAddLast }: { enabled: boolean; onAdd: (kind: StepKind) => void; onAddLast: (at: Point) => void }) {
  const onDragStart = (event: DragEvent, { kind }: StepKind) => {
    event.dataTransfer.setData(KIND_DRAG, kind);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <section aria-label={say("palette.title")} className="flex h-full flex-col overflow-auto bg-sunken px-2 py-3">
      <h2 className="px-2 pb-1.5 text-micro font-semibold text-faint">{say("palette.title")}</h2>
      {STEP_KINDS.map((kind) => (
        <button
          key={kind.kind}
          type="button"
          draggable={enabled}
          disabled={!enabled}
          title={say(kind.hint)}
          onDragStart={(event) => onDragStart(event, kind)}
          onClick={() => onAdd(kind)}
          className="flex w-full cursor-grab items-center gap-2 rounded-control px-2 py-1.5 text-left text-body font-medium text-muted hover:bg-hover hover:text-ink disabled:cursor-not-allowed disabled:opacity-60"
        >
          <StepKindIcon kind={kind.kind} />
          <span className="truncate">{say(kind.words)}</span>
        </button>
      ))}
      <button
        type="button"
        disabled={!enabled}
        title={say("palette.finally.about")}
        onClick={(event) => onAddLast(placeBelow(event.currentTarget))}
        className="mt-2 flex w-full items-center gap-2 rounded-control border-t border-line px-2 py-1.5 text-left text-body font-medium text-muted hover:bg-hover hover:text-ink disabled:cursor-not-allowed disabled:opacity-60"
      >
        <Flag aria-hidden size={14} className="shrink-0" />
        <span className="truncate">{say("palette.finally")}</span>
      </button>
      <p className="mt-auto px-2 pt-4 text-micro leading-4 text-faint">{say("palette.hint")}</p>
    </section>
  );
}
