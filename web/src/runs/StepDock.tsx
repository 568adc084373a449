/** The dock of the selected step: Logs, Outputs, Visits, Events, Why. */
import * as Tabs from "@radix-ui/react-tabs";
import type { ReactNode } from "react";
import { X } from "lucide-react";
import type { StepDefinition, StepView } from "../api/types";
import { StatusBadge } from "../ui/StatusBadge";
import { StepKindIcon } from "../ui/StepKindIcon";
import { TabTrigger } from "../ui/TabTrigger";
import { recordOf } from "../ui/canvas/runOverlay";
import { type LogAddress, StepLogs } from "./StepLogs";
import { StepOutputs } from "./StepOutputs";
import { StepVisits } from "./StepVisits";
import { StepWhy } from "./StepWhy";
import { say } from "../words/say";

export type DockTab = "logs" | "outputs" | "visits" | "events" | "why";

export interface StepDockProps {
  readonly run: string;
  readonly definition: StepDefinition;
  readonly step: StepView;
  readonly visit: number | null;
  readonly tab: DockTab;
  readonly onTab: (tab: DockTab) => void;
  readonly onVisit: (visit: number) => void;
  /** The attempt and the line of the log that the address names. */
  readonly place: LogAddress;
  readonly onPlace: (place: LogAddress) => void;
  /** The last event that is looked at. */
  readonly at: number;
  readonly events: ReactNode;
  readonly onClose: () => void;
}

export function StepDock({ run, definition, step, visit, tab, onTab, onVisit, place, onPlace, at, events, onClose }: StepDockProps) {
  const current = visit === step.visit;
  const status = visit === null ? "pending" : current ? step.status : (recordOf(step, visit)?.status ?? step.status);
  const failed = visit !== null && ((current ? step.error : null) ?? recordOf(step, visit)?.error ?? null) !== null;
  return (
    <section aria-label={say("canvas.step", { step: definition.id })} className="flex h-full min-h-0 flex-col bg-surface">
      <Tabs.Root value={tab} onValueChange={(next) => onTab(next as DockTab)} className="flex min-h-0 flex-1 flex-col">
        <div className="flex flex-wrap items-center gap-x-3 border-b border-line pr-2 pl-4">
          <h2 className="flex items-center gap-1.5 py-2 font-mono text-small font-semibold">
            <StepKindIcon kind={definition.kind} />
            {definition.id}
          </h2>
          <StatusBadge status={status} />
          {visit !== null && (visit > 1 || !current) && <span className="text-small text-muted">{say(current ? "run.visit" : "run.oldVisit", { visit, latest: step.visit })}</span>}
          <Tabs.List aria-label={say("dock.label")} className="ml-auto flex self-stretch sm:ml-4">
            <TabTrigger value="logs">{say("dock.logs")}</TabTrigger>
            <TabTrigger value="outputs">{say(failed ? "io.error" : "io.outputs")}</TabTrigger>
            <TabTrigger value="visits">{say("dock.visits")}{step.visits.length > 1 ? ` ${step.older_visits + step.visits.length}` : ""}</TabTrigger>
            <TabTrigger value="events">{say("run.events")}</TabTrigger>
            <TabTrigger value="why">{say("dock.why")}</TabTrigger>
          </Tabs.List>
          <button type="button" aria-label={say("dock.close")} onClick={onClose} className="ml-auto rounded-control p-1.5 text-faint hover:bg-hover hover:text-ink">
            <X aria-hidden size={15} />
          </button>
        </div>
        <Tabs.Content value="logs" className="min-h-0 flex-1 outline-offset-[-2px]">
          <StepLogs run={run} definition={definition} step={step} visit={visit} onVisit={onVisit} place={place} onPlace={onPlace} />
        </Tabs.Content>
        <Tabs.Content value="outputs" className="min-h-0 flex-1 outline-offset-[-2px]">
          <StepOutputs step={step} visit={visit} />
        </Tabs.Content>
        <Tabs.Content value="visits" className="min-h-0 flex-1 outline-offset-[-2px]">
          <StepVisits step={step} visit={visit} onVisit={onVisit} />
        </Tabs.Content>
        <Tabs.Content value="events" className="min-h-0 flex-1 outline-offset-[-2px]">
          {events}
        </Tabs.Content>
        <Tabs.Content value="why" className="min-h-0 flex-1 outline-offset-[-2px]">
          <StepWhy run={run} step={definition.id} at={at} />
        </Tabs.Content>
      </Tabs.Root>
    </section>
  );
}
