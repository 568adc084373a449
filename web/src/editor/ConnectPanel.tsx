/** Connects a step without a pointer: every other step, with what an edge to it would be or why there can be none. */
import { ArrowRight, Ban, Repeat2 } from "lucide-react";
import type { DropTarget } from "../ui/canvas/canvasEditing";
import { FloatingPanel } from "../ui/FloatingPanel";
import { say } from "../words/say";

export interface ConnectPanelProps {
  readonly at: { readonly x: number; readonly y: number };
  readonly from: string;
  readonly targets: ReadonlyMap<string, DropTarget>;
  readonly onChoose: (to: string) => void;
  readonly onClose: () => void;
}

const ICONS = { connect: ArrowRight, loop: Repeat2, no: Ban } as const;

export function ConnectPanel({ at, from, targets, onChoose, onClose }: ConnectPanelProps) {
  const label = say("connect.panel", { from });
  return (
    <FloatingPanel at={at} label={label} onClose={onClose}>
      <h2 className="px-3 pt-2.5 pb-1.5 text-small font-semibold">{label}</h2>
      <ul className="max-h-72 w-80 overflow-auto p-1 pt-0">
        {[...targets].map(([to, target]) => {
          const Icon = ICONS[target.kind];
          return (
            <li key={to}>
              <button
                type="button"
                aria-disabled={target.kind === "no"}
                onClick={() => target.kind !== "no" && onChoose(to)}
                className={`flex w-full items-start gap-2 rounded-control px-2 py-1.5 text-left hover:bg-hover focus-visible:bg-hover ${target.kind === "no" ? "text-muted" : ""}`}
              >
                <Icon aria-hidden size={14} className={`mt-0.5 shrink-0 ${target.kind === "loop" ? "text-loop-ink" : target.kind === "connect" ? "text-accent-ink" : "text-faint"}`} />
                <span className="min-w-0">
                  <span className="font-mono text-small font-semibold">{to}</span>
                  <span className="block text-micro text-muted">{target.kind === "no" ? target.why : say(target.kind === "loop" ? "drag.loop" : "drag.connect", { from, to })}</span>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </FloatingPanel>
  );
}
