/** Asks which kind of step to add. */
import { type KeyboardEvent, useRef } from "react";
import { FloatingPanel } from "../ui/FloatingPanel";
import { StepKindIcon } from "../ui/StepKindIcon";
import { say } from "../words/say";
import { STEP_KINDS, type StepKind } from "./stepKinds";

export interface KindMenuProps {
  readonly at: { readonly x: number; readonly y: number };
  readonly label: string;
  readonly onChoose: (kind: StepKind) => void;
  readonly onClose: () => void;
}

export function KindMenu({ at, label, onChoose, onClose }: KindMenuProps) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const now = items.indexOf(document.activeElement as HTMLElement);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    items[(now + step + items.length) % items.length]?.focus();
  };
  return (
    <FloatingPanel at={at} label={label} role="menu" onClose={onClose}>
      <div ref={list} onKeyDown={onKeyDown} className="w-64 p-1">
        <p className="px-2 pt-1 pb-1.5 text-micro font-medium text-faint">{label}</p>
        {STEP_KINDS.map((kind) => (
          <button key={kind.kind} type="button" role="menuitem" onClick={() => onChoose(kind)} className="flex w-full items-center gap-2.5 rounded-control px-2 py-1.5 text-left hover:bg-hover focus-visible:bg-hover">
            <StepKindIcon kind={kind.kind} />
            <span className="min-w-0 flex-1">
              <span className="block text-body font-medium">{say(kind.words)}</span>
              <span className="block truncate text-micro text-muted">{say(kind.hint)}</span>
            </span>
          </button>
        ))}
      </div>
    </FloatingPanel>
  );
}
