/** The line between two panes, which sets the width of one of them: by dragging or with the arrow keys. */
export interface PaneDividerProps {
  readonly label: string;
  readonly width: number;
  readonly min: number;
  readonly max: number;
  /** On which side of the line the pane stands whose width it sets. */
  readonly side: "left" | "right";
  readonly onResize: (width: number) => void;
}

export function PaneDivider({ label, width, min, max, side, onResize }: PaneDividerProps) {
  const resize = (next: number) => onResize(Math.round(Math.max(min, Math.min(next, max))));
  const grow = side === "left" ? 1 : -1;
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") resize(width - 24 * grow);
        else if (event.key === "ArrowRight") resize(width + 24 * grow);
        else if (event.key === "Home") resize(min);
        else if (event.key === "End") resize(max);
        else return;
        event.preventDefault();
      }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        if (event.currentTarget.hasPointerCapture(event.pointerId)) resize(width + grow * (event.clientX - box.left));
      }}
      className="relative z-10 w-px shrink-0 cursor-col-resize touch-none bg-line after:absolute after:inset-y-0 after:-left-1.5 after:w-3 hover:bg-accent focus-visible:bg-accent"
    />
  );
}
