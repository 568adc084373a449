/** The selected step in the editor: what it is, what it needs, where it goes back to, and Rename. */
import { Pencil, X } from "lucide-react";
import type { StepDefinition } from "../api/types";
import { Button } from "../ui/Button";
import { StepKindIcon } from "../ui/StepKindIcon";

export interface StepPanelProps {
  readonly step: StepDefinition;
  readonly canEdit: boolean;
  readonly onRename: () => void;
  readonly onClose: () => void;
}

export function StepPanel({ step, canEdit, onRename, onClose }: StepPanelProps) {
  return (
    <aside aria-label={`Step ${step.id}`} className="shrink-0 border-t border-line bg-surface">
      <header className="flex items-center gap-2 px-4 pt-2">
        <StepKindIcon kind={step.kind} />
        <h2 className="min-w-0 truncate font-mono text-small font-semibold">{step.id}</h2>
        <Button size="small" onClick={onRename} disabled={!canEdit} title={canEdit ? "F2" : "Fix the YAML first"}>
          <Pencil aria-hidden size={12} />
          Rename
        </Button>
        <button type="button" aria-label="Close the step" onClick={onClose} className="ml-auto rounded-control p-1 text-faint hover:bg-hover hover:text-ink">
          <X aria-hidden size={14} />
        </button>
      </header>
      <dl className="flex max-h-28 flex-wrap gap-x-8 gap-y-1.5 overflow-auto px-4 pt-1 pb-3 text-small [&_dt]:text-faint">
        <Fact name="Kind">{step.kind}</Fact>
        {step.summary !== "" && <Fact name="Does"><span className="font-mono [overflow-wrap:anywhere]">{step.summary}</span></Fact>}
        <Fact name="Needs">{step.needs.length === 0 ? "nothing: starts at once" : step.needs.map((need) => (need.on === "ok" || need.on === "succeeded" ? need.step : `${need.step} (${need.on})`)).join(", ")}</Fact>
        {step.goto.map((loop) => (
          <Fact key={`${loop.to} ${loop.on}`} name="Goes back">
            <span className="text-loop-ink">to {loop.to} on {loop.on}, {loop.max == null ? "without limit" : `at most ${loop.max}×`}</span>
          </Fact>
        ))}
        {step.if != null && <Fact name="Only if"><span className="font-mono [overflow-wrap:anywhere]">{step.if}</span></Fact>}
        {step.approvers.length > 0 && <Fact name="Approvers">{step.approvers.join(", ")}</Fact>}
      </dl>
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}
