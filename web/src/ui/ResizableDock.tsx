/** Content with a dock beneath whose height the user sets, by dragging or with the arrow keys. */
import { type ReactNode, useState } from "react";
import { say } from "../words/say";

const STORED = "loopline.dock-height";
const SMALLEST = 140;

export function ResizableDock({ children, dock }: { children: ReactNode; dock: ReactNode | null }) {
  const [height, setHeight] = useState(() => Number(localStorage.getItem(STORED)) || 340);
  const resize = (next: number) => {
    const bounded = Math.max(SMALLEST, Math.min(next, window.innerHeight * 0.75));
    setHeight(bounded);
    localStorage.setItem(STORED, String(Math.round(bounded)));
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1">{children}</div>
      {dock !== null && (
        <>
          <div
            role="separator"
            aria-orientation="horizontal"
            aria-label={say("dock.height")}
            aria-valuenow={Math.round(height)}
            aria-valuemin={SMALLEST}
            aria-valuemax={1200}
            tabIndex={0}
            onKeyDown={(event) => {
              if (event.key === "ArrowUp") resize(height + 24);
              if (event.key === "ArrowDown") resize(height - 24);
            }}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && resize((event.currentTarget.parentElement?.getBoundingClientRect().bottom ?? window.innerHeight) - event.clientY)}
            className="relative z-10 h-px shrink-0 cursor-row-resize touch-none bg-line after:absolute after:inset-x-0 after:-top-1.5 after:h-3 hover:bg-accent focus-visible:bg-accent"
          />
          <div className="shrink-0" style={{ height: `min(${height}px, 62dvh)` }}>{dock}</div>
        </>
      )}
    </div>
  );
}
