/** The pill on a loop edge: condition and budget. In the editor a click changes them. */
import { Repeat2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Point } from "../../graph/graphLayout";
import { placeBelow } from "./canvasEditing";

export interface LoopPillProps {
  readonly id: string;
  readonly title: string;
  readonly at: Point;
  readonly look: string;
  readonly onOpen: ((at: Point) => void) | null;
  readonly children: ReactNode;
}

export function LoopPill({ id, title, at, look, onOpen, children }: LoopPillProps) {
  const style = { transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y}px)` };
  const className = `absolute flex h-[21px] items-center gap-1 rounded-full border px-2 text-micro font-medium whitespace-nowrap ${look}`;
  const inside = (
    <>
      <Repeat2 aria-hidden size={11} />
      {children}
    </>
  );
  if (onOpen === null) {
    return (
      <span data-loop={id} title={title} style={style} className={className}>
        {inside}
      </span>
    );
  }
  return (
    <button
      type="button"
      data-loop={id}
      title={title}
      style={style}
      className={`nopan pointer-events-auto hover:border-loop hover:bg-loop-tint ${className}`}
      onClick={(event) => {
        event.stopPropagation();
        onOpen(placeBelow(event.currentTarget));
      }}
    >
      {inside}
    </button>
  );
}
