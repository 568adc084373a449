/** A button in the canvas' corner. */
import type { LucideIcon } from "lucide-react";

export interface CanvasButtonProps {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly onClick: () => void;
  readonly pressed?: boolean;
}

export function CanvasButton({ label, icon: Icon, onClick, pressed }: CanvasButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      onClick={onClick}
      className="grid size-7 place-items-center border-b border-line text-muted last:border-b-0 hover:bg-hover hover:text-ink aria-pressed:bg-accent-tint aria-pressed:text-accent-ink"
    >
      <Icon aria-hidden size={14} />
    </button>
  );
}
