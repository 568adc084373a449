/** A small panel at a point of the window: takes the focus, keeps within sight, closes on Escape or a click beside it. */
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

export interface FloatingPanelProps {
  readonly at: { readonly x: number; readonly y: number };
  readonly label: string;
  readonly role?: "dialog" | "menu";
  readonly onClose: () => void;
  readonly children: ReactNode;
}

const MARGIN = 8;

export function FloatingPanel({ at, label, role = "dialog", onClose, children }: FloatingPanelProps) {
  const panel = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ left: at.x, top: at.y });
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useLayoutEffect(() => {
    const box = panel.current?.getBoundingClientRect();
    if (box === undefined) return;
    const left = Math.max(MARGIN, Math.min(at.x - box.width / 2, window.innerWidth - box.width - MARGIN));
    const top = Math.max(MARGIN, Math.min(at.y, window.innerHeight - box.height - MARGIN));
    setPlace({ left, top });
  }, [at.x, at.y]);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const inside = panel.current;
    inside?.querySelector<HTMLElement>("[autofocus], input, select, button, textarea")?.focus();
    const onPointer = (event: PointerEvent) => {
      if (!(event.target instanceof Node) || inside?.contains(event.target) !== true) close.current();
    };
    window.addEventListener("pointerdown", onPointer, true);
    return () => {
      window.removeEventListener("pointerdown", onPointer, true);
      // Back to where it was asked for, unless something else has taken the focus by now.
      if (document.activeElement === document.body || inside?.contains(document.activeElement) === true) before?.focus();
    };
  }, []);
  return createPortal(
    <div
      ref={panel}
      role={role}
      aria-label={label}
      style={place}
      className="fixed z-50 max-h-[80dvh] animate-appear overflow-auto rounded-card border border-line bg-raised text-ink shadow-floating"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onClose();
        if (event.key === "Tab") keepInside(event, panel.current);
      }}
    >
      {children}
    </div>,
    document.body,
  );
}

/** Tab goes round within the panel. */
function keepInside(event: React.KeyboardEvent, panel: HTMLElement | null): void {
  const stops = [...(panel?.querySelectorAll<HTMLElement>("button, input, select, textarea, [tabindex='0']") ?? [])].filter((one) => !one.hasAttribute("disabled"));
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const next = event.shiftKey ? (at <= 0 ? stops.at(-1) : undefined) : at === stops.length - 1 ? stops[0] : undefined;
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
