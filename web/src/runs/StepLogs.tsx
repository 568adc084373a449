/** The Logs tab: which visit and attempt, and the lines. Visits and attempts have a choice each. */
import { Clock3, ScrollText, UserCheck } from "lucide-react";
import { useState } from "react";
import type { StepDefinition, StepView } from "../api/types";
import { Notice } from "../ui/Notice";
import { CONTROL } from "../ui/SchemaField";
import { LogView } from "./LogView";
import { recordOf } from "../ui/canvas/runOverlay";
import { useStepLog } from "./useStepLog";
import { say } from "../words/say";

export interface StepLogsProps {
  readonly run: string;
  readonly definition: StepDefinition;
  readonly step: StepView;
  /** The visit in view; null where the step was not reached. */
  readonly visit: number | null;
  readonly onVisit: (visit: number) => void;
}

export function StepLogs({ run, definition, step, visit, onVisit }: StepLogsProps) {
  const [attemptOf, setAttemptOf] = useState<{ visit: number; attempt: number } | null>(null);
  const [timestamps, setTimestamps] = useState(() => localStorage.getItem("loopline.timestamps") === "on");
  const isCurrent = visit === step.visit;
  const record = visit === null ? undefined : recordOf(step, visit);
  const attempts = Math.max(1, isCurrent ? step.attempt : (record?.attempts ?? 1));
  const attempt = attemptOf !== null && attemptOf.visit === visit ? attemptOf.attempt : attempts;
  const writes = definition.kind === "run" || definition.kind === "container" || definition.kind === "http";
  const begun = visit !== null && (record !== undefined || (isCurrent && step.status !== "pending")) && (!isCurrent || step.attempt > 0) && (record?.status ?? step.status) !== "skipped";
  const log = useStepLog({ run, step: definition.id, visit: visit ?? 0, attempt }, begun && writes);

  if (!writes) return <Notice icon={definition.kind === "approval" ? UserCheck : Clock3} title={say("log.none")}>{say("log.none.about", { kind: definition.kind })}</Notice>;
  if (!begun) return <Notice icon={ScrollText} title={say(step.status === "skipped" ? "status.skipped" : visit === null ? "log.notReached" : "log.notStarted")}>{say("log.appears")}</Notice>;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-small text-muted">
        <label className="flex items-center gap-1.5">
          {say("log.visit")}
          <select className={`${CONTROL} h-7 !w-auto`} value={visit} onChange={(event) => onVisit(Number(event.target.value))}>
            {numbersUpTo(step).map((one) => (
              <option key={one} value={one}>{one === step.visit ? say("log.latest", { visit: one }) : one}</option>
            ))}
          </select>
        </label>
        <label className="flex items-center gap-1.5">
          {say("log.attempt")}
          <select className={`${CONTROL} h-7 !w-auto`} value={attempt} onChange={(event) => setAttemptOf({ visit: visit ?? 1, attempt: Number(event.target.value) })}>
            {Array.from({ length: attempts }, (_, at) => (
              <option key={at + 1} value={at + 1}>{say("log.of", { at: at + 1, count: attempts })}</option>
            ))}
          </select>
        </label>
        <label className="flex items-center gap-1.5">
          <input
            type="checkbox"
            checked={timestamps}
            onChange={(event) => {
              setTimestamps(event.target.checked);
              localStorage.setItem("loopline.timestamps", event.target.checked ? "on" : "off");
            }}
          />
          {say("log.timestamps")}
        </label>
        <span role="status" className="ml-auto flex items-center gap-1.5">
          {log.state === "live" && <span aria-hidden className="size-1.5 animate-breathe rounded-full bg-busy" />}
          {say(`log.state.${log.state}`)}
          {log.lines.length > 0 && ` · ${say(log.lines.length === 1 ? "log.line" : "log.lines", { count: log.lines.length })}`}
        </span>
      </div>
      {log.lines.length === 0 && log.state !== "live" && log.state !== "loading" ? (
        <Notice icon={ScrollText} title={say(log.state === "failed" ? "log.unreadable" : "log.empty")} />
      ) : (
        <LogView key={`${visit} ${attempt}`} lines={log.lines} live={log.state === "live"} timestamps={timestamps} label={say("log.label", { step: definition.id, visit: visit ?? 1 })} />
      )}
    </div>
  );
}

function numbersUpTo(step: StepView): number[] {
  const numbers = new Set([...step.visits.map((one) => one.visit), step.visit]);
  return [...numbers].toSorted((a, b) => b - a);
}
